#include "tests/core/media/video_probe.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/str_format.h"
#include "core/media/ffmpeg/ffmpeg_video_encoder.h"

namespace ruyi {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

YuvFrame SplitPlanes(const std::string& bytes, int width, int height) {
  const size_t luma_size = static_cast<size_t>(width) * height, chroma_size = luma_size / 4;
  return {.width = width,
          .luma = bytes.substr(0, luma_size),
          .blue_difference = bytes.substr(luma_size, chroma_size),
          .red_difference = bytes.substr(luma_size + chroma_size, chroma_size)};
}

}  // namespace

absl::Status RecordingSink::Write(std::span<const uint8_t> bytes) {
  if (failing_write_ >= 0 && write_count_ >= failing_write_)
    return absl::AbortedError("the reader left");
  ++write_count_;
  bytes_.append(bytes.begin(), bytes.end());
  return absl::OkStatus();
}

RgbImage GreyFrame(int width, int height, uint8_t level) {
  RgbImage frame = {.width = width, .height = height};
  frame.pixels.assign(frame.row_bytes() * height, level);
  return frame;
}

RgbImage BusyFrame(int width, int height, int index) {
  RgbImage frame = GreyFrame(width, height, 0);
  for (size_t i = 0; i < frame.pixels.size(); ++i)
    frame.pixels[i] = static_cast<uint8_t>(i * 7 + i / frame.row_bytes() * 5 + static_cast<size_t>(index) * 11);
  return frame;
}

std::string EncodeVideo(const std::vector<RgbImage>& frames) {
  return EncodeVideo(
      frames, {.width = frames[0].width, .height = frames[0].height, .frame_count = static_cast<int>(frames.size())});
}

std::string EncodeVideo(const std::vector<RgbImage>& frames, const VideoFormat& format) {
  RecordingSink sink;
  const auto encoder = FfmpegVideoEncoderFactory().Create(format, &sink);
  EXPECT_TRUE(encoder.ok()) << encoder.status();
  if (!encoder.ok())
    return "";
  for (const RgbImage& frame : frames)
    EXPECT_EQ((*encoder)->AddFrame(frame), absl::OkStatus());
  EXPECT_EQ((*encoder)->Finish(), absl::OkStatus());
  return sink.bytes();
}

std::string EncodeBusyVideo(int frame_count) {
  return EncodeBusyVideo(frame_count, {.width = 64, .height = 48, .frame_count = frame_count});
}

std::string EncodeBusyVideo(int frame_count, const VideoFormat& format) {
  std::vector<RgbImage> frames;
  for (int i = 0; i < frame_count; ++i)
    frames.push_back(BusyFrame(64, 48, i));
  return EncodeVideo(frames, format);
}

ProgramOutput RunProgram(const std::string& command) {
  ProgramOutput result;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr)
    return result;
  std::array<char, 4096> buffer;
  while (const size_t size = fread(buffer.data(), 1, buffer.size(), pipe))
    result.output.append(buffer.data(), size);
  const int status = pclose(pipe);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

std::map<std::string, std::string> Probe(const std::filesystem::path& video) {
  const ProgramOutput result =
      RunProgram(absl::StrFormat("ffprobe -v error -show_streams -show_format -of flat '%s'", video.string()));
  EXPECT_EQ(result.exit_code, 0) << result.output;
  std::map<std::string, std::string> values;
  std::istringstream lines(result.output);
  for (std::string line; std::getline(lines, line);) {
    const size_t equals = line.find('=');
    std::string value = line.substr(equals + 1);
    std::erase(value, '"');
    values[equals == std::string::npos ? "complaint" : line.substr(0, equals)] = value;
  }
  return values;
}

std::vector<int> YuvFrame::At(int x, int y) const {
  const size_t luma_index = static_cast<size_t>(y) * width + x;
  const size_t chroma_index = static_cast<size_t>(y / 2) * (width / 2) + x / 2;
  return {static_cast<uint8_t>(luma[luma_index]), static_cast<uint8_t>(blue_difference[chroma_index]),
          static_cast<uint8_t>(red_difference[chroma_index])};
}

std::vector<YuvFrame> DecodeYuv(const std::filesystem::path& video, int width, int height) {
  const std::filesystem::path raw = video.string() + ".yuv";
  const ProgramOutput result = RunProgram(absl::StrFormat(
      "ffmpeg -v warning -nostdin -y -i '%s' -f rawvideo -pix_fmt yuv420p '%s'", video.string(), raw.string()));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output, "");
  const std::string bytes = ReadFile(raw);
  const size_t frame_size = static_cast<size_t>(width) * height * 3 / 2;
  EXPECT_EQ(bytes.size() % frame_size, 0u);
  std::vector<YuvFrame> frames;
  for (size_t start = 0; start + frame_size <= bytes.size(); start += frame_size)
    frames.push_back(SplitPlanes(bytes.substr(start, frame_size), width, height));
  return frames;
}

}  // namespace ruyi
