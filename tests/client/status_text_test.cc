#include "client/status_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/scripted_events.h"

namespace ruyi::client {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const FlagNames& Flags() {
  static const FlagNames flags({.images = {"a.png", "b.png"}});
  return flags;
}

TEST(StatusText, ShowsReasonAndEveryWrongField) {
  const auto status =
      DetailedStatus(grpc::INVALID_ARGUMENT, "2 fields are wrong", "INVALID_REQUEST",
                     {{"frame_count", "20 is not a multiple of 8"}, {"start_images[1]", "is no picture"}});
  EXPECT_EQ(ErrorText(status, Flags()),
            "error: the server refuses the request [INVALID_REQUEST]\n"
            "  --frames: 20 is not a multiple of 8\n"
            "  --image number 2 (b.png): is no picture\n");
}

TEST(StatusText, SaysWhenToTryAgain) {
  EXPECT_EQ(ErrorText(DetailedStatus(grpc::RESOURCE_EXHAUSTED, "the queue is full", "QUEUE_FULL", {}, 30000), Flags()),
            "error: the queue is full [QUEUE_FULL]\n  try again in 30 s\n");
  EXPECT_THAT(ErrorText(DetailedStatus(grpc::UNAVAILABLE, "m", "DRAINING", {}, 2500), Flags()),
              HasSubstr("try again in 2.5 s\n"));
  EXPECT_THAT(ErrorText(DetailedStatus(grpc::RESOURCE_EXHAUSTED, "m", "QUOTA_EXCEEDED", {}, 9'037'590), Flags()),
              HasSubstr("try again in 2 h 31 min\n"));
}

TEST(StatusText, ListsTheMemoryModesThatDoNotFit) {
  EXPECT_EQ(ErrorText(NothingFitsStatus(), Flags()),
            "error: no memory mode fits [VRAM_BUDGET]\n"
            "  20 blocks, 5 states: would take too much\n"
            "  0 blocks, 1 states: would take too much\n");
}

TEST(StatusText, WithoutDetailsIsTheMessage) {
  EXPECT_EQ(CallErrorText(grpc::Status(grpc::INTERNAL, "broken"), "host:1", Flags()), "error: broken\n");
}

TEST(StatusText, NamesWhatItIsAbout) {
  EXPECT_EQ(CallErrorText(grpc::Status(grpc::INTERNAL, "broken"), "host:1", Flags(), "videos/7"),
            "error: videos/7: broken\n");
  EXPECT_THAT(CallErrorText(grpc::Status(grpc::UNAVAILABLE, "refused"), "host:1", Flags(), "videos/7"),
              HasSubstr("error: videos/7: no server answers"));
}

TEST(StatusText, WithoutMessageIsTheCode) {
  EXPECT_EQ(CallErrorText(grpc::Status(grpc::INTERNAL, ""), "host:1", Flags()), "error: status 13\n");
}

TEST(StatusText, NamesTheAddressWhereNobodyAnswers) {
  EXPECT_THAT(
      CallErrorText(grpc::Status(grpc::UNAVAILABLE, "refused"), "host:1", Flags()),
      AllOf(HasSubstr("no server answers at host:1: refused"), HasSubstr("--server"), HasSubstr("RUYI_SERVER")));
}

TEST(StatusText, ShowsTheServersOwnUnavailable) {
  const auto status = DetailedStatus(grpc::UNAVAILABLE, "the model loads", "MODEL_LOADING", {}, 1000);
  EXPECT_THAT(CallErrorText(ToGrpc(status), "host:1", Flags()),
              AllOf(HasSubstr("error: the model loads [MODEL_LOADING]"), Not(HasSubstr("host:1"))));
}

TEST(StatusText, KeepsCodeAndMessageWhenDetailsAreGarbage) {
  const google::rpc::Status status = WithDetails(grpc::Status(grpc::INTERNAL, "broken", "\xff\xff\xff"));
  EXPECT_EQ(status.code(), grpc::INTERNAL);
  EXPECT_EQ(status.message(), "broken");
  EXPECT_EQ(status.details_size(), 0);
}

}  // namespace
}  // namespace ruyi::client
