// Measures the store of jobs that servers share: creating and claiming with many jobs in the queue, and how long news
// of an event take to a watcher on another server. Two stores on one database stand for two servers; the database is on
// this machine, on a disk that syncs. Beside each stands the least that a database could do for it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/wake_up.h"
#include "core/store/postgres/postgres_job_store.h"
#include "tests/core/store/test_jobs.h"
#include "tests/support/postgres_cluster.h"

namespace ruyi {
namespace {

using Time = std::chrono::steady_clock;

constexpr int kWaiting = 200'000;
constexpr int kThreads = 8;
constexpr absl::Duration kLease = absl::Minutes(10);

std::string TenantOf(int64_t i, int64_t tenants) {
  return absl::StrCat("tenant-", i % tenants);
}

// Two stores on a database with kWaiting jobs of some tenants, which are copies of one that a store has made.
class FullQueue {
 public:
  explicit FullQueue(int64_t tenants) : url_(Cluster().NewSchema()) {
    for (std::unique_ptr<PostgresJobStore>& store : stores_)
      store = *PostgresJobStore::Open(url_, {.jobs = {.queue_capacity = 10 * kWaiting}}, Clock::Real());
    benchmark::DoNotOptimize(stores_[0]->Create(TestNewJob("original")));
    PostgresCluster::Run(url_, "ALTER TABLE jobs DISABLE TRIGGER USER");
    PostgresCluster::Run(
        url_,
        absl::StrCat("INSERT INTO jobs(number, id, tenant, reuse_key, state, claim_key, work, lease_token, "
                     "log_time, inputs, record) SELECT n, 'copy-' || n, 'tenant-' || n % ",
                     tenants,
                     ", reuse_key, state, n, work, 0, log_time, inputs, replace(record, 'original', 'copy-' || n) ",
                     "FROM jobs, generate_series(2, ", kWaiting, ") AS n WHERE id = 'original'"));
    PostgresCluster::Run(url_, "ALTER TABLE jobs ENABLE TRIGGER USER");
    PostgresCluster::Run(url_, absl::StrCat("SELECT setval('job_numbers', ", kWaiting, ")"));
    PostgresCluster::Run(url_, "DELETE FROM tenants");
    PostgresCluster::Run(url_,
                         "INSERT INTO tenants(tenant, shard, waiting_jobs, waiting_work) "
                         "SELECT tenant, 0, count(*), sum(work) FROM jobs GROUP BY tenant");
    PostgresCluster::Run(url_, "VACUUM ANALYZE");
    PostgresCluster::Run(url_, "CHECKPOINT");
  }

  const std::string& url() const { return url_; }
  PostgresJobStore& store(int i) { return *stores_[i % 2]; }

 private:
  static PostgresCluster& Cluster() {
    static PostgresCluster cluster(PostgresCluster::Sync::kOn);
    return cluster;
  }

  const std::string url_;
  std::unique_ptr<PostgresJobStore> stores_[2];
};

// Calls `work(thread, i)` with each i below `count`, on kThreads threads, and returns how many were done in a second.
double RateOf(int count, const std::function<void(int, int)>& work) {
  std::atomic<int> next = 0;
  std::vector<std::thread> threads;
  const Time::time_point start = Time::now();
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = next++; i < count; i = next++)
        work(thread, i);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  return count / std::chrono::duration<double>(Time::now() - start).count();
}

// A connection for each thread, for what is compared.
std::vector<std::unique_ptr<PostgresConnection>> Connections(const std::string& url) {
  std::vector<std::unique_ptr<PostgresConnection>> connections;
  for (int i = 0; i < kThreads; ++i)
    connections.push_back(*PostgresConnection::Open(url));
  return connections;
}

void Create(benchmark::State& state) {
  constexpr int kJobs = 20'000;
  const int64_t tenants = state.range(0);
  FullQueue queue(tenants);
  const auto connections = Connections(queue.url());
  for (auto _ : state) {
    std::atomic<int> failed = 0;
    state.counters["creates/s"] = RateOf(kJobs, [&](int thread, int i) {
      NewJob job = TestRequest(absl::StrCat("new-", i), absl::StrCat("request-", i));
      job.ticket.tenant = TenantOf(i, tenants);
      failed += queue.store(thread).Create(std::move(job)).ok() ? 0 : 1;
    });
    state.counters["failed"] = failed.load();
    const std::string record = PostgresCluster::Run(queue.url(), "SELECT record FROM jobs WHERE id = 'original'");
    state.counters["bare_inserts/s"] = RateOf(kJobs, [&](int thread, int i) {
      connections[thread]->Send("BEGIN");
      connections[thread]->Send(
          "INSERT INTO jobs(number, id, tenant, reuse_key, state, claim_key, work, lease_token, log_time, inputs, "
          "record) VALUES (nextval('job_numbers'), $1, 'tenant-0', '', 'queued', 1000000, 0, 0, 0, '', $2)",
          absl::StrCat("bare-", i), record);
      for (int64_t seq = 1; seq <= 2; ++seq)
        connections[thread]->Send("INSERT INTO log(number, seq, time, event) VALUES ($1, $2, 0, $3)", int64_t{-i}, seq,
                                  record);
      connections[thread]->Send("COMMIT");
      failed += connections[thread]->Flush().ok() ? 0 : 1;
    });
    state.counters["bare_failed"] = failed.load();
  }
}
BENCHMARK(Create)
    ->Name("PostgresStore/Create")
    ->ArgName("tenants")
    ->Arg(1)
    ->Arg(20)
    ->Arg(200)
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kSecond);

void Claim(benchmark::State& state) {
  const int64_t tenants = state.range(0);
  const int kLeases = tenants == 1 ? 100'000 : 10'000;
  constexpr int kBare = 20'000;
  FullQueue queue(tenants);
  const auto connections = Connections(queue.url());
  for (auto _ : state) {
    std::mutex mutex;
    std::set<std::string> ids;
    std::set<int64_t> tokens;
    state.counters["claims/s"] = RateOf(kLeases, [&](int thread, int /*i*/) {
      const absl::StatusOr<std::optional<Lease>> lease = queue.store(thread).Claim("worker", kLease);
      if (!lease.ok() || !lease->has_value())
        return;
      const std::lock_guard lock(mutex);
      ids.insert((*lease)->job_id);
      tokens.insert((*lease)->token);
    });
    state.counters["doubles_or_failed"] = kLeases - static_cast<double>(std::min(ids.size(), tokens.size()));
    state.counters["bare_updates/s"] = RateOf(kBare, [&](int thread, int i) {
      benchmark::DoNotOptimize(connections[thread]->Query(
          "UPDATE jobs SET state = 'running', lease_token = nextval('lease_tokens') WHERE number = (SELECT number FROM "
          "jobs WHERE state = 'queued' AND tenant = $1 ORDER BY claim_key, number LIMIT 1 FOR UPDATE SKIP LOCKED) "
          "RETURNING record",
          TenantOf(i, tenants)));
    });
  }
}
BENCHMARK(Claim)
    ->Name("PostgresStore/Claim")
    ->ArgName("tenants")
    ->Arg(1)
    ->Arg(20)
    ->Arg(200)
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kSecond);

// The worker is on one server, the watcher on another.
void Watch(benchmark::State& state) {
  constexpr int kEvents = 2000;
  FullQueue queue(1);
  const Lease lease = **queue.store(0).Claim("worker", kLease);
  std::vector<Time::time_point> sent(kEvents);
  std::vector<double> milliseconds;
  WakeUp news;
  const auto subscription = queue.store(1).Subscribe(lease.job_id, [&] { news.Wake(); });
  std::thread watcher([&] {
    int64_t seq = lease.record.last_seq;
    while (milliseconds.size() < kEvents) {
      news.Wait(absl::Seconds(1));
      const auto entries = queue.store(1).Read(lease.job_id, seq, kEvents);
      for (const LoggedEvent& entry : entries.value_or(std::vector<LoggedEvent>())) {
        const Time::duration passed = Time::now() - sent[milliseconds.size()];
        milliseconds.push_back(std::chrono::duration<double, std::milli>(passed).count());
        seq = entry.seq;
      }
    }
  });
  for (auto _ : state) {
    WakeUp pause;
    for (int i = 0; i < kEvents; ++i) {
      pause.Wait(absl::Milliseconds(5));
      sent[i] = Time::now();
      benchmark::DoNotOptimize(queue.store(0).Append(lease, TestProgress(i)));
    }
    watcher.join();
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  state.counters["p50_ms"] = milliseconds[kEvents / 2];
  state.counters["p99_ms"] = milliseconds[kEvents * 99 / 100];
  state.counters["max_ms"] = milliseconds.back();
}
BENCHMARK(Watch)->Name("PostgresStore/WatchFromAnother")->Iterations(1)->UseRealTime()->Unit(benchmark::kSecond);

}  // namespace
}  // namespace ruyi
