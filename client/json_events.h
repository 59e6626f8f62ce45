// Writes events as JSON lines for programs. Before it: events. After it: two streams, which it does not own. Not
// thread-safe.
#pragma once

#include <ostream>
#include <string>

#include "client/progress_display.h"

namespace ruyi::client {

class JsonEvents final : public ProgressDisplay {
 public:
  // Events go to `out`, sentences to `notices`. Both must outlive the display.
  JsonEvents(std::ostream* out, std::ostream* notices) : out_(out), notices_(notices) {}

  // Writes one line: the event in protobuf's JSON form with the field names of the contract. For an event that has no
  // JSON form, the line has `seq`, and the code and message of `failed`.
  void OnEvent(const v1::VideoEvent& event) override;
  void OnNotice(const std::string& text) override { *notices_ << text << std::endl; }
  void Close() override {}

 private:
  std::ostream* out_;
  std::ostream* notices_;
};

// Returns a message as one line of protobuf's JSON form, with the field names of the contract, zeros included; empty
// when the message has no JSON form.
std::string MessageJson(const google::protobuf::Message& message);

}  // namespace ruyi::client
