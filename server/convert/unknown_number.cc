#include "server/convert/unknown_number.h"

#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace ruyi {

FieldViolation UnknownNumber(std::string field, int number, const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 1; i < type.value_count(); ++i)  // the first is UNSPECIFIED
    names.push_back(type.value(i)->name());
  return {std::move(field),
          absl::StrFormat("%d is no %s; use %s", number, type.full_name(), absl::StrJoin(names, ", "))};
}

}  // namespace ruyi
