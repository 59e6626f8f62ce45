// Makes the refusal of an enum's number that the contract does not know. Before it: a conversion in this folder. After
// it: core/request/validate, with all other wrong fields. A function without state; thread-safe.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

#include "core/base/error_info.h"

namespace ruyi {

// Returns the violation, which lists the values that `type` has.
FieldViolation UnknownNumber(std::string field, int number, const google::protobuf::EnumDescriptor& type);

}  // namespace ruyi
