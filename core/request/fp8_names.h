// Lists the words for FP8 modes, types and arithmetic in flags and golden cases. Before it: a command line or a file.
// After it: Fp8Settings. Thread-safe.
#pragma once

#include <map>
#include <string>

#include "core/request/generation_request.h"

namespace ruyi {

// Returns the modes by their words: "none", "lite", "strong", "extreme".
const std::map<std::string, Fp8Mode>& Fp8Modes();

// Returns the types by their words: "e4m3fn", "e5m2".
const std::map<std::string, Fp8Type>& Fp8Types();

// Returns the arithmetic by its words: "widened", "scaled".
const std::map<std::string, Fp8Arithmetic>& Fp8Arithmetics();

}  // namespace ruyi
