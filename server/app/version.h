// The program's version, as --version and GetCapabilities say it; CMakeLists.txt's project() sets it.
#pragma once

namespace ruyi {

inline constexpr char kVersion[] = RUYI_VERSION;

}  // namespace ruyi
