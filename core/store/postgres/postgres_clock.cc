#include "core/store/postgres/postgres_clock.h"

#include "core/base/status_macros.h"
#include "core/store/postgres/postgres_connection.h"

namespace ruyi {
namespace {

class PostgresClock final : public Clock {
 public:
  PostgresClock(absl::Time begin, const Clock& machine)
      : machine_(machine), begin_(begin), begin_elapsed_(machine.Elapsed()) {}

  absl::Time Now() const override { return begin_ + (machine_.Elapsed() - begin_elapsed_); }
  absl::Duration Elapsed() const override { return machine_.Elapsed(); }
  absl::Time AgingTime() const override { return Now(); }

 private:
  const Clock& machine_;
  const absl::Time begin_;
  const absl::Duration begin_elapsed_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<const Clock>> OpenPostgresClock(const std::string& url, const Clock& machine) {
  RUYI_ASSIGN_OR_RETURN(const std::unique_ptr<PostgresConnection> connection, PostgresConnection::Open(url));
  RUYI_ASSIGN_OR_RETURN(const PostgresRows rows,
                        connection->Query("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"));
  return std::make_unique<const PostgresClock>(absl::FromUnixMicros(rows.Int(0, 0)), machine);
}

}  // namespace ruyi
