#include "server/app/flag_range.h"

#include <gtest/gtest.h>

namespace ruyi {
namespace {

// Returns what is wrong with `text`; empty: nothing.
std::string Wrong(const CLI::Validator& check, std::string text) {
  return check(text);
}

TEST(FlagRange, TakesWholeNumbersWithinTheirLimits) {
  const CLI::Validator check = WholeNumber(1, 1'099'511'627'776, "MiB");
  EXPECT_EQ(Wrong(check, "1"), "");
  EXPECT_EQ(Wrong(check, "1099511627776"), "");
  for (const char* text : {"0", "-1", "1.5", "1099511627777", "12GB", "nan", "", "1e3"}) {
    EXPECT_EQ(Wrong(check, text), "'" + std::string(text) + "' is not a whole number of MiB from 1 to 1099511627776");
  }
}

TEST(FlagRange, TakesSecondsAndSaysWhatTheMostAre) {
  const CLI::Validator check = SecondsUpTo(86'400);
  for (const char* text : {"0", "0.5", "86400", "1e3"})
    EXPECT_EQ(Wrong(check, text), "") << text;
  for (const char* text : {"1d", "-1", "86400.5", "nan", "inf", ""}) {
    EXPECT_EQ(Wrong(check, text), "'" + std::string(text) +
                                      "' is not a number of seconds from 0 to 86400 (1 d); give the number "
                                      "alone, such as 90");
  }
}

TEST(FlagRange, TheHelpHasTheLimits) {
  EXPECT_EQ(WholeNumber(0, 16, "LoRAs").get_description(), "0 to 16");
  EXPECT_EQ(SecondsUpTo(315'360'000).get_description(), "0 to 315360000");
}

}  // namespace
}  // namespace ruyi
