#include "core/store/postgres/postgres_commands.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/job/job_fields.h"

namespace ruyi {
namespace {

constexpr const char* kColumns = "jobs.number, lease_token, record, id, state, work, log_time";

}  // namespace

std::string ReadRows(const std::string& rest) {
  return absl::StrCat("SELECT ", kColumns,
                      ", coalesce((SELECT until <= clock_timestamp() FROM leases WHERE leases.number = jobs.number), "
                      "true) FROM jobs ",
                      rest);
}

// A new job has the largest number, so few of its tenant are behind it.
const char* const kArrivalCommand =
    "WITH next AS MATERIALIZED (SELECT nextval('job_numbers') AS number) "
    "SELECT known.number, known.lease_token, known.record, known.id, known.state, known.work, known.log_time, false, "
    "next.number, EXISTS (SELECT 1 FROM jobs WHERE jobs.id = $1), behind.* FROM next "
    "CROSS JOIN LATERAL (SELECT count(*), coalesce(sum(w.work), 0)::bigint FROM (SELECT jobs.work FROM jobs "
    "WHERE jobs.state = 'queued' AND jobs.tenant = $4 AND jobs.claim_key > next.number - $2 ORDER BY jobs.claim_key) "
    "AS w) AS behind "
    "LEFT JOIN jobs AS known ON known.request_key = $3";

// Rows that others have locked are being claimed. The token is drawn after the row is locked.
std::string NextWaitingCommand() {
  return absl::StrCat("WITH next AS MATERIALIZED (SELECT ", kColumns,
                      " FROM jobs WHERE state = 'queued' AND tenant = $3 AND (claim_key, number) > ($1, $2) "
                      "ORDER BY claim_key, number LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) "
                      "SELECT next.*, true, claim_key, nextval('lease_tokens') FROM next JOIN jobs USING (number)");
}

// The first label, or the state or tenant, finds the rows in their order by an index.
std::string ListCommand(const JobFilter& filter) {
  const std::string number = filter.labels.empty() ? "jobs.number" : "l0.number";
  const size_t labels = filter.labels.size();
  std::string sql;
  for (size_t i = 0; i < labels; ++i)
    absl::StrAppendFormat(&sql,
                          "JOIN labels AS l%d ON l%d.number = jobs.number AND l%d.name = $%d AND l%d.value = $%d ", i,
                          i, i, 2 * i + 1, i, 2 * i + 2);
  absl::StrAppend(&sql, "WHERE ", number, " < $", 2 * labels + 1, "::bigint");
  if (!filter.states.empty()) {
    const std::string words = absl::StrJoin(
        filter.states, ", ", [](std::string* out, JobState state) { absl::StrAppend(out, "'", WordOf(state), "'"); });
    absl::StrAppend(&sql, " AND state IN (", words, ")");
  }
  if (!filter.tenant.empty())
    absl::StrAppend(&sql, " AND tenant = $", 2 * labels + 3);
  absl::StrAppend(&sql, " ORDER BY ", number, " DESC LIMIT $", 2 * labels + 2, "::bigint");
  return ReadRows(sql);
}

}  // namespace ruyi
