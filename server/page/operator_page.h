// The operator's page: what a browser may ask of it, and who may. It answers programs of this machine alone, and of
// those only pages that it gave out itself: Host, Origin and Sec-Fetch-Site are looked at, so that no other page that
// the operator has open can ask in its name. Before it: page_listener.h. After it: server/admin. Thread-safe; blocks on
// the stores.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "core/base/call_context.h"
#include "core/store/job_store.h"
#include "server/admin/administration.h"
#include "server/page/page_request.h"

namespace ruyi {

class OperatorPage {
 public:
  // Returns the context of an administrator's call of `method`, "GET /api/status", by the value of the header
  // Authorization, if there is one. Errors are those of Doorkeeper::AdmitAdmin.
  using Admit = std::function<absl::StatusOr<CallContext>(std::optional<std::string_view> authorization,
                                                          const std::string& peer, const std::string& method)>;
  // Is told of a request that was refused before that, for another page may have sent it.
  using OnRefused = std::function<void(const std::string& peer, const std::string& method, const absl::Status& why)>;

  // Everything that the parts point to must outlive the page.
  struct Parts {
    Administration* administration = nullptr;
    const JobStore* jobs = nullptr;
    Admit admit;
    OnRefused on_refused = [](const std::string&, const std::string&, const absl::Status&) {};
  };
  explicit OperatorPage(Parts parts) : parts_(std::move(parts)) {}

  // Answers a request; one of HEAD as if it were one of GET. 400: the host is not named 127.0.0.1, localhost or ::1, or
  // the query is wrong; 401: the credential is missing or wrong; 403: another page asks, or the caller is no
  // administrator; 404: there is no such page or job; 405: the method is another one; 415: a change that is not sent as
  // JSON; 429: too many wrong credentials came; 503: a store is away, or the model is being loaded; 500: anything else.
  PageAnswer Answer(const PageRequest& request);

  // Returns the answer, of that status of HTTP, to what is no request that Answer could take.
  static PageAnswer AnswerToOther(int status);

 private:
  PageAnswer Refuse(const PageRequest& request, const absl::Status& why) const;
  PageAnswer Route(const PageRequest& request);
  PageAnswer RouteApi(const PageRequest& request);
  PageAnswer Read(const PageRequest& request) const;
  absl::StatusOr<std::string> Jobs(const PageRequest& request) const;
  PageAnswer Preview(const std::string& id, const PageRequest& request) const;
  absl::StatusOr<std::string> PreviewAfter(const std::string& id, int64_t seen) const;
  absl::StatusOr<std::string> Change(const std::string& path, const AdminCaller& caller);

  const Parts parts_;
};

}  // namespace ruyi
