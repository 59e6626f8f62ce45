#include "core/store/postgres/postgres_news.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "core/store/postgres/postgres_status.h"

namespace ruyi {
namespace {

// How often names are sent at most: what comes between goes together.
constexpr absl::Duration kSendInterval = absl::Milliseconds(2);

// How often the thread looks whether the connection still lives when nothing happens.
constexpr absl::Duration kQuiet = absl::Seconds(5);

// PostgreSQL takes payloads below 8000 bytes.
constexpr size_t kMaxPayload = 7900;

// Joins names by newlines into as few payloads as possible.
std::vector<std::string> PayloadsOf(const std::set<std::string>& names) {
  std::vector<std::string> payloads(1);
  for (const std::string& name : names) {
    if (!payloads.back().empty() && payloads.back().size() + name.size() >= kMaxPayload)
      payloads.emplace_back();
    absl::StrAppend(&payloads.back(), payloads.back().empty() ? "" : "\n", name);
  }
  return payloads;
}

}  // namespace

PostgresNews::~PostgresNews() {
  {
    absl::MutexLock lock(&mutex_);
    is_over_ = true;
  }
  wake_.Wake();
  if (thread_.joinable())
    thread_.join();
}

absl::Status PostgresNews::Start() {
  RUYI_RETURN_IF_ERROR(Connect());
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void PostgresNews::Tell(const std::string& job_id) {
  {
    absl::MutexLock lock(&mutex_);
    if (!names_.insert(job_id).second)
      return;
  }
  wake_.Wake();
}

absl::Status PostgresNews::Reachable() const {
  absl::MutexLock lock(&mutex_);
  return reachable_;
}

absl::Duration PostgresNews::ReachableFor() const {
  absl::MutexLock lock(&mutex_);
  return reachable_.ok() ? clock_.Elapsed() - since_ : absl::ZeroDuration();
}

void PostgresNews::SetReachable(absl::Status status) {
  absl::MutexLock lock(&mutex_);
  reachable_ = std::move(status);
  since_ = clock_.Elapsed();
}

absl::Status PostgresNews::Connect() {
  RUYI_ASSIGN_OR_RETURN(std::unique_ptr<PostgresConnection> connection, PostgresConnection::Open(url_));
  RUYI_ASSIGN_OR_RETURN(const PostgresRows rows,
                        connection->Query("SELECT 'ruyi_' || oid FROM pg_namespace WHERE nspname = current_schema()"));
  channel_ = rows.size() == 0 ? "ruyi" : std::string(rows.Text(0, 0));
  connection->Send("SET application_name = 'ruyi-server news'");
  connection->Send("SET synchronous_commit = off");  // NOTIFY writes nothing that has to last
  connection->Send(absl::StrCat("LISTEN ", channel_));
  RUYI_RETURN_IF_ERROR(connection->Flush());
  connection_ = std::move(connection);
  backoff_.Reset();
  on_answer_();
  SetReachable(absl::OkStatus());
  return absl::OkStatus();
}

void PostgresNews::Run() {
  while (!IsOver()) {
    if (connection_ == nullptr) {
      Reconnect();
      continue;
    }
    SendNames();
    Deliver();
    if (connection_->IsBroken()) {
      SetReachable(DatabaseAway(connection_->where(), "the connection has ended"));
      connection_.reset();
      continue;
    }
    wake_.Wait(connection_->socket(), UntilNext());
  }
}

bool PostgresNews::IsOver() const {
  absl::MutexLock lock(&mutex_);
  return is_over_;
}

// Nobody knows what has changed meanwhile, so everybody looks.
void PostgresNews::Reconnect() {
  if (!backoff_.IsOver())
    return wake_.Wait(std::nullopt, backoff_.Left());
  const absl::Status status = Connect();
  if (status.ok())
    return hub_.NotifyAll();
  backoff_.Start();
  SetReachable(status);
}

absl::Duration PostgresNews::UntilNext() const {
  absl::MutexLock lock(&mutex_);
  return names_.empty() ? kQuiet : last_sent_ + kSendInterval - Clock::Real().Elapsed();
}

void PostgresNews::SendNames() {
  const absl::Duration now = Clock::Real().Elapsed();
  std::set<std::string> names;
  {
    absl::MutexLock lock(&mutex_);
    if (names_.empty() || now < last_sent_ + kSendInterval)
      return;
    names.swap(names_);
  }
  last_sent_ = now;
  for (const std::string& payload : PayloadsOf(names))
    connection_->Send("SELECT pg_notify($1, $2)", channel_, payload);
  if (connection_->Flush().ok())
    return;
  connection_->Forgive();
  absl::MutexLock lock(&mutex_);
  names_.merge(names);
}

void PostgresNews::Deliver() {
  std::set<std::string> changed;
  for (const PostgresConnection::News& news : connection_->TakeNews()) {
    if (news.process_id == connection_->process_id())
      continue;
    for (const absl::string_view name : absl::StrSplit(news.payload, '\n'))
      changed.emplace(name);
  }
  if (changed.erase(std::string(kAllJobs)) > 0)
    return hub_.NotifyAll();
  for (const std::string& name : changed)
    hub_.Notify(name);
}

}  // namespace ruyi
