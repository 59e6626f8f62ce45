#include "client/json_events.h"

#include <google/protobuf/util/json_util.h>

namespace ruyi::client {
namespace {

// Returns the parts that can be written of an event that has no JSON form: one with a time out of range, or an error
// detail that nobody knows here.
v1::VideoEvent Convertible(const v1::VideoEvent& event) {
  v1::VideoEvent bare;
  bare.set_seq(event.seq());
  if (event.has_failed()) {
    bare.mutable_failed()->mutable_status()->set_code(event.failed().status().code());
    bare.mutable_failed()->mutable_status()->set_message(event.failed().status().message());
  }
  return bare;
}

}  // namespace

void JsonEvents::OnEvent(const v1::VideoEvent& event) {
  const std::string json = MessageJson(event);
  *out_ << (json.empty() ? MessageJson(Convertible(event)) : json) << std::endl;
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
