// Describes the fields of JobEvent and JobRecord for core/job/json_fields.h. Their names and words are stored, so they
// must not change.
#pragma once

#include "core/job/job_event.h"
#include "core/job/job_record.h"
#include "core/job/plan_fields.h"

namespace ruyi {

template <>
struct EnumWords<JobState> {
  static constexpr std::string_view kWords[] = {"queued", "running",   "cancelling", "succeeded",
                                                "failed", "cancelled", "expired"};
};
template <>
struct EnumWords<Priority> {
  static constexpr std::string_view kWords[] = {"low", "normal", "high"};
};
template <>
struct VariantWords<JobEvent> {
  static constexpr std::string_view kWords[] = {"accepted", "queued", "started",    "resumed",   "progress",
                                                "preview",  "retry",  "cancelling", "completed", "failed"};
};
static_assert(std::size(VariantWords<JobEvent>::kWords) == std::variant_size_v<JobEvent>);

template <typename Fields, IsA<FileDigest> T>
void Describe(Fields& fields, T& file) {
  fields("size_bytes", file.size_bytes);
  fields.Hex("sha256", file.sha256);
}

template <typename Fields, IsA<Provenance> T>
void Describe(Fields& fields, T& provenance) {
  fields("model", provenance.model);
  fields("model_sha256", provenance.model_sha256);
  fields("loras", provenance.loras);
  fields("build", provenance.build);
  fields.Unless(std::string(), "arithmetic", provenance.arithmetic);
  fields("sampler", provenance.sampler);
  fields("seed", provenance.seed);
}

template <typename Fields, IsA<VideoResult> T>
void Describe(Fields& fields, T& result) {
  fields("file", result.file);
  fields("frame_count", result.frame_count);
  fields("frames_per_second", result.frames_per_second);
  fields("skipped_steps", result.skipped_steps);
  fields("provenance", result.provenance);
  fields("device", result.device);
  fields("reused_from", result.reused_from);
}

template <typename Fields, IsA<VideoUsage> T>
void Describe(Fields& fields, T& usage) {
  fields("queued", usage.queued);
  fields("conditioning", usage.conditioning);
  fields("denoising", usage.denoising);
  fields("decoding", usage.decoding);
  fields("report", usage.report);
  fields("worked", usage.worked);
  fields("resumes", usage.resumes);
}

template <typename Fields, IsA<JobAccepted> T>
void Describe(Fields& fields, T& event) {
  fields("placement", event.placement);
}

template <typename Fields, IsA<JobQueued> T>
void Describe(Fields& fields, T& event) {
  fields("position", event.position);
  fields("expected_wait", event.expected_wait);
  fields.Unless(false, "paused", event.paused);
}

template <typename Fields, IsA<JobStarted> T>
void Describe(Fields& fields, T& event) {
  fields("worker", event.worker);
  fields("attempt", event.attempt);
  fields("placement", event.placement);
}

template <typename Fields, IsA<JobResumed> T>
void Describe(Fields& fields, T& event) {
  fields("step", event.step);
}

template <typename Fields, IsA<JobProgress> T>
void Describe(Fields& fields, T& event) {
  fields("progress", event.progress);
  fields("per_unit", event.per_unit);
  fields("remaining", event.remaining);
}

template <typename Fields, IsA<JobPreview> T>
void Describe(Fields& fields, T& event) {
  fields("step", event.step);
  fields("size", event.size);
  fields.Base64("jpeg", event.jpeg);
}

template <typename Fields, IsA<JobRetry> T>
void Describe(Fields& fields, T& event) {
  fields("retry", event.retry);
}

template <typename Fields, IsA<JobCancelling> T>
void Describe(Fields& fields, T& event) {
  fields("why", event.why);
}

template <typename Fields, IsA<JobCompleted> T>
void Describe(Fields& fields, T& event) {
  fields("result", event.result);
  fields("usage", event.usage);
}

template <typename Fields, IsA<JobFailed> T>
void Describe(Fields& fields, T& event) {
  fields("status", event.status);
}

template <typename Fields, IsA<JobTicket> T>
void Describe(Fields& fields, T& ticket) {
  fields("id", ticket.id);
  fields("request_id", ticket.request_id);
  fields("request_digest", ticket.request_digest);
  fields("reuse_key", ticket.reuse_key);
  fields("labels", ticket.labels);
  fields("priority", ticket.priority);
  fields("cancel_on_disconnect", ticket.cancel_on_disconnect);
  fields.Unless(std::string(kDefaultTenant), "tenant", ticket.tenant);
  fields.Unless(std::string(), "principal", ticket.principal);
  fields.Unless(std::string(), "call_id", ticket.call_id);
  fields.Unless(std::string(), "traceparent", ticket.traceparent);
}

template <typename Fields, IsA<CheckpointRef> T>
void Describe(Fields& fields, T& checkpoint) {
  fields("step", checkpoint.step);
  fields("sha256", checkpoint.sha256);
  fields("worked", checkpoint.worked);
}

template <typename Fields, IsA<JobRecord> T>
void Describe(Fields& fields, T& record) {
  fields("ticket", record.ticket);
  fields("spec", record.spec);
  fields("placement", record.placement);
  fields("state", record.state);
  fields("create_time", record.create_time);
  fields("start_time", record.start_time);
  fields("end_time", record.end_time);
  fields("expire_time", record.expire_time);
  fields("create_age", record.create_age);
  fields("end_age", record.end_age);
  fields("expire_age", record.expire_age);
  fields("queued", record.queued);
  fields.Unless(std::string(), "worker", record.worker);
  fields("attempts", record.attempts);
  fields("crashes", record.crashes);
  fields("resumes", record.resumes);
  fields("checkpoint", record.checkpoint);
  fields("outcome", record.outcome);
  fields("progress", record.progress);
  fields("result", record.result);
  fields("usage", record.usage);
  fields("error", record.error);
  fields("last_seq", record.last_seq);
}

}  // namespace ruyi
