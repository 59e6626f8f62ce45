#include "tests/client/scripted_calls.h"

#include <thread>

#include "tests/client/scripted_events.h"

namespace ruyi::client {

grpc::Status CreateIt(const v1::CreateVideoRequest&, v1::Video& video) {
  video = AcceptedEvent().accepted().video();
  return grpc::Status::OK;
}

CreateScript FailCreate(const grpc::Status& status) {
  return [status](const v1::CreateVideoRequest&, v1::Video&) { return status; };
}

DownloadScript FailDownload(const grpc::Status& status) {
  return SendPart("", 0, status);
}

WatchScript SendEvents(std::vector<v1::VideoEvent> events, const grpc::Status& end) {
  int64_t seq = 0;
  for (v1::VideoEvent& event : events) {
    if (!event.has_heartbeat())
      event.set_seq(++seq);
  }
  return [events, end](grpc::ServerContext&, const v1::WatchVideoRequest& request, EventWriter& writer) {
    for (const v1::VideoEvent& event : events) {
      if (event.seq() == 0 || event.seq() > request.after_seq())
        writer.Write(event);
    }
    return end;
  };
}

WatchScript SendLast(int64_t seq, v1::VideoEvent event) {
  event.set_seq(seq);
  return [event](grpc::ServerContext&, const v1::WatchVideoRequest&, EventWriter& writer) {
    writer.Write(event);
    return grpc::Status::OK;
  };
}

grpc::Status BeatUntilCancelled(grpc::ServerContext&, const v1::WatchVideoRequest&, EventWriter& writer) {
  while (writer.Write(HeartbeatEvent())) {
  }
  return grpc::Status::CANCELLED;
}

DownloadScript SendFilm(const std::string& film, size_t chunk_bytes) {
  return [film, chunk_bytes](grpc::ServerContext&, const v1::DownloadVideoRequest& request, ChunkWriter& writer) {
    for (size_t offset = request.read_offset(); offset < film.size(); offset += chunk_bytes)
      writer.Write(Chunk(static_cast<int64_t>(offset), film.substr(offset, chunk_bytes)));
    writer.Write(LastChunk(film));
    return grpc::Status::OK;
  };
}

DownloadScript SendPart(const std::string& film, size_t end, const grpc::Status& status) {
  return [film, end, status](grpc::ServerContext&, const v1::DownloadVideoRequest& request, ChunkWriter& writer) {
    const auto offset = static_cast<size_t>(request.read_offset());
    if (offset < end)
      writer.Write(Chunk(request.read_offset(), film.substr(offset, end - offset)));
    return status;
  };
}

grpc::Status WaitUntilCancelled(grpc::ServerContext& context, const v1::DownloadVideoRequest&, ChunkWriter&) {
  while (!context.IsCancelled())
    std::this_thread::yield();
  return grpc::Status::CANCELLED;
}

}  // namespace ruyi::client
