// Does what a server does with its artifacts, for tests that break it off or let it fail at any step, and checks what
// must hold of the folder whatever happened. Functions without state; thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "core/base/status_macros.h"
#include "core/digest/sha256.h"
#include "tests/core/artifact/artifact_store_conformance.h"

namespace ruyi::story {

inline constexpr char kJob[] = "job";
inline constexpr char kShared[] = "shared";

inline std::string Blob() {
  return SomeBytes(1000, 1);
}

// Returns a film that is longer than a block of a seal.
inline std::string Film() {
  return SomeBytes(400'000, 2);
}

// Tells the story from the begin, or from where an earlier telling broke off.
inline absl::Status Tell(ArtifactStore& store, int64_t token) {
  RUYI_RETURN_IF_ERROR(store.PutBlob(Blob()).status());
  if (const auto state = store.StatResult(kJob); !state.ok() || !state->is_sealed) {
    RUYI_ASSIGN_OR_RETURN(const auto writer, store.OpenResult(kJob, token));
    RUYI_RETURN_IF_ERROR(WriteText(*writer, Film().substr(0, 100'000)));
    RUYI_RETURN_IF_ERROR(WriteText(*writer, Film().substr(100'000)));
    RUYI_RETURN_IF_ERROR(writer->Seal().status());
  }
  return store.ShareResult(kJob, kShared).status();
}

// Expects that, whatever happened, a blob is whole or absent, a result is a right prefix, and one that is sealed is
// whole.
inline void CheckNothingIsWrong(const ArtifactStore& store) {
  if (const auto blob = store.ReadBlob(Sha256Hex(Blob())); blob.ok() || !absl::IsNotFound(blob.status())) {
    EXPECT_THAT(blob, IsOk());
  }
  for (const char* job : {kJob, kShared}) {
    const auto state = store.StatResult(job);
    if (absl::IsNotFound(state.status()))
      continue;
    ASSERT_THAT(state, IsOk());
    const auto bytes = ReadAll(store, job);
    ASSERT_THAT(bytes, IsOk());
    EXPECT_TRUE(Film().compare(0, bytes->size(), *bytes) == 0) << job;
    EXPECT_EQ(state->size_bytes, static_cast<int64_t>(bytes->size())) << job;
    if (state->is_sealed) {
      EXPECT_EQ(state->digest, DigestOf(Film())) << job;
      EXPECT_EQ(bytes->size(), Film().size()) << job;
    }
  }
}

// The story came to its end.
inline void CheckAllIsThere(const ArtifactStore& store) {
  EXPECT_THAT(store.ReadBlob(Sha256Hex(Blob())), IsOk());
  for (const char* job : {kJob, kShared}) {
    EXPECT_TRUE(store.StatResult(job)->is_sealed) << job;
    EXPECT_TRUE(*ReadAll(store, job) == Film()) << job;
  }
}

// Deletes what the story made.
inline absl::Status Forget(ArtifactStore& store) {
  RUYI_RETURN_IF_ERROR(store.DeleteResult(kJob));
  RUYI_RETURN_IF_ERROR(store.DeleteResult(kShared));
  return store.DeleteBlob(Sha256Hex(Blob()));
}

}  // namespace ruyi::story
