// Jobs and their events → Protobuf. Before it: the outbox of a stream. After it: the wire. Functions without state;
// thread-safe.
#pragma once

#include <ruyi/v1/video_event.pb.h>

#include "core/job/job.h"
#include "core/job/job_event.h"

namespace ruyi {

// The job as a Video: name, time of acceptance, effective settings and memory mode, without a result.
ruyi::v1::Video ToProto(const Job& job);

// `event` of `job`, without seq and time.
ruyi::v1::VideoEvent ToProto(const Job& job, JobEvent event);

}  // namespace ruyi
