#include "core/media/ffmpeg/memory_io.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/memory/memory.h"
#include "core/base/status_macros.h"
#include "core/media/ffmpeg/av_status.h"

namespace ruyi {
namespace {

constexpr int kBufferBytes = 64 << 10;

using Transfer = int (*)(void*, uint8_t*, int);
using Seeker = int64_t (*)(void*, int64_t, int);

AvIoHandle MakeIo(void* cursor, Transfer read, Transfer write, Seeker seek) {
  auto* buffer = static_cast<uint8_t*>(av_malloc(kBufferBytes));
  if (buffer == nullptr)
    return nullptr;
  AvIoHandle io(avio_alloc_context(buffer, kBufferBytes, write != nullptr, cursor, read, write, seek));
  if (io == nullptr)
    av_free(buffer);
  return io;
}

}  // namespace

absl::StatusOr<std::unique_ptr<MemoryIo>> MemoryIo::Create() {
  auto memory = absl::WrapUnique(new MemoryIo);
  memory->io_ = MakeIo(&memory->writing_, nullptr, &Write, &Seek);
  RUYI_RETURN_IF_ERROR(AvAllocated(memory->io_.get(), "making the MP4 buffer"));
  return memory;
}

std::string MemoryIo::Take() {
  avio_flush(io_.get());
  writing_.position = 0;
  writing_.taken += static_cast<int64_t>(bytes_.size());
  return std::exchange(bytes_, {});
}

AvIoHandle MemoryIo::OpenForReading() {
  reading_.position = 0;
  return MakeIo(&reading_, &Read, nullptr, &Seek);
}

int MemoryIo::Write(void* cursor, uint8_t* bytes, int size) {
  auto& [file, position, taken] = *static_cast<Cursor*>(cursor);
  const size_t end = position + static_cast<size_t>(size);
  file->resize(std::max(file->size(), end));
  std::copy(bytes, bytes + size, file->begin() + static_cast<std::ptrdiff_t>(position));
  position = end;
  return size;
}

int MemoryIo::Read(void* cursor, uint8_t* bytes, int size) {
  auto& [file, position, taken] = *static_cast<Cursor*>(cursor);
  const size_t count = file->copy(reinterpret_cast<char*>(bytes), static_cast<size_t>(size), position);
  position += count;
  return count > 0 ? static_cast<int>(count) : AVERROR_EOF;
}

int64_t MemoryIo::Seek(void* cursor, int64_t offset, int whence) {
  auto& [file, position, taken] = *static_cast<Cursor*>(cursor);
  const auto size = static_cast<int64_t>(file->size());
  if (whence == AVSEEK_SIZE)
    return taken + size;
  if (whence != SEEK_SET || offset < taken || offset - taken > size)
    return AVERROR(EINVAL);
  position = static_cast<size_t>(offset - taken);
  return offset;
}

}  // namespace ruyi
