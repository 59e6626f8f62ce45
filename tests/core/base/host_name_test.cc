#include "core/base/host_name.h"

#include <gtest/gtest.h>

#include <fstream>

namespace ruyi {
namespace {

TEST(HostName, IsTheKernels) {
  std::string name;
  std::getline(std::ifstream("/proc/sys/kernel/hostname"), name);
  ASSERT_FALSE(name.empty());
  EXPECT_EQ(HostName(), name);
}

}  // namespace
}  // namespace ruyi
