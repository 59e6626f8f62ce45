// Says which machine this is, for records and messages that several machines read. A function without state;
// thread-safe.
#pragma once

#include <string>

namespace ruyi {

// Returns the machine's name, in a container that of the container or pod; "an-unknown-host" where it has none.
std::string HostName();

}  // namespace ruyi
