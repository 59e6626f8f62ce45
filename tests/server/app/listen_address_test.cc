#include "server/app/listen_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(CheckListenAddress, TakesHostsWithPorts) {
  for (const char* text : {"127.0.0.1:50051", "0.0.0.0:0", "localhost:65535", "my-host.example:1"}) {
    EXPECT_THAT(CheckListenAddress(text, AddressFamily::kAny), IsOk()) << text;
    EXPECT_THAT(CheckListenAddress(text, AddressFamily::kIpv4Only), IsOk()) << text;
  }
}

TEST(CheckListenAddress, TakesIpv6WhereItIsServed) {
  for (const char* text : {"[::1]:50051", "[::]:0", "[fe80::1%eth0]:80"}) {
    EXPECT_THAT(CheckListenAddress(text, AddressFamily::kAny), IsOk()) << text;
    EXPECT_THAT(CheckListenAddress(text, AddressFamily::kIpv4Only),
                StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr(text), HasSubstr("only IPv4"))))
        << text;
  }
}

TEST(CheckListenAddress, RefusesWhatIsMalformed) {
  for (const char* text : {"",
                           ":",
                           "50051",
                           ":50051",
                           "nowhere",
                           "host:",
                           "host:port",
                           "host:-1",
                           "host:+1",
                           "host:65536",
                           "host: 1",
                           "host:99999999999",
                           "http://localhost:50051",
                           "localhost:50051/",
                           "::1:50051",
                           "[::1]",
                           "[::1]50051",
                           "[localhost]:50051",
                           "[]:50051",
                           "[::1:50051",
                           "a b:1",
                           "127.0.0.1:1,127.0.0.1:2",
                           "127.0.0.1:90r"}) {
    EXPECT_THAT(CheckListenAddress(text, AddressFamily::kAny),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(text), HasSubstr("malformed"), HasSubstr("HOST:PORT"))))
        << text;
  }
}

TEST(CheckListenAddress, RefusesUnixSockets) {
  EXPECT_THAT(CheckListenAddress("unix:/run/ruyi.sock", AddressFamily::kAny),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("Unix sockets are not served")));
}

TEST(CheckPageAddress, TakesNamesOfThisMachineThatBrowsersUse) {
  for (const char* text : {"127.0.0.1:50054", "localhost:0"})
    EXPECT_THAT(CheckPageAddress(text), IsOk()) << text;
  for (const char* text : {"0.0.0.0:7", "192.0.2.1:7", "127.0.0.2:7", "[::1]:7", "[::]:7", "my-host:7"}) {
    EXPECT_THAT(CheckPageAddress(text),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(text), HasSubstr("no TLS"), HasSubstr("127.0.0.1:7"),
                               HasSubstr("ssh -L 7:127.0.0.1:7"), HasSubstr("kubectl port-forward POD 7"))))
        << text;
  }
  EXPECT_THAT(CheckPageAddress("127.0.0.1"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("malformed")));
}

TEST(IsLoopback, KnowsTheAddressesOfThisMachineAlone) {
  for (const char* text : {"127.0.0.1:50051", "127.9.9.9:0", "localhost:1", "LOCALHOST:1", "[::1]:50051"})
    EXPECT_TRUE(IsLoopback(text)) << text;
  for (const char* text :
       {"0.0.0.0:50051", "[::]:1", "192.0.2.1:1", "127.example.com:1", "my-host:1", "[fe80::1%eth0]:1"})
    EXPECT_FALSE(IsLoopback(text)) << text;
}

}  // namespace
}  // namespace ruyi
