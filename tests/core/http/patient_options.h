// Options of clients that no slow machine makes give up. A function without state.
#pragma once

#include "absl/time/time.h"
#include "core/http/curl_http_client.h"

namespace ruyi {

inline CurlOptions PatientOptions() {
  return {.connect_timeout = absl::Minutes(10), .stall_timeout = absl::Minutes(10)};
}

}  // namespace ruyi
