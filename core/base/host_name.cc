#include "core/base/host_name.h"

#include <unistd.h>

namespace ruyi {

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 && name[0] != '\0' ? name : "an-unknown-host";
}

}  // namespace ruyi
