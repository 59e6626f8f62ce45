#include "tests/support/postgres_cluster.h"

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/wake_up.h"

namespace ruyi {
namespace {

// Whom the server runs as where the test is root, which PostgreSQL refuses to be.
constexpr const char* kUser = "nobody";

[[noreturn]] void GiveUp(const std::string& why) {
  std::fprintf(stderr, "no PostgreSQL for the test: %s\n", why.c_str());
  std::abort();
}

// To be called between fork and exec.
void BecomeUser(const passwd& user) {
  if (setgroups(0, nullptr) != 0 || setgid(user.pw_gid) != 0 || setuid(user.pw_uid) != 0)
    _exit(126);
}

}  // namespace

PostgresCluster::PostgresCluster(Sync sync) : sync_(sync) {
  Make();
  Start();
}

PostgresCluster::~PostgresCluster() {
  Kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

PostgresCluster& PostgresCluster::Shared() {
  static PostgresCluster cluster;
  return cluster;
}

std::string PostgresCluster::Program(const std::string& name) const {
  return absl::StrCat(RUYI_POSTGRES_BIN, "/", name);
}

// The path of a socket may have some 100 letters at most.
void PostgresCluster::Make() {
  std::string name = (std::filesystem::temp_directory_path() / "ruyi-pg-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr)
    GiveUp(absl::StrCat("no temporary folder ", name));
  folder_ = name;
  const passwd* const user = getpwnam(kUser);
  if (geteuid() == 0 && (user == nullptr || chown(name.c_str(), user->pw_uid, user->pw_gid) != 0))
    GiveUp("the folder cannot be given to nobody");
  const std::string data = (folder_ / "data").string();
  const pid_t maker =
      Spawn({Program("initdb"), "-D", data, "-U", "ruyi", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"});
  int status = 0;
  if (waitpid(maker, &status, 0) != maker || status != 0)
    GiveUp(absl::StrCat("initdb failed; see ", (folder_ / "log").string()));
}

pid_t PostgresCluster::Spawn(const std::vector<std::string>& arguments) const {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  const passwd* const user = getpwnam(kUser);
  const std::string log = (folder_ / "log").string();
  const pid_t child = fork();
  if (child != 0)
    return child;
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  if (geteuid() == 0)
    BecomeUser(*user);
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (chdir("/") == 0)
    execv(pointers[0], pointers.data());
  _exit(127);
}

void PostgresCluster::Start() {
  constexpr int kMostLooks = 3000;
  constexpr absl::Duration kLook = absl::Milliseconds(10);
  const std::string sync = sync_ == Sync::kOn ? "on" : "off";
  server_ = Spawn({Program("postgres"), "-D", (folder_ / "data").string(), "-k", folder_.string(), "-c",
                   "listen_addresses=", "-c", absl::StrCat("fsync=", sync), "-c", "shared_buffers=128MB", "-c",
                   "max_connections=60"});
  for (int look = 0; look < kMostLooks; ++look) {
    if (PQping(Url().c_str()) == PQPING_OK)
      return;
    WakeUp().Wait(kLook);
  }
  GiveUp(absl::StrCat("the server does not answer; see ", (folder_ / "log").string()));
}

// SIGQUIT is PostgreSQL's own crash: all of its processes end at once, and the next start recovers from the log.
void PostgresCluster::Kill() {
  if (server_ == 0)
    return;
  kill(server_, SIGQUIT);
  waitpid(server_, nullptr, 0);
  server_ = 0;
}

std::string PostgresCluster::Url() const {
  return absl::StrCat("postgresql:///postgres?user=ruyi&host=", folder_.string());
}

std::string PostgresCluster::NewSchema() {
  const std::string schema = absl::StrCat("s", ++schemas_);
  Run(Url(), absl::StrCat("CREATE SCHEMA ", schema));
  return absl::StrCat(Url(), "&options=-csearch_path%3D", schema);
}

std::string PostgresCluster::Run(const std::string& url, const std::string& sql) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(url.c_str()), &PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()), &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    GiveUp(absl::StrCat(sql, ": ", PQerrorMessage(connection.get())));
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

}  // namespace ruyi
