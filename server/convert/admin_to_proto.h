// Turns what an administrator sees into messages. Before it: server/admin. After it: the wire. Functions without state;
// thread-safe.
#pragma once

#include <ruyi/v1/admin.pb.h>

#include <string>

#include "core/request/lora_catalog.h"
#include "server/admin/administration.h"

namespace ruyi {

ruyi::v1::ServerStatus ToProto(const ServerStatus& status);
ruyi::v1::WorkerStatus ToProto(const WorkerStatus& worker);
ruyi::v1::WorkerStatus ToProto(const WorkerView& view);
ruyi::v1::QueueStatus ToProto(const JobCounts& counts, int capacity);
ruyi::v1::DrainResponse ToProto(const DrainReport& report);
ruyi::v1::AdminJob AdminJobOf(const JobRecord& record);
ruyi::v1::ListJobsResponse ToProto(const JobPage& page);
ruyi::v1::LoadedLora ToProto(const std::string& name, const LoraFacts& facts);

}  // namespace ruyi
