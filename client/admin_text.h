// Writes what an administrator sees as text for people. Before it: the answers of AdminService. After it: stdout. Pure;
// thread-safe.
#pragma once

#include <string>
#include <vector>

#include "ruyi/v1/admin.pb.h"

namespace ruyi::client {

// Each ends with a line feed.

// Returns a line for each thing about the server, a table of its workers, and one of the tenants that have jobs.
std::string ServerStatusText(const v1::ServerStatus& status);

// Returns one line: "2 wait, 1 is being made, of 16 that may wait; about 1:03 of work; paused".
std::string QueueStatusText(const v1::QueueStatus& queue);

// Returns one line for each worker below a title: name, device, budget, what is free, mode, job and how far it is.
std::string WorkerTable(const google::protobuf::RepeatedPtrField<v1::WorkerStatus>& workers);

// Returns one line for each tenant below a title: name, jobs, work, whose turn it is and its device time of the day. A
// last line says how many more have jobs, where that is not 0.
std::string TenantTable(const google::protobuf::RepeatedPtrField<v1::TenantStatus>& tenants, int left_out);

// Returns one line for each job below a title.
std::string JobTable(const std::vector<v1::AdminJob>& jobs);

// Says what goes on while the server drains.
std::string DrainText(const v1::DrainResponse& drain);

}  // namespace ruyi::client
