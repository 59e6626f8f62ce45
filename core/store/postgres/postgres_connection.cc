#include "core/store/postgres/postgres_connection.h"

#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/store/postgres/postgres_status.h"

namespace ruyi {
namespace {

// Plans are made once for a statement, and go by the indexes that each statement is written for: the statistics of a
// queue are wrong most of the time. Nothing may wait for ever.
constexpr const char* kSettings =
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off; "
    "SET client_min_messages = warning; SET statement_timeout = '30s'; SET lock_timeout = '10s'; "
    "SET idle_in_transaction_session_timeout = '60s'";

// Returns false for what libpq does not read, and for what a password with special characters that are not
// percent-encoded makes of a URL: its parts would be shown as names of other things.
bool IsUrl(const std::string& url) {
  char* message = nullptr;  // may quote the whole URL, so nobody sees it
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfoParse(url.c_str(), &message),
                                                                             &PQconninfoFree);
  PQfreemem(message);
  bool is_url = options != nullptr;
  for (const PQconninfoOption* option = options.get(); is_url && option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    const std::string_view value = option->val == nullptr ? "" : option->val;
    if (keyword == "port")
      is_url = value.find_first_not_of("0123456789,") == std::string_view::npos;
    else if (keyword == "dbname")
      is_url = value.find('@') == std::string_view::npos;
  }
  return is_url;
}

PGconn* Connect(const std::string& url) {
  // libpq takes the last of equal parameters, so what the URL says counts in place of those before it.
  const char* const names[] = {"connect_timeout",  "keepalives_idle",  "keepalives_interval",
                               "keepalives_count", "tcp_user_timeout", "fallback_application_name",
                               "dbname",           "client_encoding",  nullptr};
  const char* const values[] = {"5", "5", "5", "3", "15000", "ruyi-server", url.c_str(), "UTF8", nullptr};
  return PQconnectdbParams(names, values, /*expand_dbname=*/1);
}

std::string WhereOf(const PGconn* connection) {
  const auto text = [](const char* value) { return std::string(value == nullptr ? "" : value); };
  return absl::StrCat(text(PQhost(connection)), ":", text(PQport(connection)), "/", text(PQdb(connection)));
}

}  // namespace

int64_t PostgresRows::Int(int row, int column) const {
  const std::string_view text = Text(row, column);
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool PostgresRows::Bool(int row, int column) const {
  return Text(row, column) == "t";
}

std::string_view PostgresRows::Text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column), static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}

void PostgresParameters::Add(int64_t value) {
  values_.push_back({.bytes = absl::StrCat(value)});
}

void PostgresParameters::Add(std::string_view value) {
  values_.push_back({.bytes = std::string(value), .is_binary = true});
}

void PostgresParameters::Add(std::optional<int64_t> value) {
  values_.push_back({.bytes = absl::StrCat(value.value_or(0)), .is_null = !value.has_value()});
}

absl::StatusOr<std::unique_ptr<PostgresConnection>> PostgresConnection::Open(const std::string& url) {
  if (!IsUrl(url)) {
    return absl::FailedPreconditionError(
        "the store is no URL that PostgreSQL's library reads; expected postgresql://USER@HOST[:PORT]/DATABASE, with "
        "special characters percent-encoded");
  }
  auto connection = std::make_unique<PostgresConnection>(Connect(url));
  PQsetNoticeProcessor(connection->connection_.get(), [](void*, const char*) {}, nullptr);
  if (connection->IsBroken())
    return DatabaseAway(connection->where(), PQerrorMessage(connection->connection_.get()));
  RUYI_RETURN_IF_ERROR(connection->Prepare());
  return connection;
}

PostgresConnection::PostgresConnection(PGconn* connection) : connection_(connection), where_(WhereOf(connection)) {}

absl::Status PostgresConnection::Prepare() {
  RUYI_RETURN_IF_ERROR(RunScript(kSettings));
  const char* const encoding = PQparameterStatus(connection_.get(), "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8") {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the database at %s keeps texts as %s; make one with ENCODING 'UTF8'", where_, encoding ? encoding : "?"));
  }
  return PQenterPipelineMode(connection_.get()) == 1 ? absl::OkStatus() : DatabaseAway(where_, "no pipeline mode");
}

// Pipelines take one command at a time, so that this one leaves it for a moment.
absl::Status PostgresConnection::RunScript(const std::string& script) {
  const bool was_pipelined = PQpipelineStatus(connection_.get()) != PQ_PIPELINE_OFF;
  if (was_pipelined) {
    RUYI_RETURN_IF_ERROR(Flush());
    PQexitPipelineMode(connection_.get());
  }
  const std::unique_ptr<PGresult, PostgresClearer> result(PQexec(connection_.get(), script.c_str()));
  if (was_pipelined)
    PQenterPipelineMode(connection_.get());
  const ExecStatusType status = PQresultStatus(result.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
    return absl::OkStatus();
  const char* const sqlstate = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  const std::string message = PQerrorMessage(connection_.get());
  return sqlstate == nullptr ? DatabaseAway(where_, message) : StatusOfPostgres(sqlstate, where_, message);
}

void PostgresConnection::Fail(absl::Status status, std::string_view sqlstate) {
  if (!failure_.ok())
    return;
  failure_ = std::move(status);
  sqlstate_ = sqlstate;
}

void PostgresConnection::Forgive() {
  failure_ = absl::OkStatus();
  sqlstate_.clear();
}

std::string PostgresConnection::NameOf(const std::string& sql) {
  std::string& name = names_[sql];
  if (!name.empty())
    return name;
  name = absl::StrCat("s", ++last_name_);
  unsure_.push_back(sql);
  PQsendPrepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr);
  return name;
}

// After an error nothing more is sent until it is forgiven: it would be refused.
void PostgresConnection::Ask(const std::string& sql, const PostgresParameters& parameters) {
  if (failure_.ok())
    SendTo(NameOf(sql), parameters, /*is_prepared=*/true);
}

absl::StatusOr<PostgresRows> PostgresConnection::QueryOnce(const std::string& sql,
                                                           const PostgresParameters& parameters) {
  if (failure_.ok())
    SendTo(sql, parameters, /*is_prepared=*/false);
  return LastRows();
}

void PostgresConnection::SendTo(const std::string& statement, const PostgresParameters& parameters, bool is_prepared) {
  constexpr int kTextResults = 0;
  const int count = static_cast<int>(parameters.values_.size());
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
  for (const PostgresParameters::Value& value : parameters.values_) {
    values.push_back(value.is_null ? nullptr : value.bytes.c_str());
    lengths.push_back(static_cast<int>(value.bytes.size()));
    formats.push_back(value.is_binary ? 1 : 0);
  }
  const int sent = is_prepared ? PQsendQueryPrepared(connection_.get(), statement.c_str(), count, values.data(),
                                                     lengths.data(), formats.data(), kTextResults)
                               : PQsendQueryParams(connection_.get(), statement.c_str(), count, nullptr, values.data(),
                                                   lengths.data(), formats.data(), kTextResults);
  if (sent == 0)
    Fail(DatabaseAway(where_, PQerrorMessage(connection_.get())), "");
}

void PostgresConnection::Sync() {
  if (PQpipelineSync(connection_.get()) == 1)
    ++syncs_;
  else
    Fail(DatabaseAway(where_, PQerrorMessage(connection_.get())), "");
}

void PostgresConnection::FlushLater() {
  Sync();
  PQflush(connection_.get());
}

absl::StatusOr<PostgresRows> PostgresConnection::LastRows() {
  Sync();
  while (syncs_ > 0 && !IsBroken()) {
    std::unique_ptr<PGresult, PostgresClearer> result(PQgetResult(connection_.get()));
    if (result != nullptr)  // without one, those of a command are over
      TakeResult(std::move(result));
  }
  if (IsBroken()) {
    syncs_ = 0;
    Fail(DatabaseAway(where_, PQerrorMessage(connection_.get())), "");
  }
  if (!failure_.ok()) {
    for (const std::string& sql : unsure_)
      names_.erase(sql);
  }
  unsure_.clear();
  if (!failure_.ok())
    return failure_;
  return PostgresRows(last_.release());
}

void PostgresConnection::TakeResult(std::unique_ptr<PGresult, PostgresClearer> result) {
  switch (PQresultStatus(result.get())) {
    case PGRES_PIPELINE_SYNC:
      --syncs_;
      return;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
      last_ = std::move(result);
      return;
    case PGRES_PIPELINE_ABORTED:  // what came after the error
      return;
    default:
      break;
  }
  const char* const sqlstate = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  const char* const message = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
  if (sqlstate != nullptr)
    return Fail(StatusOfPostgres(sqlstate, where_, message == nullptr ? "" : message), sqlstate);
  is_lost_ = true;
  Fail(DatabaseAway(where_, PQresultErrorMessage(result.get())), "");
}

std::vector<PostgresConnection::News> PostgresConnection::TakeNews() {
  std::vector<News> news;
  if (PQconsumeInput(connection_.get()) == 0)
    return news;
  while (PGnotify* const notification = PQnotifies(connection_.get())) {
    news.push_back({.process_id = notification->be_pid, .payload = notification->extra});
    PQfreemem(notification);
  }
  return news;
}

}  // namespace ruyi
