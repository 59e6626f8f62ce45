#include "server/service/watcher_places.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/base/error_info.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

TEST(WatcherPlaces, HoldEachTenantToItsQuotaUntilAPlaceIsGivenBack) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "quotas.json") << R"({"tenants": {"film": {"watchers": 2}}})";
  const auto quotas = std::make_shared<Quotas>(folder.path() / "quotas.json");
  ASSERT_THAT(quotas->Reload(), IsOk());
  WatcherPlaces places(quotas);
  const auto first = places.Take("film");
  auto second = places.Take("film");
  EXPECT_THAT(first, IsOk());
  EXPECT_THAT(second, IsOk());
  const auto third = places.Take("film");
  EXPECT_THAT(third, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(GetErrorInfo(third.status()).metadata.at("quota"), "watchers");
  EXPECT_THAT(places.Take("press"), IsOk());
  second->reset();
  EXPECT_THAT(places.Take("film"), IsOk());
}

TEST(WatcherPlaces, WithoutQuotasThereIsAlwaysAPlace) {
  WatcherPlaces places(nullptr);
  EXPECT_THAT(places.Take("film"), IsOk());
}

}  // namespace
}  // namespace ruyi
