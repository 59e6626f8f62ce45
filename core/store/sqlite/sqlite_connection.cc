#include "core/store/sqlite/sqlite_connection.h"

#include <limits>
#include <utility>

#include "core/base/status_macros.h"
#include "core/store/sqlite/sqlite_status.h"

namespace ruyi {

SqliteQuery::~SqliteQuery() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  connection_.idle_[std::move(sql_)] = std::move(statement_);
}

void SqliteQuery::Bind(int64_t value) {
  sqlite3_bind_int64(statement_.get(), ++parameters_, value);
}

void SqliteQuery::Bind(std::string_view value) {
  sqlite3_bind_text64(statement_.get(), ++parameters_, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void SqliteQuery::Bind(std::optional<int64_t> value) {
  if (value.has_value())
    Bind(*value);
  else
    sqlite3_bind_null(statement_.get(), ++parameters_);
}

absl::StatusOr<bool> SqliteQuery::Next() {
  const bool writes = sqlite3_stmt_readonly(statement_.get()) == 0;
  if (writes)
    connection_.AtBoundary("before write");
  const int code = sqlite3_step(statement_.get());
  if (writes)
    connection_.AtBoundary("after write");
  if (code != SQLITE_ROW && code != SQLITE_DONE)
    return connection_.Failed(code);
  return code == SQLITE_ROW;
}

std::string_view SqliteQuery::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (text == nullptr)
    return "";
  return {text, static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

absl::StatusOr<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const std::string& path, BoundaryHook hook) {
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      nullptr);
  SqliteHandle handle(database);
  if (code != SQLITE_OK)
    return StatusOfSqlite(code, path, sqlite3_errstr(code));
  sqlite3_busy_timeout(handle.get(), std::numeric_limits<int>::max());  // somebody's back-up goes by
  return std::make_unique<SqliteConnection>(std::move(handle), path, std::move(hook));
}

absl::StatusOr<std::unique_ptr<SqliteQuery>> SqliteConnection::Prepare(std::string sql) {
  SqliteStatement statement;
  if (const auto idle = idle_.find(sql); idle != idle_.end()) {
    statement = std::move(idle->second);
    idle_.erase(idle);
  } else {
    sqlite3_stmt* prepared = nullptr;
    const int code = sqlite3_prepare_v3(database_.get(), sql.c_str(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
    if (code != SQLITE_OK)
      return Failed(code);
    statement.reset(prepared);
  }
  return std::make_unique<SqliteQuery>(*this, std::move(sql), std::move(statement));
}

absl::Status SqliteConnection::ExecuteScript(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Failed(code);
}

void SqliteConnection::AtBoundary(std::string_view point) const {
  if (hook_)
    hook_(point);
}

absl::Status SqliteConnection::Failed(int code) {
  absl::Status status = StatusOfSqlite(code, path_, sqlite3_errmsg(database_.get()));
  if (failure_.ok())
    failure_ = status;
  return status;
}

absl::Status SqliteConnection::RunToEnd(SqliteQuery& query) {
  while (true) {
    RUYI_ASSIGN_OR_RETURN(const bool has_row, query.Next());
    if (!has_row)
      return absl::OkStatus();
  }
}

absl::StatusOr<int64_t> SqliteConnection::NumberOf(SqliteQuery& query) {
  RUYI_ASSIGN_OR_RETURN(const bool has_row, query.Next());
  const int64_t number = has_row ? query.Int(0) : 0;
  RUYI_RETURN_IF_ERROR(RunToEnd(query));
  return number;
}

}  // namespace ruyi
