// Any text given as a model's config.json.
#include "core/json/json_file.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto json = ruyi::ParseJson(text, "fuzz");
  if (!json.ok() || !json->is_object()) {
    return 0;
  }
  for (const auto& [key, value] : json->items()) {
    ruyi::GetInt(*json, key).IgnoreError();
    ruyi::GetDouble(*json, key).IgnoreError();
    ruyi::GetBool(*json, key).IgnoreError();
    ruyi::GetString(*json, key).IgnoreError();
    ruyi::GetIntList(*json, key).IgnoreError();
    ruyi::GetStringList(*json, key).IgnoreError();
  }
  return 0;
}
