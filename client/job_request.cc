#include "client/job_request.h"

#include "client/choices.h"

namespace ruyi::client {
namespace {

void SetEncoding(const EncodingOptions& options, v1::GenerateVideoRequest& request) {
  v1::Encoding encoding;
  if (options.crf.has_value())
    encoding.set_crf(*options.crf);
  encoding.set_preset(EncoderPresetOfName(options.preset));
  if (options.fragment_frames.has_value())
    encoding.set_fragment_frames(*options.fragment_frames);
  encoding.set_faststart(options.faststart);
  if (encoding.ByteSizeLong() > 0)
    *request.mutable_encoding() = encoding;
}

}  // namespace

void SetJobOptions(const JobOptions& options, v1::GenerateVideoRequest& request) {
  request.set_request_id(options.request_id);
  request.mutable_labels()->insert(options.labels.begin(), options.labels.end());
  request.set_priority(PriorityOfName(options.priority));
  if (options.preview_every_steps.has_value())
    request.mutable_preview()->set_every_steps(*options.preview_every_steps);
  SetEncoding(options.encoding, request);
  if (options.reuse)
    request.set_reuse(v1::REUSE_PREFER);
}

}  // namespace ruyi::client
