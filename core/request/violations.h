// Collects what is wrong with a request, one violation for each field. Before it: core/request/validate, while it reads
// the request. After it: the refusal. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/base/error_info.h"

namespace ruyi {

class Violations {
 public:
  explicit Violations(const std::vector<FieldViolation>& first) {
    for (const FieldViolation& violation : first)
      Add(violation.field, violation.description);
  }

  // Adds a violation, unless the field has one already: a field is refused once, for the first thing that is wrong with
  // it.
  void Add(std::string field, std::string description) {
    if (fields_.insert(field).second)
      list_.push_back({std::move(field), std::move(description)});
  }

  bool IsRefused(const std::string& field) const { return fields_.contains(field); }
  bool empty() const { return list_.empty(); }
  size_t size() const { return list_.size(); }

  // Moves all violations from number `from` on to the place before number `to`, which is not larger.
  void MoveForward(size_t from, size_t to) {
    const auto begin = list_.begin();
    std::rotate(begin + static_cast<std::ptrdiff_t>(to), begin + static_cast<std::ptrdiff_t>(from), list_.end());
  }

  // Returns the violations in their order, and empties the list.
  std::vector<FieldViolation> Take() {
    fields_.clear();
    return std::exchange(list_, {});
  }

 private:
  std::vector<FieldViolation> list_;
  std::unordered_set<std::string> fields_;  // the fields that have a violation
};

}  // namespace ruyi
