// Reads numbers from outside bytes, never past their end. Used by the header readers beside it. A value; not
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ruyi {

enum class ByteOrder { kBig, kLittle };

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  size_t remaining() const { return bytes_.size() - position_; }

  // Returns the next `size` bytes; nullopt, and nothing is consumed, when fewer are left.
  std::optional<std::string_view> Read(size_t size) {
    if (size > remaining())
      return std::nullopt;
    const std::string_view read = bytes_.substr(position_, size);
    position_ += size;
    return read;
  }

  // Returns the next `size` (1 to 4) bytes as an unsigned number; nullopt when fewer are left.
  std::optional<uint32_t> ReadNumber(size_t size, ByteOrder order) {
    const std::optional<std::string_view> read = Read(size);
    if (!read.has_value())
      return std::nullopt;
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      const size_t index = order == ByteOrder::kBig ? i : size - 1 - i;
      value = value << 8 | static_cast<uint8_t>((*read)[index]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  size_t position_ = 0;
};

}  // namespace ruyi
