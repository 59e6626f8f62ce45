#include "core/base/exception_guard.h"

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include "core/base/error_reasons.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

constexpr absl::StatusCode kInternal = absl::StatusCode::kInternal;

TEST(GuardExceptions, ReturnsTheValue) {
  const absl::StatusOr<int> result = GuardExceptions("counting", [] { return 7; });
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(*result, 7);
}

TEST(GuardExceptions, ReturnsAValueThatOnlyMoves) {
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<int> value,
                       GuardExceptions("making", [] { return std::make_unique<int>(7); }));
  EXPECT_EQ(*value, 7);
}

TEST(GuardExceptions, PassesAStatusOn) {
  static_assert(std::is_same_v<absl::Status, decltype(GuardExceptions("", [] { return absl::OkStatus(); }))>);
  EXPECT_THAT(GuardExceptions("looking", [] { return absl::OkStatus(); }), IsOk());
  EXPECT_THAT(GuardExceptions("looking", [] { return absl::NotFoundError("gone"); }),
              StatusIs(absl::StatusCode::kNotFound, "gone"));
}

TEST(GuardExceptions, PassesAStatusOrOn) {
  const auto look = [](bool found) -> absl::StatusOr<std::string> {
    return found ? absl::StatusOr<std::string>("here") : absl::NotFoundError("gone");
  };
  const absl::StatusOr<std::string> found = GuardExceptions("looking", [&] { return look(true); });
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(*found, "here");
  EXPECT_THAT(GuardExceptions("looking", [&] { return look(false); }), StatusIs(absl::StatusCode::kNotFound, "gone"));
}

TEST(GuardExceptions, TurnsVoidIntoAStatus) {
  bool called = false;
  const absl::Status status = GuardExceptions("calling", [&] { called = true; });
  EXPECT_THAT(status, IsOk());
  EXPECT_TRUE(called);
}

TEST(GuardExceptions, MakesAnExceptionOfEveryKindOfFunctionInternal) {
  const auto fail = [] { throw std::runtime_error("broken"); };
  const auto expected = StatusIs(kInternal, "loading: broken");
  EXPECT_THAT(GuardExceptions("loading", fail), expected);
  EXPECT_THAT(GuardExceptions("loading", [&] { return fail(), 1; }), expected);
  EXPECT_THAT(GuardExceptions("loading", [&] { return fail(), absl::OkStatus(); }), expected);
  EXPECT_THAT(GuardExceptions("loading", [&] { return fail(), absl::StatusOr<int>(1); }), expected);
}

TEST(GuardExceptions, KeepsTheFirstLineOnly) {
  EXPECT_THAT(GuardExceptions("loading", [] { throw std::logic_error("broken\nstack\nof calls"); }),
              StatusIs(kInternal, "loading: broken"));
}

TEST(GuardExceptions, MakesBadAllocResourceExhausted) {
  EXPECT_THAT(GuardExceptions("decoding", [] { throw std::bad_alloc(); }),
              StatusIs(absl::StatusCode::kResourceExhausted, "decoding: out of memory"));
}

TEST(GuardExceptions, MakesAGpuWithoutMemoryResourceExhausted) {
  const auto fail = [] { throw std::runtime_error("CUDA out of memory. Tried to allocate 2 GiB\nstack"); };
  EXPECT_THAT(GuardExceptions("decoding", fail),
              StatusIs(absl::StatusCode::kResourceExhausted, "decoding: CUDA out of memory. Tried to allocate 2 GiB"));
}

TEST(GuardExceptions, TellsTheHostsMemoryFromTheDevices) {
  const auto fail = [] { throw OutOfHostMemory("CUDA error: out of memory"); };
  const absl::Status status = GuardExceptions("placing", fail);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, "placing: CUDA error: out of memory"));
  EXPECT_THAT(status, HasReason(reason::kHostMemory));
}

TEST(GuardExceptions, CatchesWhatIsNoStdException) {
  EXPECT_THAT(GuardExceptions("decoding", [] { throw 42; }), StatusIs(kInternal, "decoding: an unknown exception"));
}

}  // namespace
}  // namespace ruyi
