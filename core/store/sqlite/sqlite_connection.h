// One connection to an SQLite file. It keeps prepared statements, and turns errors into statuses. Before it:
// SqliteJobTable and SqliteJobStore. Owns the connection; not thread-safe.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ruyi {

struct SqliteCloser {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct SqliteFinalizer {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using SqliteHandle = std::unique_ptr<sqlite3, SqliteCloser>;
using SqliteStatement = std::unique_ptr<sqlite3_stmt, SqliteFinalizer>;

// Is called before and after each step that changes the file; for tests, which end the process there.
using BoundaryHook = std::function<void(std::string_view point)>;

class SqliteConnection;

// A statement that is being run. It ends when the object is destroyed.
class SqliteQuery {
 public:
  SqliteQuery(SqliteConnection& connection, std::string sql, SqliteStatement statement)
      : connection_(connection), sql_(std::move(sql)), statement_(std::move(statement)) {}
  SqliteQuery(const SqliteQuery&) = delete;
  SqliteQuery& operator=(const SqliteQuery&) = delete;
  ~SqliteQuery();

  // Each binds the next parameter.
  void Bind(int64_t value);
  void Bind(std::string_view value);  // whose text must outlive the query
  void Bind(std::optional<int64_t> value);

  // Goes to the next row; returns false when there is none. Errors: those of StatusOfSqlite.
  absl::StatusOr<bool> Next();

  // Each returns a value of the row; columns count from 0.
  int64_t Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  std::string_view Text(int column) const;  // until the next row
  bool IsNull(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

 private:
  SqliteConnection& connection_;
  std::string sql_;
  SqliteStatement statement_;
  int parameters_ = 0;
};

class SqliteConnection {
 public:
  // Opens the file, and makes it when there is none. `hook` may be empty.
  static absl::StatusOr<std::unique_ptr<SqliteConnection>> Open(const std::string& path, BoundaryHook hook);

  SqliteConnection(SqliteHandle database, std::string path, BoundaryHook hook)
      : path_(std::move(path)), hook_(std::move(hook)), database_(std::move(database)) {}

  // Begins a statement of one command; `sql` is a constant text, whose prepared form is kept.
  template <typename... Parameters>
  absl::StatusOr<std::unique_ptr<SqliteQuery>> Query(std::string sql, const Parameters&... parameters) {
    absl::StatusOr<std::unique_ptr<SqliteQuery>> query = Prepare(std::move(sql));
    if (query.ok())
      ((*query)->Bind(parameters), ...);
    return query;
  }

  // Runs a statement to its end.
  template <typename... Parameters>
  absl::Status Execute(std::string sql, const Parameters&... parameters) {
    absl::StatusOr<std::unique_ptr<SqliteQuery>> query = Query(std::move(sql), parameters...);
    return query.ok() ? RunToEnd(**query) : query.status();
  }

  // Runs a statement that gives one number.
  template <typename... Parameters>
  absl::StatusOr<int64_t> Number(std::string sql, const Parameters&... parameters) {
    absl::StatusOr<std::unique_ptr<SqliteQuery>> query = Query(std::move(sql), parameters...);
    return query.ok() ? NumberOf(**query) : query.status();
  }

  // Runs commands that are separated by semicolons.
  absl::Status ExecuteScript(const char* sql);

  // Returns true while a transaction is open; some errors end it.
  bool IsInTransaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

  // Returns the first error of the database since Forgive; OK when there was none.
  const absl::Status& failure() const { return failure_; }
  void Forgive() { failure_ = absl::OkStatus(); }

  const std::string& path() const { return path_; }
  void AtBoundary(std::string_view point) const;

 private:
  friend class SqliteQuery;

  absl::StatusOr<std::unique_ptr<SqliteQuery>> Prepare(std::string sql);
  absl::Status Failed(int code);
  static absl::Status RunToEnd(SqliteQuery& query);
  static absl::StatusOr<int64_t> NumberOf(SqliteQuery& query);

  const std::string path_;
  const BoundaryHook hook_;
  absl::Status failure_;
  SqliteHandle database_;
  std::unordered_map<std::string, SqliteStatement> idle_;  // destroyed before the connection
};

}  // namespace ruyi
