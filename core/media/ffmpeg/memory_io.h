// A file in memory for libavformat. Before it: the muxer, which writes, seeks and, to move the index of a plain MP4
// file to its front, reads what it wrote. After it: Mp4File, which takes the bytes. Owns the bytes. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/media/ffmpeg/av_handles.h"

namespace ruyi {

class MemoryIo {
 public:
  // Makes an empty file. INTERNAL: no memory.
  static absl::StatusOr<std::unique_ptr<MemoryIo>> Create();

  MemoryIo(const MemoryIo&) = delete;
  MemoryIo& operator=(const MemoryIo&) = delete;

  // Returns the context for AVFormatContext::pb. It is valid as long as this object.
  AVIOContext* context() { return io_.get(); }

  // Returns what was written since the last call, and forgets it: the muxer cannot go back to it.
  std::string Take();

  // Returns a context that reads the bytes from their start, of which none may have been taken; null: no memory. It is
  // valid as long as this object.
  AvIoHandle OpenForReading();

 private:
  // A place in the bytes, with its own position: one for writing, one for reading.
  struct Cursor {
    std::string* bytes;
    size_t position = 0;  // in the bytes
    int64_t taken = 0;    // bytes of the file in front of them
  };

  MemoryIo() = default;
  static int Write(void* cursor, uint8_t* bytes, int size);
  static int Read(void* cursor, uint8_t* bytes, int size);
  static int64_t Seek(void* cursor, int64_t offset, int whence);

  std::string bytes_;
  Cursor writing_ = {&bytes_};
  Cursor reading_ = {&bytes_};
  AvIoHandle io_;
};

}  // namespace ruyi
