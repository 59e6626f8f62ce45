#include "tests/core/artifact/artifact_store_conformance.h"

#include <random>

#include "core/digest/sha256.h"

namespace ruyi {

std::string SomeBytes(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes)
    byte = static_cast<char>(random());
  return bytes;
}

absl::Status WriteText(ResultWriter& writer, std::string_view text) {
  return writer.Write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

absl::StatusOr<FileDigest> WriteResult(ArtifactStore& store, const std::string& job_id, std::string_view bytes) {
  RUYI_ASSIGN_OR_RETURN(const std::unique_ptr<ResultWriter> writer, store.OpenResult(job_id, 1));
  RUYI_RETURN_IF_ERROR(WriteText(*writer, bytes));
  return writer->Seal();
}

absl::StatusOr<std::string> ReadAll(const ArtifactStore& store, const std::string& job_id, int64_t offset,
                                    int64_t step_bytes) {
  std::string all;
  while (true) {
    RUYI_ASSIGN_OR_RETURN(const ResultBytes bytes,
                          store.ReadResult(job_id, offset + static_cast<int64_t>(all.size()), step_bytes));
    all += bytes.data;
    if (bytes.is_end || bytes.data.empty())
      return all;
  }
}

FileDigest DigestOf(std::string_view bytes) {
  Sha256 sha256;
  sha256.Update(bytes);
  return {.size_bytes = static_cast<int64_t>(bytes.size()), .sha256 = sha256.Finish()};
}

}  // namespace ruyi
