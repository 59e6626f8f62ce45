#include "client/list_command.h"

#include <algorithm>
#include <iostream>
#include <vector>

#include "client/choices.h"
#include "client/json_events.h"
#include "client/video_client.h"
#include "client/video_text.h"

namespace ruyi::client {
namespace {

constexpr int kMaxPage = 1000;  // of the API

v1::ListVideosRequest MakeRequest(const ListOptions& options) {
  v1::ListVideosRequest request;
  for (const std::string& state : options.states)
    request.add_states(StateOfName(state));
  request.mutable_labels()->insert(options.labels.begin(), options.labels.end());
  return request;
}

// Adds one page to `videos`, and makes `request` that of the next one. Returns whether there is one to ask for.
bool TakePage(const v1::ListVideosResponse& page, size_t limit, v1::ListVideosRequest& request,
              std::vector<v1::Video>& videos) {
  for (const v1::Video& video : page.videos()) {
    if (videos.size() < limit)
      videos.push_back(video);
  }
  request.set_page_token(page.next_page_token());
  return videos.size() < limit && !page.next_page_token().empty();
}

void Print(const std::vector<v1::Video>& videos, bool json) {
  if (!json)
    std::cout << VideoTable(videos);
  for (const v1::Video& video : videos) {
    if (json)
      std::cout << MessageJson(video) << "\n";
  }
  std::cout << std::flush;
}

}  // namespace

ExitCode RunList(const ListOptions& options, const CommandContext& context) {
  VideoClient client(context.server, context.channel);
  v1::ListVideosRequest request = MakeRequest(options);
  const int limit = options.limit.value_or(ListOptions::kDefaultLimit);
  std::vector<v1::Video> videos;
  for (bool more = true; more;) {
    request.set_page_size(std::min(limit - static_cast<int>(videos.size()), kMaxPage));
    v1::ListVideosResponse page;
    const grpc::Status status = client.List(request, {.cancel_source = context.interrupt->cancel_source()}, &page);
    if (!status.ok())
      return FailCall(context, status);
    more = TakePage(page, static_cast<size_t>(limit), request, videos);
  }
  Print(videos, options.json);
  return ExitCode::kDone;
}

}  // namespace ruyi::client
