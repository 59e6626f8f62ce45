// Computes the digest of a model folder, by which a video can say what made it. Before it: the program's --model. After
// it: the provenance of a video. A function without state; thread-safe.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"

namespace ruyi {

// Returns the SHA-256, in 64 hexadecimal digits, of the lines "<sha256>  <name>" of the model's files, sorted by name
// as bytes: what sha256sum prints. The files are those that end in .json or .safetensors and are not hidden, in the
// folder and in the folders of its parts; names are relative to the folder. Files are read by several threads.
//
// `cache_file` keeps the digests of files by name, inode, size and time of the last change, so that files whose digest
// is known are not read again; an empty path keeps nothing. A cache that cannot be read or written counts as empty.
//
// NOT_FOUND: there is no such folder, or none of these files in it. FAILED_PRECONDITION: a file was written to while it
// was read. DATA_LOSS: a file cannot be read. Blocks on the disk, for as long as the model takes to be read.
absl::StatusOr<std::string> ModelDigest(const std::filesystem::path& folder, const std::filesystem::path& cache_file);

}  // namespace ruyi
