#include "tests/model_bench/safetensors_writer.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>

#include "absl/strings/str_format.h"

namespace ruyi::bench {
namespace {

size_t CountOf(const TensorToWrite& tensor) {
  return static_cast<size_t>(
      std::accumulate(tensor.shape.begin(), tensor.shape.end(), int64_t{1}, std::multiplies<>()));
}

// Padded so that the data begin on a multiple of 8.
std::string HeaderOf(const std::vector<TensorToWrite>& tensors) {
  nlohmann::ordered_json header;
  size_t begin = 0;
  for (const TensorToWrite& tensor : tensors) {
    const size_t end = begin + CountOf(tensor) * sizeof(uint16_t);
    header[tensor.name] = {{"dtype", "BF16"}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

// Tensors begin at different places of the block, so that they are not all alike.
void WriteValues(const TensorToWrite& tensor, size_t& offset, std::ofstream& file) {
  const std::vector<uint16_t>& values = *tensor.values;
  for (size_t left = CountOf(tensor); left > 0;) {
    offset %= values.size();
    const size_t count = std::min(left, values.size() - offset);
    file.write(reinterpret_cast<const char*>(values.data() + offset),
               static_cast<std::streamsize>(count * sizeof(uint16_t)));
    offset += count;
    left -= count;
  }
}

}  // namespace

absl::Status WriteSafetensors(const std::filesystem::path& path, const std::vector<TensorToWrite>& tensors) {
  std::ofstream file(path, std::ios::binary);
  const std::string header = HeaderOf(tensors);
  const uint64_t size = header.size();
  file.write(reinterpret_cast<const char*>(&size), sizeof(size));
  file << header;
  size_t offset = 0;
  for (const TensorToWrite& tensor : tensors)
    WriteValues(tensor, offset, file);
  if (!file.flush())
    return absl::UnavailableError(absl::StrFormat("%s cannot be written: is the disk full?", path.string()));
  return absl::OkStatus();
}

}  // namespace ruyi::bench
