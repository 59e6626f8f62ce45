#include "core/plan/calibration_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Every number is another one, and none of them is round.
Calibration SomeCalibration(double seed = 1) {
  const auto curve = [&seed] { return Curve{.constant = seed / 3, .linear = ++seed / 7, .quadratic = ++seed / 1e9}; };
  Calibration calibration;
  calibration.step.bytes = curve();
  calibration.step.seconds = curve();
  calibration.encode.bytes = curve();
  calibration.encode.seconds = curve();
  calibration.decode.bytes = curve();
  calibration.decode.seconds = curve();
  calibration.slab_encode.bytes = curve();
  calibration.slab_encode.seconds = curve();
  calibration.slab_decode.bytes = curve();
  calibration.slab_decode.seconds = curve();
  calibration.clip_bytes = seed * 1e9 / 3;
  calibration.clip_seconds = seed / 11;
  calibration.upload_bytes_per_second = seed * 1e10 / 7;
  calibration.place_bytes_per_second = seed * 1e10 / 11;
  calibration.fill_bytes_per_second = seed * 1e10 / 13;
  calibration.pin_bytes_per_second = seed * 1e10 / 17;
  return calibration;
}

class CalibrationFileTest : public testing::Test {
 protected:
  void ExpectHolds(const std::string& key, const Calibration& expected) const {
    ASSERT_OK_AND_ASSIGN(const Calibration calibration, ReadCalibration(file_, key));
    EXPECT_EQ(calibration, expected);
  }

  nlohmann::json Contents() const { return nlohmann::json::parse(std::ifstream(file_)); }

  const TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "calibration.json";
};

TEST_F(CalibrationFileTest, GivesBackTheSameNumbers) {
  ASSERT_THAT(WriteCalibration(file_, "a GPU", SomeCalibration()), IsOk());
  ExpectHolds("a GPU", SomeCalibration());
}

TEST_F(CalibrationFileTest, KeepsOneForEachKey) {
  ASSERT_THAT(WriteCalibration(file_, "a GPU", SomeCalibration(1)), IsOk());
  ASSERT_THAT(WriteCalibration(file_, "another GPU", SomeCalibration(2)), IsOk());
  ExpectHolds("a GPU", SomeCalibration(1));
  ExpectHolds("another GPU", SomeCalibration(2));
}

TEST_F(CalibrationFileTest, ReplacesTheOneOfTheSameKey) {
  ASSERT_THAT(WriteCalibration(file_, "a GPU", SomeCalibration(1)), IsOk());
  ASSERT_THAT(WriteCalibration(file_, "a GPU", SomeCalibration(2)), IsOk());
  ExpectHolds("a GPU", SomeCalibration(2));
  EXPECT_EQ(Contents().size(), 1);
}

TEST_F(CalibrationFileTest, WhoKeepsFirstIsHeldTo) {
  EXPECT_EQ(KeepCalibration(file_, "a GPU", SomeCalibration(1)), SomeCalibration(1));
  EXPECT_EQ(KeepCalibration(file_, "a GPU", SomeCalibration(2)), SomeCalibration(1));
  ExpectHolds("a GPU", SomeCalibration(1));
  EXPECT_EQ(KeepCalibration("", "a GPU", SomeCalibration(2)), SomeCalibration(2));
}

TEST_F(CalibrationFileTest, MakesFoldersThatAreMissingAndLeavesNoOtherFile) {
  const std::filesystem::path deep = folder_.path() / "cache" / "ruyi" / "calibration.json";
  ASSERT_THAT(WriteCalibration(deep, "a GPU", SomeCalibration()), IsOk());
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(deep.parent_path()))
    names.push_back(entry.path().filename());
  EXPECT_THAT(names, UnorderedElementsAre("calibration.json"));
}

TEST_F(CalibrationFileTest, NothingIsFoundWithoutAFileOrTheKey) {
  EXPECT_THAT(ReadCalibration(file_, "a GPU"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(ReadCalibration("", "a GPU"), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_THAT(WriteCalibration(file_, "a GPU", SomeCalibration()), IsOk());
  EXPECT_THAT(ReadCalibration(file_, "another GPU"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("another GPU")));
}

TEST_F(CalibrationFileTest, ADamagedFileIsDataLossUntilItIsReplaced) {
  for (const char* text : {"", "{", "[1, 2]", "{\"a GPU\": 1, \"a GPU\": 2}"}) {
    folder_.Write("calibration.json", text);
    EXPECT_THAT(ReadCalibration(file_, "a GPU"), StatusIs(absl::StatusCode::kDataLoss)) << text;
    ASSERT_THAT(WriteCalibration(file_, "a GPU", SomeCalibration()), IsOk());
    ExpectHolds("a GPU", SomeCalibration());
  }
}

// Spoils each number in turn.
TEST_F(CalibrationFileTest, EveryNumberMustBeThere) {
  ASSERT_THAT(WriteCalibration(file_, "a GPU", SomeCalibration()), IsOk());
  const nlohmann::json whole = Contents();
  int places = 0;
  const nlohmann::json numbers = whole.flatten();
  for (const auto& [place, number] : numbers.items()) {
    for (const nlohmann::json& wrong : {nlohmann::json("much"), nlohmann::json()}) {
      nlohmann::json spoilt = whole;
      spoilt[nlohmann::json::json_pointer(place)] = wrong;
      folder_.Write("calibration.json", spoilt.dump());
      EXPECT_THAT(ReadCalibration(file_, "a GPU"), StatusIs(absl::StatusCode::kFailedPrecondition)) << place;
    }
    ++places;
  }
  EXPECT_EQ(places, 10 * 3 + 6);
}

TEST_F(CalibrationFileTest, EveryCurveMustBeOne) {
  ASSERT_THAT(WriteCalibration(file_, "a GPU", SomeCalibration()), IsOk());
  for (const char* curve :
       {"step_bytes", "step_seconds", "encode_bytes", "encode_seconds", "decode_bytes", "decode_seconds",
        "slab_encode_bytes", "slab_encode_seconds", "slab_decode_bytes", "slab_decode_seconds"}) {
    nlohmann::json spoilt = Contents();
    spoilt["a GPU"][curve] = 1.0;
    const std::filesystem::path file = folder_.Write("spoilt.json", spoilt.dump());
    EXPECT_THAT(ReadCalibration(file, "a GPU"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(curve)));
    spoilt["a GPU"].erase(curve);
    folder_.Write("spoilt.json", spoilt.dump());
    EXPECT_THAT(ReadCalibration(file, "a GPU"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(curve)));
  }
}

TEST_F(CalibrationFileTest, SomethingElseUnderTheKeyIsRefused) {
  for (const char* text : {R"({"a GPU": 1})", R"({"a GPU": []})", R"({"a GPU": "fast"})", R"({"a GPU": {}})"}) {
    folder_.Write("calibration.json", text);
    EXPECT_THAT(ReadCalibration(file_, "a GPU"), StatusIs(absl::StatusCode::kFailedPrecondition)) << text;
  }
}

class TimeRatiosTest : public CalibrationFileTest {
 protected:
  TimeRatiosTest() { EXPECT_THAT(WriteCalibration(file_, "a GPU", SomeCalibration()), IsOk()); }

  absl::Status Write(const std::vector<double>& ratios, const Calibration& calibration = SomeCalibration()) const {
    return WriteTimeRatios(file_, "a GPU", calibration, ratios);
  }

  void ExpectHoldsRatios(const std::vector<double>& expected) const {
    ASSERT_OK_AND_ASSIGN(const std::vector<double> ratios, ReadTimeRatios(file_, "a GPU"));
    EXPECT_EQ(ratios, expected);
  }
};

TEST_F(TimeRatiosTest, AreKeptBesideTheCalibration) {
  ASSERT_THAT(WriteCalibration(file_, "another GPU", SomeCalibration(2)), IsOk());
  ASSERT_THAT(Write({1, 0.1}), IsOk());
  ASSERT_THAT(Write({1, 0.1, 1.0 / 3}), IsOk());
  ExpectHoldsRatios({1, 0.1, 1.0 / 3});
  ExpectHolds("a GPU", SomeCalibration());
  ExpectHolds("another GPU", SomeCalibration(2));
  EXPECT_THAT(*ReadTimeRatios(file_, "another GPU"), IsEmpty());
}

// Their names must not change: later versions read them.
TEST_F(TimeRatiosTest, AreAListInTheFile) {
  ASSERT_THAT(Write({1, 0.5}), IsOk());
  EXPECT_THAT(Contents()["a GPU"]["time_ratios"], ElementsAre(1, 0.5));
}

TEST_F(TimeRatiosTest, AreNoneInFilesOfEarlierVersions) {
  ASSERT_FALSE(Contents()["a GPU"].contains("time_ratios"));
  ExpectHoldsRatios({});
}

TEST_F(TimeRatiosTest, GoWithTheCalibrationThatTheyWereLearntWith) {
  ASSERT_THAT(Write({1, 0.5}), IsOk());
  ASSERT_THAT(WriteCalibration(file_, "a GPU", SomeCalibration(2)), IsOk());
  ExpectHoldsRatios({});
  EXPECT_THAT(Write({1, 0.5}), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another calibration")));
  ExpectHoldsRatios({});
}

TEST_F(TimeRatiosTest, BringNoCalibrationBackThatWasDeleted) {
  std::filesystem::remove(file_);
  EXPECT_THAT(Write({1}), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(ReadTimeRatios(file_, "a GPU"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(std::filesystem::exists(file_));
  ASSERT_THAT(WriteCalibration(file_, "another GPU", SomeCalibration()), IsOk());
  EXPECT_THAT(Write({1}), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(TimeRatiosTest, OfAnotherTypeAreRefused) {
  for (const nlohmann::json& wrong : {nlohmann::json("many"), nlohmann::json(1), nlohmann::json({1, "a"})}) {
    nlohmann::json spoilt = Contents();
    spoilt["a GPU"]["time_ratios"] = wrong;
    folder_.Write("calibration.json", spoilt.dump());
    EXPECT_THAT(ReadTimeRatios(file_, "a GPU"), StatusIs(absl::StatusCode::kFailedPrecondition)) << wrong;
    ExpectHolds("a GPU", SomeCalibration());
  }
}

TEST_F(TimeRatiosTest, OfADamagedFileAreDataLossAndNotKept) {
  folder_.Write("calibration.json", "{");
  EXPECT_THAT(ReadTimeRatios(file_, "a GPU"), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Write({1}), StatusIs(absl::StatusCode::kDataLoss));
  folder_.Write("calibration.json", R"({"a GPU": {}})");
  EXPECT_THAT(Write({1}), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("missing")));
}

TEST_F(CalibrationFileTest, AFileThatCannotBeWrittenIsUnavailable) {
  folder_.Write("file", "in place of a folder");
  const std::filesystem::path below = folder_.path() / "file" / "calibration.json";
  EXPECT_THAT(WriteCalibration(below, "a GPU", SomeCalibration()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("file/calibration.json")));
  std::filesystem::create_directories(file_ / "in the way");
  EXPECT_THAT(WriteCalibration(file_, "a GPU", SomeCalibration()), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace ruyi
