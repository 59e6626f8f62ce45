#include "server/app/open_stores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/app/open_job_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::HasSubstr;

NewJob JobOf(const std::string& id) {
  NewJob job;
  job.ticket.id = id;
  return job;
}

class OpenStoresTest : public testing::Test {
 protected:
  ServerOptions Options(const std::string& store) {
    ServerOptions options;
    options.state_dir = (folder_.path() / "state").string();
    options.store = store;
    return options;
  }

  const TemporaryFolder folder_;
  FakeClock machine_;
};

TEST_F(OpenStoresTest, OneServerHasTheStateFolderOfSqlite) {
  ASSERT_OK_AND_ASSIGN(const Stores stores, OpenStores(Options("sqlite"), machine_));
  EXPECT_THAT(stores.jobs->Create(JobOf("a")), IsOk());
  EXPECT_THAT(OpenStores(Options("sqlite"), machine_), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(OpenStoresTest, ServersShareADatabaseItsTimeAndAFolder) {
  const ServerOptions options = Options(PostgresCluster::Shared().NewSchema());
  ASSERT_OK_AND_ASSIGN(const Stores one, OpenStores(options, machine_));
  ASSERT_OK_AND_ASSIGN(const Stores two, OpenStores(options, machine_));
  ASSERT_THAT(one.jobs->Create(JobOf("a")), IsOk());
  EXPECT_GT(two.jobs->Get("a")->create_time, machine_.Now() + absl::Hours(24 * 365));  // the machine's stands in 2023
  EXPECT_EQ(two.jobs->Counts()->waiting, 1);
  ASSERT_OK_AND_ASSIGN(const std::string sha256, one.artifacts->PutBlob("bytes"));
  EXPECT_THAT(two.artifacts->ReadBlob(sha256), IsOk());
}

TEST_F(OpenStoresTest, WhatCannotBeOpenedIsNamed) {
  EXPECT_THAT(OpenJobStore(Options("postgresql:///db?host=/nowhere"), machine_),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/nowhere")));
  ServerOptions options = Options(PostgresCluster::Shared().Url());
  options.state_dir = (folder_.Write("file", "") / "state").string();
  EXPECT_THAT(OpenJobStore(options, machine_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("the state folder")));
}

}  // namespace
}  // namespace ruyi
