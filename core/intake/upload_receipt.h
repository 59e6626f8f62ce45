// Says who has uploaded a picture. Equal pictures of several tenants are one blob, so the right to name it is a blob of
// its own, the receipt: the tenant has uploaded the picture while its receipt is there, which lives as long as an
// upload. Before it: JobIntake, which keeps the receipt with the picture. After it: JobIntake, which looks for it when
// a request names the picture. A function without state.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"

namespace ruyi {

// Returns the bytes of the receipt of `tenant` for the picture with the SHA-256 `sha256`, in hex. No picture or
// checkpoint has these bytes: the length of pixels is a multiple of 3, which this one never is, and the rest begins
// with magic numbers of its own.
inline std::string UploadReceipt(const std::string& tenant, const std::string& sha256) {
  std::string receipt = absl::StrCat("ruyi upload\n", sha256, "\n", tenant, "\n");
  return receipt.size() % 3 == 0 ? receipt + "\n" : receipt;
}

}  // namespace ruyi
