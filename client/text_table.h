// Aligns texts in columns, for people. Before it: what a command shows. After it: stdout. A function without state;
// thread-safe.
#pragma once

#include <string>
#include <vector>

namespace ruyi::client {

using TableRow = std::vector<std::string>;

// Returns one line for each row, its cells two spaces apart and in columns. All rows have as many cells as the first.
std::string TableText(const std::vector<TableRow>& rows);

}  // namespace ruyi::client
