// Any bytes as what an S3 server answers. Whatever it says becomes a status that is an error.
#include <cstdlib>
#include <string>

#include "core/s3/s3_error.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ruyi::HttpResponse response = {
      .status = 403, .headers = {}, .body = std::string(reinterpret_cast<const char*>(data), size)};
  if (ruyi::StatusOfRefusal(ruyi::RefusalOf(response), {.bucket = "films"}).ok())
    std::abort();
  return 0;
}
