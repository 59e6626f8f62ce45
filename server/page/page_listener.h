// Carries the operator's page over HTTP, to this machine alone. Before it: a browser. After it: operator_page.h. Its
// threads are few and wait for nobody longer than two seconds. Thread-safe, but for End, which belongs to one thread.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/page/operator_page.h"

struct mg_connection;
struct mg_context;

namespace ruyi {

class PageListener {
 public:
  // Listens on `address`, HOST:PORT of IPv4 (port 0: any free one). Blocks for the binding. UNAVAILABLE: the address
  // cannot be bound.
  static absl::StatusOr<std::unique_ptr<PageListener>> Start(const std::string& address, OperatorPage::Parts parts);

  // Ends, and waits for that: for the requests that are being answered, and two seconds at most for those that are
  // being read or written.
  ~PageListener();

  int port() const { return port_; }

  // Takes no more requests. Does not block.
  void End();

 private:
  explicit PageListener(OperatorPage::Parts parts) : page_(std::move(parts)) {}

  static int Answer(mg_connection* connection);
  void AwaitAnswers();

  OperatorPage page_;
  absl::Mutex mutex_;
  int being_answered_ ABSL_GUARDED_BY(mutex_) = 0;
  mg_context* server_ = nullptr;
  int port_ = 0;
  std::thread ending_;
};

}  // namespace ruyi
