#include "server/page/page_listener.h"

#include <civetweb.h>

#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

namespace ruyi {
namespace {

constexpr char kThreads[] = "8";        // each answers one request at a time
constexpr char kPatienceMs[] = "2000";  // with a request that comes and with an answer that leaves
constexpr absl::Duration kPatience = absl::Seconds(2);
constexpr char kLongestHead[] = "8192";  // bytes of a request without its body
constexpr char kMostWaiting[] = "64";    // connections that no thread has taken

std::string Decoded(absl::string_view text) {
  std::string decoded(text.size() + 1, '\0');
  const int size = mg_url_decode(text.data(), static_cast<int>(text.size()), decoded.data(),
                                 static_cast<int>(decoded.size()), /*is_form_url_encoded=*/0);
  decoded.resize(size < 0 ? 0 : size);
  return decoded;
}

std::map<std::string, std::string> QueryOf(const mg_request_info& info) {
  std::map<std::string, std::string> query;
  const absl::string_view text = info.query_string == nullptr ? "" : info.query_string;
  for (const absl::string_view field : absl::StrSplit(text, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair = absl::StrSplit(field, absl::MaxSplits('=', 1));
    query[Decoded(pair.first)] = Decoded(pair.second);
  }
  return query;
}

// A header that came twice becomes an empty one: nothing that is looked at may have two values.
PageRequest RequestOf(const mg_request_info& info) {
  PageRequest request = {.method = info.request_method,
                         .path = info.local_uri == nullptr ? "" : info.local_uri,
                         .query = QueryOf(info),
                         .headers = {},
                         .peer = info.remote_addr};
  for (int i = 0; i < info.num_headers; ++i) {
    const auto [header, is_new] =
        request.headers.emplace(absl::AsciiStrToLower(info.http_headers[i].name), info.http_headers[i].value);
    if (!is_new)
      header->second.clear();
  }
  return request;
}

std::string HeadOf(const mg_connection& connection, const PageAnswer& answer) {
  std::string head = absl::StrCat("HTTP/1.1 ", answer.status, " ",
                                  mg_get_response_code_text(&connection, answer.status), "\r\nConnection: close\r\n");
  if (!answer.type.empty())
    absl::StrAppend(&head, "Content-Type: ", answer.type, "\r\nContent-Length: ", answer.body.size(), "\r\n");
  for (const auto& [name, value] : answer.headers)
    absl::StrAppend(&head, name, ": ", value, "\r\n");
  return head + "\r\n";
}

void Send(mg_connection* connection, const PageAnswer& answer, bool has_body) {
  const std::string head = HeadOf(*connection, answer);
  mg_write(connection, head.data(), head.size());
  if (has_body)
    mg_write(connection, answer.body.data(), answer.body.size());
}

// Answers what the library refuses by itself: a method that it does not know, or a head that is too long.
int AnswerToOther(mg_connection* connection, int status, const char* /*message*/) {
  Send(connection, OperatorPage::AnswerToOther(status), /*has_body=*/true);
  return 0;  // it is answered
}

}  // namespace

absl::StatusOr<std::unique_ptr<PageListener>> PageListener::Start(const std::string& address,
                                                                  OperatorPage::Parts parts) {
  std::array<const char*, 13> options = {"listening_ports",
                                         address.c_str(),
                                         "num_threads",
                                         kThreads,
                                         "request_timeout_ms",
                                         kPatienceMs,
                                         "max_request_size",
                                         kLongestHead,
                                         "connection_queue",
                                         kMostWaiting,
                                         "tcp_nodelay",
                                         "1",
                                         nullptr};
  std::unique_ptr<PageListener> listener(new PageListener(std::move(parts)));
  mg_callbacks callbacks = {};
  callbacks.begin_request = &PageListener::Answer;
  callbacks.http_error = &AnswerToOther;
  listener->server_ = mg_start(&callbacks, listener.get(), options.data());
  mg_server_port bound = {};
  if (listener->server_ == nullptr || mg_get_server_ports(listener->server_, 1, &bound) != 1)
    return absl::UnavailableError("cannot listen on " + address);
  listener->port_ = bound.port;
  return listener;
}

PageListener::~PageListener() {
  End();
  if (ending_.joinable())
    ending_.join();
}

void PageListener::End() {
  if (server_ != nullptr) {
    ending_ = std::thread([this, server = server_] {
      AwaitAnswers();
      mg_stop(server);
    });
  }
  server_ = nullptr;
}

// The body of a request is not read: none has anything in it that counts.
int PageListener::Answer(mg_connection* connection) {
  const mg_request_info& info = *mg_get_request_info(connection);
  auto& listener = *static_cast<PageListener*>(info.user_data);
  {
    absl::MutexLock lock(&listener.mutex_);
    ++listener.being_answered_;
  }
  const PageAnswer answer = listener.page_.Answer(RequestOf(info));
  Send(connection, answer, std::string_view(info.request_method) != "HEAD");
  absl::MutexLock lock(&listener.mutex_);
  --listener.being_answered_;
  return answer.status;
}

// The library sends nothing any more once it is to stop, also not the answer to the request that ended the server.
void PageListener::AwaitAnswers() {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(
      absl::Condition(+[](int* being_answered) { return *being_answered == 0; }, &being_answered_), kPatience);
}

}  // namespace ruyi
