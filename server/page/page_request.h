// A request of a browser and its answer, apart from the library that carries them. Before it: page_listener.h. After
// it: operator_page.h. Values.
#pragma once

#include <map>
#include <string>

namespace ruyi {

struct PageRequest {
  std::string method;                          // "GET", "POST"
  std::string path;                            // decoded, without the query: "/api/jobs"
  std::map<std::string, std::string> query;    // decoded
  std::map<std::string, std::string> headers;  // names in lower case
  std::string peer;                            // the browser's address, without the port
};

struct PageAnswer {
  int status = 200;
  std::string type;                            // of the body
  std::string body;                            // which an answer to HEAD leaves out
  std::map<std::string, std::string> headers;  // others
};

}  // namespace ruyi
