#include "server/service/download_stream.h"

#include <optional>
#include <utility>

#include "absl/memory/memory.h"
#include "server/convert/event_to_proto.h"

namespace ruyi {

DownloadStream::DownloadStream(const StreamSources& sources, const std::string& tenant, const std::string& id,
                               const ReadRange& range)
    : PulledStream(*sources.pool, *sources.clock),
      jobs_(*sources.jobs),
      tenant_(tenant),
      id_(id),
      on_bytes_sent_(sources.on_bytes_sent),
      cursor_(*sources.jobs, *sources.artifacts, id, range) {}

std::shared_ptr<DownloadStream> DownloadStream::Create(const StreamSources& sources, const std::string& tenant,
                                                       const std::string& id, const ReadRange& range) {
  std::shared_ptr<DownloadStream> stream = absl::WrapUnique(new DownloadStream(sources, tenant, id, range));
  stream->job_changes_ = sources.jobs->Subscribe(id, stream->Waker());
  stream->result_changes_ = sources.artifacts->Subscribe(id, stream->Waker());
  return stream;
}

Pulled<ruyi::v1::VideoChunk> DownloadStream::Pull() {
  if (!is_checked_) {
    if (const absl::Status status = jobs_.CheckTenant(id_, tenant_); !status.ok())
      return {.message = {}, .end = status};
    is_checked_ = true;
  }
  absl::StatusOr<std::optional<ResultChunk>> chunk = cursor_.Next();
  if (!chunk.ok())
    return {.message = {}, .end = chunk.status()};
  Pulled<ruyi::v1::VideoChunk> pulled;
  if (chunk->has_value())
    pulled.message = ToProto(**std::move(chunk));
  if (cursor_.done())
    pulled.end = absl::OkStatus();
  return pulled;
}

// The subscriptions end here, where no lock is held that their listeners take.
void DownloadStream::OnDone() {
  job_changes_.reset();
  result_changes_.reset();
  PulledStream::OnDone();
}

}  // namespace ruyi
