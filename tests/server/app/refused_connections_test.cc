#include "server/app/refused_connections.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "tests/server/app/logged.h"
#include "tests/support/fake_clock.h"

namespace ruyi {
namespace {

TEST(RefusedConnections, OneLineForMany) {
  FakeClock clock;
  RefusedConnections refused(clock);
  const std::vector<nlohmann::json> lines = Logged("info", [&] {
    for (int i = 0; i < 1000; ++i)
      refused.Add("too many");
    clock.Advance(RefusedConnections::kInterval);
    refused.Add("too fast");
  });
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["event"], "connections_refused");
  EXPECT_EQ(lines[0]["level"], "warning");
  EXPECT_EQ(lines[0]["connections"], 1);
  EXPECT_EQ(lines[0]["message"], "too many");
  EXPECT_EQ(lines[1]["connections"], 1000);
  EXPECT_EQ(lines[1]["message"], "too fast");
}

}  // namespace
}  // namespace ruyi
