#include "core/weights/model_digest.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <fstream>
#include <map>
#include <set>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/digest/sha256.h"
#include "core/json/json_file.h"
#include "core/weights/file_state.h"

namespace ruyi {
namespace {

using nlohmann::json;

constexpr const char* kFolders[] = {"", "image_encoder", "scheduler", "transformer", "vae"};

struct FileDigest {
  FileState state;
  std::string sha256;
};

// Digests by the file's name relative to the model's folder.
using FileDigests = std::map<std::string, FileDigest>;

bool IsPublished(const std::string& name) {
  return !name.starts_with(".") && (name.ends_with(".json") || name.ends_with(".safetensors"));
}

std::set<std::string> PublishedFiles(const std::filesystem::path& root) {
  std::set<std::string> names;
  for (const std::filesystem::path folder : kFolders) {
    std::error_code error;
    std::filesystem::directory_iterator entry(root / folder, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
      const std::filesystem::path name = entry->path().filename();
      if (IsPublished(name.string()) && entry->is_regular_file(error))
        names.insert((folder / name).string());
    }
  }
  return names;
}

absl::StatusOr<std::string> DigestOf(const std::filesystem::path& path) {
  constexpr size_t kPiece = 1 << 20;
  std::ifstream stream(path, std::ios::binary);
  std::vector<char> piece(kPiece);
  Sha256 digest;
  while (stream.good()) {
    stream.read(piece.data(), kPiece);
    digest.Update({piece.data(), static_cast<size_t>(stream.gcount())});
  }
  if (!stream.eof())
    return absl::DataLossError(absl::StrFormat("%s: cannot be read", path.string()));
  return absl::BytesToHexString(digest.Finish());
}

// Returns the digest from the cache where that knows the file, else reads the file. A cached digest that is empty does
// not count.
absl::StatusOr<FileDigest> Examine(const std::filesystem::path& path, const FileDigest& cached) {
  RUYI_ASSIGN_OR_RETURN(const FileState state, StateOf(path));
  if (!cached.sha256.empty() && cached.state == state)
    return cached;
  const bool is_settled = IsSettled(state);
  RUYI_ASSIGN_OR_RETURN(std::string sha256, DigestOf(path));
  RUYI_ASSIGN_OR_RETURN(const FileState after, StateOf(path));
  if (after != state)
    return absl::FailedPreconditionError(absl::StrFormat("%s was written to while it was read", path.string()));
  return FileDigest{.state = is_settled ? state : FileState(), .sha256 = std::move(sha256)};
}

// Each file by the first thread that is free.
absl::StatusOr<FileDigests> ExamineAll(const std::filesystem::path& root, const std::set<std::string>& names,
                                       FileDigests cached) {
  const std::vector<std::string> order(names.begin(), names.end());
  std::vector<absl::StatusOr<FileDigest>> results(order.size(), FileDigest());
  for (size_t i = 0; i < order.size(); ++i)
    *results[i] = cached[order[i]];
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < order.size(); i = next++)
      results[i] = Examine(root / order[i], *results[i]);
  };
  std::vector<std::thread> threads;
  const size_t count = std::min<size_t>(order.size(), std::max(1u, std::thread::hardware_concurrency()));
  for (size_t i = 1; i < count; ++i)
    threads.emplace_back(work);
  work();
  for (std::thread& thread : threads)
    thread.join();
  FileDigests digests;
  for (size_t i = 0; i < order.size(); ++i) {
    RUYI_ASSIGN_OR_RETURN(digests[order[i]], std::move(results[i]));
  }
  return digests;
}

absl::StatusOr<FileDigest> FromJson(const json& object) {
  FileDigest digest;
  RUYI_ASSIGN_OR_RETURN(const int64_t inode, GetInt(object, "inode"));
  digest.state.inode = static_cast<uint64_t>(inode);
  RUYI_ASSIGN_OR_RETURN(digest.state.size, GetInt(object, "size"));
  RUYI_ASSIGN_OR_RETURN(digest.state.mtime_ns, GetInt(object, "mtime_ns"));
  RUYI_ASSIGN_OR_RETURN(digest.sha256, GetString(object, "sha256"));
  return digest;
}

FileDigests ReadCache(const std::filesystem::path& path) {
  FileDigests digests;
  const absl::StatusOr<json> cache = ReadJsonFile(path);
  if (!cache.ok())
    return digests;
  for (const auto& [name, object] : cache->items()) {
    if (absl::StatusOr<FileDigest> digest = FromJson(object); digest.ok())
      digests[name] = *std::move(digest);
  }
  return digests;
}

void WriteCache(const std::filesystem::path& path, const FileDigests& digests) {
  json cache = json::object();
  for (const auto& [name, digest] : digests) {
    const FileState& state = digest.state;
    if (state == FileState())
      continue;
    cache[name] = {{"inode", static_cast<int64_t>(state.inode)},
                   {"size", state.size},
                   {"mtime_ns", state.mtime_ns},
                   {"sha256", digest.sha256}};
  }
  WriteJsonFile(path, cache).IgnoreError();  // read again next time
}

}  // namespace

absl::StatusOr<std::string> ModelDigest(const std::filesystem::path& folder, const std::filesystem::path& cache_file) {
  const std::set<std::string> names = PublishedFiles(folder);
  if (names.empty())
    return absl::NotFoundError(absl::StrFormat("%s: no files of a model are there", folder.string()));
  FileDigests cached = cache_file.empty() ? FileDigests() : ReadCache(cache_file);
  RUYI_ASSIGN_OR_RETURN(const FileDigests digests, ExamineAll(folder, names, std::move(cached)));
  if (!cache_file.empty())
    WriteCache(cache_file, digests);
  Sha256 whole;
  for (const auto& [name, digest] : digests)
    whole.Update(absl::StrCat(digest.sha256, "  ", name, "\n"));
  return absl::BytesToHexString(whole.Finish());
}

}  // namespace ruyi
