#include "client/json_events.h"

#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>

namespace ruyi::client {
namespace {

// What is left of an event that has no JSON form: a time out of range, or an error detail that nobody knows here.
v1::VideoEvent Convertible(const v1::VideoEvent& event) {
  v1::VideoEvent bare;
  bare.set_seq(event.seq());
  if (event.has_failed()) {
    bare.mutable_failed()->mutable_status()->set_code(event.failed().status().code());
    bare.mutable_failed()->mutable_status()->set_message(event.failed().status().message());
  }
  return bare;
}

std::string ChunkJson(v1::VideoEvent event) {
  event.mutable_chunk()->clear_data();
  nlohmann::ordered_json json = nlohmann::ordered_json::parse(MessageJson(event), nullptr, false);
  if (!json.is_object())
    return "";
  json["chunk"].erase("data");
  return json.dump();
}

std::string EventJson(const v1::VideoEvent& event) {
  const std::string json = event.has_chunk() ? ChunkJson(event) : MessageJson(event);
  return json.empty() ? MessageJson(Convertible(event)) : json;
}

}  // namespace

void JsonEvents::OnEvent(const v1::VideoEvent& event) {
  *out_ << EventJson(event) << std::endl;
}

std::string MessageJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  return status.ok() ? json : "";
}

}  // namespace ruyi::client
