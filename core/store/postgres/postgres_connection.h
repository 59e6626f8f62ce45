// One connection to a PostgreSQL database, in libpq's pipeline mode: statements whose rows nobody waits for travel with
// the next one that asks. It keeps prepared statements, and turns errors into statuses. Before it: PostgresPool and
// PostgresNews. Owns the connection; not thread-safe.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ruyi {

struct PostgresCloser {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct PostgresClearer {
  void operator()(PGresult* result) const { PQclear(result); }
};

// The rows that a statement gave; rows and columns count from 0.
class PostgresRows {
 public:
  explicit PostgresRows(PGresult* result) : result_(result) {}

  int size() const { return PQntuples(result_.get()); }
  bool IsNull(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  int64_t Int(int row, int column) const;  // 0 for NULL
  bool Bool(int row, int column) const;    // false for NULL
  std::string_view Text(int row, int column) const;

 private:
  std::unique_ptr<PGresult, PostgresClearer> result_;
};

// The values for a statement's $1, $2, ...
class PostgresParameters {
 public:
  template <typename... Values>
  explicit PostgresParameters(const Values&... values) {
    (Add(values), ...);
  }

  void Add(int64_t value);
  void Add(std::string_view value);
  void Add(std::optional<int64_t> value);

 private:
  friend class PostgresConnection;

  struct Value {
    std::string bytes;
    bool is_null = false;
    bool is_binary = false;  // of a text: it may hold any byte, and the database refuses what it cannot keep
  };

  std::vector<Value> values_;
};

class PostgresConnection {
 public:
  // Connects to what `url` names (postgresql://...), within a few seconds. UNAVAILABLE STORE_UNAVAILABLE: nobody
  // answers, or not in time, or the database does not take the user. FAILED_PRECONDITION: `url` is no such URL, or the
  // database cannot keep Unicode. No message has the password. Blocks.
  static absl::StatusOr<std::unique_ptr<PostgresConnection>> Open(const std::string& url);

  explicit PostgresConnection(PGconn* connection);
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  // Runs a statement, after those that were sent before, and returns its rows. `sql` is a constant text, whose prepared
  // form is kept. Errors: those of StatusOfPostgres, of this statement or one that was sent before. Blocks.
  template <typename... Values>
  absl::StatusOr<PostgresRows> Query(const std::string& sql, const Values&... values) {
    Ask(sql, PostgresParameters(values...));
    return LastRows();
  }

  // Does the same with a statement that is made for this time, and whose prepared form is not kept.
  absl::StatusOr<PostgresRows> QueryOnce(const std::string& sql, const PostgresParameters& parameters);

  // Runs commands that are separated by semicolons, one transaction if they do not say otherwise. Blocks.
  absl::Status RunScript(const std::string& script);

  // Lets a statement travel with the next Query or Flush, which reports its error. Does not block.
  template <typename... Values>
  void Send(const std::string& sql, const Values&... values) {
    Ask(sql, PostgresParameters(values...));
  }

  // Waits until everything that was sent is done. Errors: the first of them. Blocks.
  absl::Status Flush() { return LastRows().status(); }

  // Hands over what was sent without waiting for it; its errors come with the next Query or Flush.
  void FlushLater();

  // Returns the first error since Forgive, OK when there was none, and its sqlstate, empty where there is none.
  const absl::Status& failure() const { return failure_; }
  const std::string& sqlstate() const { return sqlstate_; }
  void Forgive();

  // Returns true once the connection is of no use any more.
  bool IsBroken() const { return is_lost_ || PQstatus(connection_.get()) == CONNECTION_BAD; }

  // Returns the host and the database, for people; never the password.
  const std::string& where() const { return where_; }
  int process_id() const { return PQbackendPID(connection_.get()); }

  // These two are for who waits for notifications: the socket to wait on, and the names that have come, once it can be
  // read. Does not block.
  int socket() const { return PQsocket(connection_.get()); }
  struct News {
    int process_id = 0;  // of the connection that sent it
    std::string payload;
  };
  std::vector<News> TakeNews();

 private:
  absl::Status Prepare();
  void Ask(const std::string& sql, const PostgresParameters& parameters);
  std::string NameOf(const std::string& sql);
  void SendTo(const std::string& statement, const PostgresParameters& parameters, bool is_prepared);
  absl::StatusOr<PostgresRows> LastRows();
  void Sync();
  void TakeResult(std::unique_ptr<PGresult, PostgresClearer> result);
  void Fail(absl::Status status, std::string_view sqlstate);

  std::unique_ptr<PGconn, PostgresCloser> connection_;
  std::string where_;
  std::unordered_map<std::string, std::string> names_;  // of prepared statements, by their text
  std::vector<std::string> unsure_;                     // texts that were prepared since the last LastRows
  int last_name_ = 0;
  int syncs_ = 0;         // that have not come back
  bool is_lost_ = false;  // libpq says so of a result, which it then gives for ever, and not always of the connection
  std::unique_ptr<PGresult, PostgresClearer> last_;
  absl::Status failure_;
  std::string sqlstate_;
};

}  // namespace ruyi
