#include "core/base/host_memory.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

constexpr int64_t kMib = 1 << 20;

// A machine of 64 GiB, of which 40 are free; the process has 3.
class HostMemoryTest : public testing::Test {
 protected:
  HostMemoryTest() {
    Write("proc/meminfo", "MemTotal:       67108864 kB\nMemFree:  1 kB\nMemAvailable:   41943040 kB\nBuffers: 5 kB\n");
    Write("proc/self/status", "Name:\truyi-server\nRssAnon:\t 3145728 kB\nRssFile:\t 7 kB\n");
    Write("proc/self/cgroup", "1:name=systemd:/other\n0::/system.slice/ruyi.service\n");
  }

  void Write(const std::string& name, const std::string& text) { folder_.Write(name, text); }

  // Gives the group a limit, of which so much is taken.
  void SetGroup(const std::string& group, const std::string& file, int64_t limit_mib, int64_t taken_mib) {
    Write("cgroup/" + group + "/" + file, std::to_string(limit_mib * kMib) + "\n");
    Write("cgroup/" + group + "/memory.current", std::to_string(taken_mib * kMib) + "\n");
  }

  HostMemory Read() const {
    return ReadHostMemory({.proc = folder_.path() / "proc", .cgroup = folder_.path() / "cgroup"});
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(HostMemoryTest, WithoutAGroupIsTheMachines) {
  const HostMemory memory = Read();
  EXPECT_EQ(memory.total_bytes, 65536 * kMib);
  EXPECT_EQ(memory.available_bytes, 40960 * kMib);
  EXPECT_EQ(memory.anonymous_bytes, 3072 * kMib);
}

TEST_F(HostMemoryTest, IsLimitedByTheGroup) {
  SetGroup("system.slice/ruyi.service", "memory.max", 16384, 4096);
  EXPECT_EQ(Read().total_bytes, 16384 * kMib);
  EXPECT_EQ(Read().available_bytes, 12288 * kMib);
}

TEST_F(HostMemoryTest, IsLimitedByTheHighMarkToo) {
  SetGroup("system.slice/ruyi.service", "memory.max", 16384, 4096);
  SetGroup("system.slice/ruyi.service", "memory.high", 8192, 4096);
  EXPECT_EQ(Read().total_bytes, 8192 * kMib);
  EXPECT_EQ(Read().available_bytes, 4096 * kMib);
}

TEST_F(HostMemoryTest, IsLimitedByEveryGroupAbove) {
  SetGroup("system.slice/ruyi.service", "memory.max", 16384, 1024);
  SetGroup("system.slice", "memory.max", 20480, 18432);
  EXPECT_EQ(Read().total_bytes, 16384 * kMib);
  EXPECT_EQ(Read().available_bytes, 2048 * kMib);
}

TEST_F(HostMemoryTest, AContainerSeesItsGroupAsTheRoot) {
  Write("proc/self/cgroup", "0::/\n");
  SetGroup("", "memory.max", 8192, 1024);
  EXPECT_EQ(Read().total_bytes, 8192 * kMib);
  EXPECT_EQ(Read().available_bytes, 7168 * kMib);
}

TEST_F(HostMemoryTest, FilesInMemoryCountAsFree) {
  SetGroup("system.slice/ruyi.service", "memory.max", 16384, 16000);
  Write("cgroup/system.slice/ruyi.service/memory.stat", "anon 1\nfile 9\ninactive_file " + std::to_string(8000 * kMib) +
                                                            "\nactive_file " + std::to_string(4000 * kMib) + "\n");
  EXPECT_EQ(Read().available_bytes, (16384 - 4000) * kMib);
}

TEST_F(HostMemoryTest, NoLimitIsNone) {
  Write("cgroup/system.slice/ruyi.service/memory.max", "max\n");
  Write("cgroup/system.slice/ruyi.service/memory.high", "max\n");
  Write("cgroup/system.slice/ruyi.service/memory.current", "1\n");
  EXPECT_EQ(Read().total_bytes, 65536 * kMib);
}

TEST_F(HostMemoryTest, AGroupThatHasTakenMoreLeavesNothing) {
  SetGroup("system.slice/ruyi.service", "memory.high", 1024, 2048);
  EXPECT_EQ(Read().available_bytes, 0);
}

TEST_F(HostMemoryTest, AGroupOutsideOfWhatIsSeenIsPassedOver) {
  Write("proc/self/cgroup", "0::/../other\n");
  EXPECT_EQ(Read().total_bytes, 65536 * kMib);
}

TEST(HostMemory, OfThisMachineIsThere) {
  const HostMemory memory = ReadHostMemory();
  EXPECT_GT(memory.total_bytes, 256 * kMib);
  EXPECT_GT(memory.available_bytes, 0);
  EXPECT_LE(memory.available_bytes, memory.total_bytes);
  EXPECT_GT(memory.anonymous_bytes, 0);
}

}  // namespace
}  // namespace ruyi
