// Turns structures into JSON objects and back, from one description of each structure: a function
//   template <typename Fields, IsA<Size> T> void Describe(Fields& fields, T& size) { fields("width", size.width); ... }
// names every field once, and JsonWriter and JsonReader go through it. The files core/job/*_fields.h describe jobs. Not
// thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "core/job/json_value.h"

namespace ruyi {

// Holds when `T` is `U` or const `U`, so that one description serves reading and writing.
template <typename T, typename U>
concept IsA = std::same_as<std::remove_const_t<T>, U>;

// Specialise it with the words for a variant's alternatives, in their order: `static constexpr std::string_view
// kWords[]`.
template <typename Variant>
struct VariantWords;

// Puts fields into an object. An absent optional has no key.
class JsonWriter {
 public:
  template <typename T>
  static nlohmann::json Write(const T& value) {
    nlohmann::json object = nlohmann::json::object();
    JsonWriter writer(object);
    Describe(writer, value);
    return object;
  }

  template <typename T>
  void operator()(const char* key, const T& value) {
    object_[key] = Encode(value);
  }
  template <typename T>
  void operator()(const char* key, const std::optional<T>& value) {
    if (value.has_value())
      object_[key] = Encode(*value);
  }
  // Puts a field that came after others were stored: what was `usual` before it has no key.
  template <typename T>
  void Unless(const T& usual, const char* key, const T& value) {
    if (value != usual)
      object_[key] = Encode(value);
  }
  void Hex(const char* key, const std::string& bytes) { object_[key] = absl::BytesToHexString(bytes); }
  void Base64(const char* key, const std::string& bytes) { object_[key] = absl::Base64Escape(bytes); }

 private:
  explicit JsonWriter(nlohmann::json& object) : object_(object) {}

  template <typename T>
  static nlohmann::json Encode(const T& value) {
    if constexpr (std::is_enum_v<T>)
      return WordOf(value);
    else if constexpr (std::is_integral_v<T>)
      return value;
    else if constexpr (requires { JsonOf(value); })
      return JsonOf(value);
    else
      return Write(value);
  }
  static nlohmann::json Encode(const std::string& value) { return value; }
  template <typename T>
  static nlohmann::json Encode(const std::vector<T>& values) {
    return EncodeList(values);
  }
  template <typename T, size_t kSize>
  static nlohmann::json Encode(const std::array<T, kSize>& values) {
    return EncodeList(values);
  }
  template <typename T>
  static nlohmann::json Encode(const std::map<std::string, T>& values) {
    nlohmann::json object = nlohmann::json::object();
    for (const auto& [key, value] : values)
      object[key] = Encode(value);
    return object;
  }
  template <typename... Alternatives>
  static nlohmann::json Encode(const std::variant<Alternatives...>& value) {
    nlohmann::json object = std::visit([](const auto& held) { return Write(held); }, value);
    object["kind"] = VariantWords<std::variant<Alternatives...>>::kWords[value.index()];
    return object;
  }
  static nlohmann::json EncodeList(const auto& values) {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& value : values)
      list.push_back(Encode(value));
    return list;
  }

  nlohmann::json& object_;
};

// Takes fields out of an object. Keys that nobody asks for are ignored.
class JsonReader {
 public:
  // Reads one object. DATA_LOSS: a field is missing or of another type; the message names it.
  template <typename T>
  static absl::Status Read(const nlohmann::json& json, T& value) {
    absl::Status error;
    Decode(json, {.error = error}, value);
    return error;
  }

  template <typename T>
  void operator()(const char* key, T& value) {
    if (const nlohmann::json* json = Find(key))
      Decode(*json, At(key), value);
  }
  template <typename T>
  void operator()(const char* key, std::optional<T>& value) {
    value.reset();
    if (HasKey(key))
      (*this)(key, value.emplace());
  }
  template <typename T>
  void Unless(const T& usual, const char* key, T& value) {
    value = usual;
    if (HasKey(key))
      (*this)(key, value);
  }
  void Hex(const char* key, std::string& bytes) {
    if (const nlohmann::json* json = Find(key))
      Check(ReadHex(*json, bytes), At(key));
  }
  void Base64(const char* key, std::string& bytes) {
    if (const nlohmann::json* json = Find(key))
      Check(ReadBase64(*json, bytes), At(key));
  }

 private:
  // Says where in the text a value lies, for messages.
  struct Place {
    absl::Status& error;  // of the whole text: the first
    const Place* outer = nullptr;
    std::string_view key = {};
    size_t index = 0;  // in a list, where there is no key

    std::string Path() const;
  };

  JsonReader(const nlohmann::json& object, const Place& place) : object_(object), place_(place) {}

  Place At(const char* key) const { return {.error = place_.error, .outer = &place_, .key = key}; }
  bool HasKey(const char* key) const;
  // Returns the value of `key`. Returns null when the key is missing, which is noted as an error, and after any error.
  const nlohmann::json* Find(const char* key) const;
  static void Fail(const Place& place, std::string_view what);
  static void Check(bool is_right, const Place& place);

  template <typename T>
  static void Decode(const nlohmann::json& json, const Place& place, T& value) {
    if constexpr (std::is_enum_v<T>) {
      const int index = IndexOfWord(json, EnumWords<T>::kWords);
      Check(index >= 0, place);
      value = static_cast<T>(std::max(index, 0));
    } else if constexpr (requires { ReadJson(json, value); }) {
      Check(ReadJson(json, value), place);
    } else {
      Check(json.is_object(), place);
      JsonReader reader(json, place);
      Describe(reader, value);
    }
  }
  template <typename T>
  static void Decode(const nlohmann::json& json, const Place& place, std::vector<T>& values) {
    Check(json.is_array(), place);
    values.assign(place.error.ok() ? json.size() : 0, T());
    DecodeList(json, place, values);
  }
  template <typename T, size_t kSize>
  static void Decode(const nlohmann::json& json, const Place& place, std::array<T, kSize>& values) {
    Check(json.is_array() && json.size() == kSize, place);
    DecodeList(json, place, values);
  }
  static void DecodeList(const nlohmann::json& json, const Place& place, auto& values) {
    for (size_t i = 0; i < values.size() && place.error.ok(); ++i)
      Decode(json[i], {.error = place.error, .outer = &place, .index = i}, values[i]);
  }
  template <typename T>
  static void Decode(const nlohmann::json& json, const Place& place, std::map<std::string, T>& values) {
    Check(json.is_object(), place);
    values.clear();
    if (!place.error.ok())
      return;
    for (const auto& [key, item] : json.items())
      Decode(item, {.error = place.error, .outer = &place, .key = key}, values[key]);
  }
  template <typename... Alternatives>
  static void Decode(const nlohmann::json& json, const Place& place, std::variant<Alternatives...>& value) {
    const JsonReader reader(json, place);
    const nlohmann::json* kind = json.is_object() ? reader.Find("kind") : nullptr;
    const int index = kind == nullptr ? -1 : IndexOfWord(*kind, VariantWords<std::variant<Alternatives...>>::kWords);
    Check(index >= 0, reader.At("kind"));
    int i = 0;
    ((index == i++ ? Decode(json, place, value.template emplace<Alternatives>()) : void()), ...);
  }

  const nlohmann::json& object_;
  const Place& place_;
};

}  // namespace ruyi
