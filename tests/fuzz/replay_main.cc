// Runs a fuzz target on each file of a corpus folder: whole, cut short, and with bits flipped in a fixed order, so that
// the same inputs come every time. Exit code 1 when the corpus is empty; a fault ends the program by itself.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_target.h"

namespace {

constexpr size_t kCuts = 48;
constexpr size_t kFlips = 256;
constexpr size_t kHeaderBytes = 512;  // where most of a format's structure is

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The target reads a heap copy of exactly the input's size, so that a sanitizer sees a read past its end.
void RunTarget(const std::string& input) {
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

void RunCutShort(const std::string& input) {
  const size_t cuts = std::min(kCuts, input.size());
  for (size_t i = 0; i < cuts; ++i) {
    RunTarget(input.substr(0, input.size() * i / cuts));
  }
}

void RunWithFlippedBits(const std::string& input) {
  if (input.empty()) {
    return;
  }
  std::minstd_rand random(1);
  for (size_t i = 0; i < kFlips; ++i) {
    const size_t range = i % 2 == 0 ? std::min(input.size(), kHeaderBytes) : input.size();
    std::string flipped = input;
    flipped[random() % range] ^= static_cast<char>(1 << (random() % 8));
    RunTarget(flipped);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
    return 2;
  }
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    const std::string input = ReadFile(entry.path());
    RunTarget(input);
    RunCutShort(input);
    RunWithFlippedBits(input);
    ++files;
  }
  std::printf("%d files replayed, each with %zu cuts and %zu flips\n", files, kCuts, kFlips);
  return files > 0 ? 0 : 1;
}
