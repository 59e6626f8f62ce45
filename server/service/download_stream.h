// DownloadVideo: streams the bytes of a video, while it is being made and afterwards. Before it: core/reader. After it:
// the wire. Thread-safe.
#pragma once

#include <ruyi/v1/video_event.pb.h>

#include <memory>
#include <string>

#include "core/reader/result_cursor.h"
#include "server/service/event_stream.h"

namespace ruyi {

class DownloadStream final : public PulledStream<ruyi::v1::VideoChunk> {
 public:
  // Makes a stream of the bytes of the tenant's video `id` from `range.offset` on; another tenant's is NOT_FOUND.
  static std::shared_ptr<DownloadStream> Create(const StreamSources& sources, const std::string& tenant,
                                                const std::string& id, const ReadRange& range);

  void OnDone() override;

 protected:
  Pulled<ruyi::v1::VideoChunk> Pull() override;
  void OnSent(const ruyi::v1::VideoChunk& chunk) override { on_bytes_sent_(chunk.data().size()); }

 private:
  DownloadStream(const StreamSources& sources, const std::string& tenant, const std::string& id,
                 const ReadRange& range);

  JobStore& jobs_;
  const std::string tenant_;
  const std::string id_;
  bool is_checked_ = false;  // the video is the tenant's
  const std::function<void(size_t)> on_bytes_sent_;
  ResultCursor cursor_;
  std::unique_ptr<Subscription> job_changes_;  // a job may end without bytes
  std::unique_ptr<Subscription> result_changes_;
};

}  // namespace ruyi
