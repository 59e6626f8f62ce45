// The entry point that libFuzzer calls, and that replay_main.cc calls where there is no libFuzzer. Each *_fuzz.cc
// defines it. Must not crash, hang or leak for any bytes.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
