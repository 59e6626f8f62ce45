#include "tests/golden/inflate.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace ruyi::golden {
namespace {

constexpr int kEndOfBlock = 256;
constexpr int kLiterals = 288;
constexpr int kDistances = 30;
constexpr int kInvalid = -1;

// The number of further bits in a length or distance code, which grows by one every `per_step` codes.
int ExtraBits(int code, int per_step) {
  return std::max(0, code / per_step - 1);
}

// Reads bits, the lowest of each byte first. Past the end it gives zeros and is not `ok`.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return position_ <= 8 * bytes_.size(); }

  int Bit() {
    const size_t byte = position_ / 8;
    const int bit = byte < bytes_.size() ? static_cast<uint8_t>(bytes_[byte]) >> (position_ % 8) & 1 : 0;
    ++position_;
    return bit;
  }

  int Bits(int count) {
    int value = 0;
    for (int i = 0; i < count; ++i)
      value |= Bit() << i;
    return value;
  }

  void AlignToByte() { position_ = (position_ + 7) / 8 * 8; }

 private:
  std::string_view bytes_;
  size_t position_ = 0;  // in bits
};

// A canonical Huffman code: how many symbols have each length, and the symbols in the order of their codes.
class Huffman {
 public:
  explicit Huffman(const std::vector<int>& lengths) : symbols_(lengths.size()) {
    for (const int length : lengths)
      ++counts_[length];
    counts_[0] = 0;
    std::iota(symbols_.begin(), symbols_.end(), 0);
    const auto unused = [&](int symbol) { return lengths[symbol] == 0; };
    symbols_.erase(std::remove_if(symbols_.begin(), symbols_.end(), unused), symbols_.end());
    std::stable_sort(symbols_.begin(), symbols_.end(), [&](int a, int b) { return lengths[a] < lengths[b]; });
  }

  int Read(BitReader& bits) const {
    int code = 0;
    int first = 0;
    size_t index = 0;
    for (size_t length = 1; length < counts_.size(); ++length) {
      code |= bits.Bit();
      if (code - first < counts_[length])
        return symbols_[index + code - first];
      index += counts_[length];
      first = (first + counts_[length]) << 1;
      code <<= 1;
    }
    return kInvalid;
  }

 private:
  std::array<int, 16> counts_ = {};
  std::vector<int> symbols_;
};

class Inflater {
 public:
  Inflater(std::string_view packed, size_t max_size) : bits_(packed), max_size_(max_size) {}

  bool Run() {
    for (bool last = false; !last;) {
      last = bits_.Bit() == 1;
      if (!Block() || !bits_.ok())
        return false;
    }
    return true;
  }

  std::vector<uint8_t> TakeBytes() { return std::move(out_); }

 private:
  bool Block() {
    const int kind = bits_.Bits(2);
    if (kind == 0)
      return Stored();
    return kind == 1 ? Compressed(FixedLiterals(), Huffman(std::vector<int>(kDistances, 5)))
                     : kind == 2 && DynamicBlock();
  }

  bool Stored() {
    bits_.AlignToByte();
    const int size = bits_.Bits(16);
    bits_.Bits(16);  // the size's complement
    for (int i = 0; i < size && bits_.ok(); ++i)
      out_.push_back(static_cast<uint8_t>(bits_.Bits(8)));
    return out_.size() <= max_size_;
  }

  static Huffman FixedLiterals() {
    std::vector<int> lengths(kLiterals, 8);
    std::fill(lengths.begin() + 144, lengths.begin() + 256, 9);
    std::fill(lengths.begin() + 256, lengths.begin() + 280, 7);
    return Huffman(lengths);
  }

  bool DynamicBlock() {
    const int literals = bits_.Bits(5) + 257;
    const int distances = bits_.Bits(5) + 1;
    const int given = bits_.Bits(4) + 4;
    constexpr int kOrder[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    std::vector<int> code_lengths(std::size(kOrder), 0);
    for (int i = 0; i < given; ++i)
      code_lengths[kOrder[i]] = bits_.Bits(3);
    const std::vector<int> lengths = Lengths(Huffman(code_lengths), literals + distances);
    return !lengths.empty() && Compressed(Huffman({lengths.begin(), lengths.begin() + literals}),
                                          Huffman({lengths.begin() + literals, lengths.end()}));
  }

  // Empty when damaged.
  std::vector<int> Lengths(const Huffman& code, int count) {
    std::vector<int> lengths;
    while (static_cast<int>(lengths.size()) < count) {
      const int symbol = code.Read(bits_);
      if (symbol == kInvalid || !bits_.ok() || (symbol == 16 && lengths.empty()))
        return {};
      if (symbol < 16) {
        lengths.push_back(symbol);
        continue;
      }
      const int repeated = symbol == 16 ? lengths.back() : 0;
      const int times = symbol == 18 ? 11 + bits_.Bits(7) : 3 + bits_.Bits(symbol == 16 ? 2 : 3);
      lengths.insert(lengths.end(), times, repeated);
    }
    return static_cast<int>(lengths.size()) == count ? lengths : std::vector<int>();
  }

  bool Compressed(const Huffman& literals, const Huffman& distances) {
    while (bits_.ok() && out_.size() <= max_size_) {
      const int symbol = literals.Read(bits_);
      if (symbol == kEndOfBlock)
        return true;
      if (symbol == kInvalid || (symbol > kEndOfBlock && !Copy(symbol - kEndOfBlock - 1, distances)))
        return false;
      if (symbol < kEndOfBlock)
        out_.push_back(static_cast<uint8_t>(symbol));
    }
    return false;
  }

  int Length(int code) {
    constexpr int kLongest = 28;  // the code of 258 bytes
    if (code == kLongest)
      return 258;
    const int extra = ExtraBits(code, 4);
    const int base = code < 8 ? code : (4 + code % 4) << extra;
    return 3 + base + bits_.Bits(extra);
  }

  int Distance(int code) {
    const int extra = ExtraBits(code, 2);
    const int base = code < 4 ? code : (2 + code % 2) << extra;
    return 1 + base + bits_.Bits(extra);
  }

  bool Copy(int length_code, const Huffman& distances) {
    const int length = Length(length_code);
    const int code = distances.Read(bits_);
    if (code == kInvalid)
      return false;
    const auto distance = static_cast<size_t>(Distance(code));
    for (int i = 0; i < length && distance <= out_.size(); ++i)
      out_.push_back(out_[out_.size() - distance]);
    return distance <= out_.size();
  }

  BitReader bits_;
  size_t max_size_;
  std::vector<uint8_t> out_;
};

}  // namespace

absl::StatusOr<std::vector<uint8_t>> Inflate(std::string_view packed, size_t max_size) {
  Inflater inflater(packed, max_size);
  if (!inflater.Run())
    return absl::DataLossError("damaged compressed data");
  return inflater.TakeBytes();
}

}  // namespace ruyi::golden
