// Any names of a model and of LoRAs as the texts of an MP4 file. No part of the product reads them again, but everybody
// else does: what libavformat finds in the file must be what was put there. The input is names that end with a zero.
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/json/json_file.h"
#include "core/media/ffmpeg/av_handles.h"
#include "core/media/ffmpeg/ffmpeg_video_encoder.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

using Texts = std::map<std::string, std::string>;

class StringSink final : public ruyi::ByteSink {
 public:
  absl::Status Write(std::span<const uint8_t> bytes) override {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return absl::OkStatus();
  }
  std::string text;
};

void Require(bool is_so) {
  if (!is_so)
    std::abort();
}

// Returns the file of one frame with these texts.
std::string Encode(const Texts& texts, bool faststart) {
  constexpr int kSide = 16;
  ruyi::VideoFormat format = {.width = kSide, .height = kSide, .frame_count = 1, .metadata = texts};
  format.encoding.faststart = faststart;
  StringSink sink;
  const auto encoder = ruyi::FfmpegVideoEncoderFactory().Create(format, &sink);
  Require(encoder.ok());
  const ruyi::RgbImage frame = {.width = kSide, .height = kSide, .pixels = std::vector<uint8_t>(kSide * kSide * 3)};
  Require((*encoder)->AddFrame(frame).ok());
  Require((*encoder)->Finish().ok());
  return sink.text;
}

// The unread bytes of a file.
int Read(void* unread, uint8_t* buffer, int size) {
  auto& bytes = *static_cast<std::string_view*>(unread);
  const size_t count = std::min(bytes.size(), static_cast<size_t>(size));
  if (count == 0)
    return AVERROR_EOF;
  std::memcpy(buffer, bytes.data(), count);
  bytes.remove_prefix(count);
  return static_cast<int>(count);
}

// Returns the texts that libavformat finds.
Texts ReadBack(std::string_view file) {
  constexpr int kBufferBytes = 4096;
  const ruyi::AvIoHandle io(avio_alloc_context(static_cast<uint8_t*>(av_malloc(kBufferBytes)), kBufferBytes, 0, &file,
                                               Read, nullptr, nullptr));
  AVFormatContext* opened = avformat_alloc_context();
  opened->pb = io.get();
  Require(avformat_open_input(&opened, nullptr, nullptr, nullptr) == 0);
  Texts texts;
  const AVDictionaryEntry* entry = nullptr;
  while ((entry = av_dict_get(opened->metadata, "", entry, AV_DICT_IGNORE_SUFFIX)) != nullptr)
    texts[entry->key] = entry->value;
  avformat_close_input(&opened);
  return texts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  if (!ruyi::IsUtf8({input.data(), input.size()}))
    return 0;  // such names are refused before they come here
  Texts texts;
  std::map<std::string, int> keys;  // in small letters: libavformat reads one of those that differ in nothing else
  for (const absl::string_view name : absl::StrSplit(input, '\0')) {
    const std::string key = texts.empty() ? "model" : absl::StrCat("lora_", name);
    if (!name.empty() && ++keys[absl::AsciiStrToLower(key)] == 1)
      texts[key] = texts.empty() ? std::string(name) : std::string(64, 'a');
  }
  for (const bool faststart : {false, true}) {
    const Texts found = ReadBack(Encode(texts, faststart));
    for (const auto& [key, text] : texts) {
      const auto same = found.find(key);
      Require(same != found.end() && same->second == text);
    }
  }
  return 0;
}
