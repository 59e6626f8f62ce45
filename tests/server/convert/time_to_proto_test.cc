#include "server/convert/time_to_proto.h"

#include <gtest/gtest.h>

#include <vector>

namespace ruyi {
namespace {

struct Case {
  int64_t ns;
  int64_t seconds;
  int nanos;
};

TEST(TimeToProto, DurationsKeepEveryNanosecondAndOneSign) {
  for (const Case& one : std::vector<Case>{{0, 0, 0},
                                           {1, 0, 1},
                                           {999'999'999, 0, 999'999'999},
                                           {1'500'000'000, 1, 500'000'000},
                                           {-1, 0, -1},
                                           {-1'500'000'000, -1, -500'000'000}}) {
    const google::protobuf::Duration proto = ToProto(absl::Nanoseconds(one.ns));
    EXPECT_EQ(proto.seconds(), one.seconds) << one.ns;
    EXPECT_EQ(proto.nanos(), one.nanos) << one.ns;
  }
}

TEST(TimeToProto, TimesKeepEveryNanosecondAndCountThemForwards) {
  for (const Case& one : std::vector<Case>{{0, 0, 0},
                                           {1'700'000'000'123'456'789, 1'700'000'000, 123'456'789},
                                           {-1, -1, 999'999'999},
                                           {-1'500'000'000, -2, 500'000'000}}) {
    const google::protobuf::Timestamp proto = ToProto(absl::FromUnixNanos(one.ns));
    EXPECT_EQ(proto.seconds(), one.seconds) << one.ns;
    EXPECT_EQ(proto.nanos(), one.nanos) << one.ns;
  }
}

TEST(TimeToProto, CutsWhatIsFinerThanANanosecond) {
  EXPECT_EQ(ToProto(absl::Nanoseconds(3) / 2).nanos(), 1);
  EXPECT_EQ(ToProto(absl::UnixEpoch() + absl::Nanoseconds(3) / 2).nanos(), 1);
}

}  // namespace
}  // namespace ruyi
