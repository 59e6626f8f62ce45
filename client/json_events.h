// Events as JSON lines for programs. Before it: events. After it: a stream, which it does not own. Not thread-safe.
#pragma once

#include <ostream>
#include <string>

#include "client/progress_display.h"

namespace ruyi::client {

class JsonEvents final : public ProgressDisplay {
 public:
  // `out` must outlive the display.
  explicit JsonEvents(std::ostream* out) : out_(out) {}

  // One line: the event in protobuf's JSON form with the field names of the contract. Of a chunk all but `data`. Of an
  // event that has no JSON form, `seq`, and the code and message of `failed`.
  void OnEvent(const v1::VideoEvent& event) override;
  void Close() override {}

 private:
  std::ostream* out_;
};

// Any message as one line of protobuf's JSON form, field names as in the contract, zeros included. Empty when it has
// none.
std::string MessageJson(const google::protobuf::Message& message);

}  // namespace ruyi::client
