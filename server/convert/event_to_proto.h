// Turns entries of a job's log and bytes of its result into messages. Before it: core/reader. After it: the wire.
// Functions without state; thread-safe.
#pragma once

#include <ruyi/v1/video_event.pb.h>

#include "core/job/job_event.h"
#include "core/job/job_record.h"
#include "core/reader/result_cursor.h"

namespace ruyi {

// Returns the message of `event`. `record` is the job as it is now.
ruyi::v1::VideoEvent ToProto(const JobRecord& record, const LoggedEvent& event);

ruyi::v1::VideoChunk ToProto(ResultChunk chunk);

ruyi::v1::VideoQueued ToProto(const JobQueued& queued);

}  // namespace ruyi
