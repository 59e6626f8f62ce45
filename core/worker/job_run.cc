#include "core/worker/job_run.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/plan/admission.h"
#include "core/request/sampler_names.h"
#include "core/worker/background_encoder.h"
#include "core/worker/lease_keeper.h"
#include "core/worker/patient_writer.h"

namespace ruyi {
namespace {

bool HasReason(const absl::Status& status, std::string_view reason) {
  return !status.ok() && GetErrorInfo(status).reason == reason;
}

absl::Duration WorkedBefore(const JobRecord& record) {
  return record.checkpoint.has_value() ? record.checkpoint->worked : absl::ZeroDuration();
}

RgbImage PictureOf(const PixelSize& size, const std::string& bytes) {
  return {.width = size.width, .height = size.height, .pixels = std::vector<uint8_t>(bytes.begin(), bytes.end())};
}

// The texts of the MP4's metadata, by key.
std::map<std::string, std::string> MetadataOf(const Provenance& provenance) {
  std::map<std::string, std::string> metadata = {
      {"model", provenance.model},     {"model_sha256", provenance.model_sha256},
      {"build", provenance.build},     {"arithmetic", provenance.arithmetic},
      {"sampler", provenance.sampler}, {"seed", absl::StrCat(provenance.seed)}};
  for (const auto& [name, sha256] : provenance.loras)
    metadata[absl::StrCat("lora_", name)] = sha256;
  return metadata;
}

}  // namespace

absl::Status HandedBack() {
  return ErrorWithReason(absl::StatusCode::kAborted, "the worker stops; the job goes back to the queue",
                         reason::kHandedBack);
}

JobRun::JobRun(const Lease& lease, const WorkerTools& tools)
    : lease_(lease),
      tools_(tools),
      spec_(lease.record.spec),
      cancellation_(tools.clock->Elapsed() + spec_.execution_timeout - WorkedBefore(lease.record), *tools.clock),
      patience_({.clock = tools.clock,
                 .limit = tools.lease,
                 .may_wait = [this] { return MayWait(); },
                 .on_first_failure = tools.on_trouble}),
      times_(*tools.clock),
      checkpoint_(lease.record.checkpoint),
      last_checkpoint_(tools.clock->Elapsed()) {}

absl::Status JobRun::Run(Pipeline& pipeline) {
  const LeaseKeeper::Times times = {.lease = tools_.lease, .retry = tools_.retry_interval};
  const LeaseKeeper keeper(*tools_.jobs, lease_, times, cancellation_);
  return End(MakeVideo(pipeline));
}

absl::StatusOr<JobCompleted> JobRun::MakeVideo(Pipeline& pipeline) {
  RUYI_ASSIGN_OR_RETURN(std::optional<FileDigest> file, SealedResult());
  if (file.has_value() && lease_.record.outcome.has_value()) {
    JobCompleted outcome = *lease_.record.outcome;
    outcome.result.file = *std::move(file);
    return outcome;
  }
  RUYI_ASSIGN_OR_RETURN(const Placement placement, ChoosePlacement(pipeline));
  RUYI_ASSIGN_OR_RETURN(const std::string state, ReadCheckpoint());
  RUYI_RETURN_IF_ERROR(Begin(placement));
  usage_.report.mode = placement.prediction.mode;
  if (!file.has_value()) {
    RUYI_ASSIGN_OR_RETURN(usage_.report, Generate(pipeline, placement, state));
    RUYI_ASSIGN_OR_RETURN(file, SealResult());
  }
  return OutcomeOf(*std::move(file));
}

absl::StatusOr<Placement> JobRun::ChoosePlacement(const Pipeline& pipeline) const {
  const JobRecord& record = lease_.record;
  const MemoryBudget available = pipeline.AvailableMemory();
  if (record.attempts == 1)
    return Place(*pipeline.costs(), spec_, available);
  return PlaceAgain(*pipeline.costs(), spec_, available, record.placement.prediction.mode);
}

// What the job ends with is kept first. Where the disk has no room for that, the job goes on; an attempt after a crash
// then knows less of how the video was made.
absl::StatusOr<FileDigest> JobRun::SealResult() {
  RUYI_RETURN_IF_ERROR(encoder_->Finish());
  const JobCompleted outcome = OutcomeOf(FileDigest());
  const absl::Status kept = Insist([&] { return tools_.jobs->SetOutcome(lease_, outcome); });
  if (HasReason(kept, reason::kLeaseLost))
    return kept;
  if (!kept.ok())
    tools_.on_trouble(kept);
  return writer_->Seal();
}

// Finds the file of an attempt that made all of it and could not say so any more.
absl::StatusOr<std::optional<FileDigest>> JobRun::SealedResult() const {
  const absl::StatusOr<ResultState> result =
      patience_.Persist([&] { return tools_.artifacts->StatResult(lease_.job_id); });
  if (absl::IsNotFound(result.status()))
    return std::nullopt;
  RUYI_RETURN_IF_ERROR(result.status());
  return result->is_sealed ? std::optional(result->digest) : std::nullopt;
}

// A checkpoint that this build, model or device does not take costs the work since the beginning, not the job.
absl::StatusOr<GenerationReport> JobRun::Generate(Pipeline& pipeline, const Placement& placement,
                                                  const std::string& state) {
  RUYI_ASSIGN_OR_RETURN(const std::vector<RgbImage> pictures, ReadPictures());
  const CancellationToken token = cancellation_.token();
  RunControl control = {.pictures = pictures,
                        .token = token,
                        .progress = *this,
                        .frames = *this,
                        .checkpoints = *this,
                        .resume_from = state};
  absl::StatusOr<GenerationReport> report = pipeline.Generate(spec_, placement, control);
  if (state.empty() || !absl::IsDataLoss(report.status()) || encoder_ != nullptr)
    return report;
  control.resume_from = {};
  return pipeline.Generate(spec_, placement, control);
}

absl::Status JobRun::Begin(const Placement& placement) {
  const JobRecord& record = lease_.record;
  usage_.queued = record.queued.value_or(absl::ZeroDuration());
  usage_.resumes = record.resumes;
  const JobStarted started = {.worker = tools_.name, .attempt = record.attempts, .placement = placement};
  return Insist([&] { return tools_.jobs->Append(lease_, started).status(); });
}

// A checkpoint that is gone or damaged costs the work since the beginning, not the job.
absl::StatusOr<std::string> JobRun::ReadCheckpoint() {
  if (!checkpoint_.has_value())
    return "";
  absl::StatusOr<std::string> state =
      patience_.Persist([&] { return tools_.artifacts->ReadBlob(checkpoint_->sha256); });
  if (!absl::IsNotFound(state.status()) && !absl::IsDataLoss(state.status()))
    return state;
  checkpoint_.reset();
  return "";
}

absl::StatusOr<std::vector<RgbImage>> JobRun::ReadPictures() const {
  std::vector<RgbImage> pictures;
  for (const std::vector<PictureRef>* refs : {&spec_.start_pictures, &spec_.end_pictures}) {
    for (const PictureRef& ref : *refs) {
      RUYI_ASSIGN_OR_RETURN(const std::string bytes,
                            patience_.Persist([&] { return tools_.artifacts->ReadBlob(ref.pixels_sha256); }));
      pictures.push_back(PictureOf(spec_.size, bytes));
    }
  }
  return pictures;
}

absl::Status JobRun::OpenEncoder() {
  RUYI_ASSIGN_OR_RETURN(std::unique_ptr<ResultWriter> writer,
                        patience_.Persist([&] { return tools_.artifacts->OpenResult(lease_.job_id, lease_.token); }));
  writer_ = std::make_unique<PatientWriter>(std::move(writer), patience_);
  const VideoFormat format = {.width = spec_.size.width,
                              .height = spec_.size.height,
                              .frames_per_second = spec_.frames_per_second,
                              .frame_count = spec_.frame_count,
                              .encoding = spec_.encoding,
                              .metadata = MetadataOf(ProvenanceOf())};
  RUYI_ASSIGN_OR_RETURN(std::unique_ptr<VideoEncoder> encoder, tools_.encoders->Create(format, writer_.get()));
  encoder_ = std::make_unique<BackgroundEncoder>(std::move(encoder), cancellation_.token());
  return absl::OkStatus();
}

// Asks until the store answers: it may be away for a while, and what was made waits for it. A worker that is to stop
// does not wait for long.
absl::Status JobRun::Insist(absl::FunctionRef<absl::Status()> tell) {
  constexpr int kLastAttempts = 5;
  absl::Status status = tell();
  if (absl::IsUnavailable(status))
    tools_.on_trouble(status);
  for (int last_attempts = 0; absl::IsUnavailable(status) && last_attempts < kLastAttempts;) {
    wake_up_.Wait(tools_.retry_interval);
    last_attempts += is_hand_back_wanted_ ? 1 : 0;
    status = tell();
  }
  return status;
}

absl::Status JobRun::MayWait() const {
  return is_hand_back_wanted_ ? HandedBack() : cancellation_.token().Check();
}

absl::Status JobRun::End(absl::StatusOr<JobCompleted> outcome) {
  const absl::Status status = outcome.status();
  cancellation_.Cancel(absl::CancelledError("the attempt has ended"));  // so that the encoder waits for no store
  encoder_.reset();
  writer_.reset();
  if (HasReason(status, reason::kLeaseLost))
    return status;
  const absl::Status told = Tell(std::move(outcome));
  if (HasReason(told, reason::kLeaseLost))
    return told;
  if (!told.ok())
    tools_.on_trouble(told);
  return status;
}

absl::Status JobRun::Tell(absl::StatusOr<JobCompleted> outcome) {
  const absl::Status status = outcome.status();
  if (HasReason(status, reason::kHandedBack) || IsStoreAway(status))
    return Insist([&] { return tools_.jobs->HandBack(lease_); });
  const JobEvent last = status.ok() ? JobEvent(*std::move(outcome)) : JobFailed{status};
  RUYI_RETURN_IF_ERROR(Insist([&] { return tools_.jobs->Finish(lease_, last); }));
  if (!status.ok())
    RUYI_RETURN_IF_ERROR(tools_.artifacts->DeleteResult(lease_.job_id));
  return checkpoint_.has_value() ? Drop(*checkpoint_) : absl::OkStatus();
}

// Equal jobs share one blob: it goes with the last that needs it. One that comes back to it in this moment begins anew.
absl::Status JobRun::Drop(const CheckpointRef& checkpoint) {
  RUYI_ASSIGN_OR_RETURN(const bool is_needed, tools_.jobs->IsCheckpoint(checkpoint.sha256));
  return is_needed ? absl::OkStatus() : tools_.artifacts->DeleteBlob(checkpoint.sha256);
}

JobCompleted JobRun::OutcomeOf(FileDigest file) {
  times_.Enter(phase_);
  usage_.conditioning = times_.Of(Phase::kConditioning);
  usage_.denoising = times_.Of(Phase::kDenoising);
  usage_.decoding = times_.Of(Phase::kDecoding);
  usage_.worked = Worked();
  return {.result = {.file = std::move(file),
                     .frame_count = spec_.frame_count,
                     .frames_per_second = spec_.frames_per_second,
                     .skipped_steps = skipped_steps_,
                     .provenance = ProvenanceOf(),
                     .device = tools_.device,
                     .reused_from = ""},
          .usage = usage_};
}

Provenance JobRun::ProvenanceOf() const {
  Provenance provenance = tools_.provenance;
  provenance.sampler = NameOf(spec_.sampler);
  provenance.seed = spec_.seed;
  for (const LoraSettings& lora : spec_.loras)
    provenance.loras[lora.name] = lora.sha256;
  return provenance;
}

// An entry that is lost is the smaller evil, and a lost lease ends the work by its token.
void JobRun::Log(JobEvent event) {
  tools_.jobs->Append(lease_, std::move(event)).IgnoreError();
}

absl::Duration JobRun::Worked() const {
  return WorkedBefore(lease_.record) + times_.Total();
}

// Units of a checkpoint took no time here, and those before a smaller mode are done again.
std::optional<absl::Duration> JobRun::TimePerUnit(const Progress& progress) {
  const bool begins = progress.phase != phase_ || progress.done < done_ || progress.done == 0;
  if (begins) {
    done_at_begin_ = progress.done;
    time_before_ = times_.Of(progress.phase);
  }
  done_ = progress.done;
  const int units = done_ - done_at_begin_;
  return units > 0 ? std::optional((times_.Of(progress.phase) - time_before_) / units) : std::nullopt;
}

void JobRun::OnProgress(const Progress& progress) {
  times_.Enter(progress.phase);
  JobProgress event = {.progress = progress, .per_unit = TimePerUnit(progress), .remaining = {}};
  phase_ = progress.phase;
  if (progress.phase == Phase::kDenoising)
    skipped_steps_ = progress.skipped_steps;
  if (event.per_unit.has_value())
    event.remaining = *event.per_unit * (progress.total - progress.done);
  Log(std::move(event));
  if (is_hand_back_wanted_ && phase_ != Phase::kDenoising)  // where no checkpoint can be made
    cancellation_.Cancel(HandedBack());
}

void JobRun::OnRetry(const Retry& retry) {
  Log(JobRetry{retry});
}

void JobRun::OnResume() {
  if (std::exchange(has_resumed_, true))
    return;
  ++usage_.resumes;
  Log(JobResumed{.step = checkpoint_->step});
}

void JobRun::OnPreview(int step, const RgbImage& picture) {
  constexpr int kQuality = 80;
  absl::StatusOr<std::string> jpeg = tools_.previews->EncodeJpeg(picture, kQuality);
  if (jpeg.ok())
    Log(JobPreview{.step = step, .size = {.width = picture.width, .height = picture.height}, .jpeg = *std::move(jpeg)});
}

// The file begins with the first frame, not with the work: its header says which build made it, and a job that waits
// for another build by then has no bytes that would have to stay.
absl::Status JobRun::OnFrame(const RgbImage& frame) {
  RUYI_RETURN_IF_ERROR(cancellation_.token().Check());
  if (encoder_ == nullptr)
    RUYI_RETURN_IF_ERROR(OpenEncoder());
  return encoder_->AddFrame(frame);
}

bool JobRun::IsWanted() {
  return is_hand_back_wanted_ || tools_.clock->Elapsed() - last_checkpoint_ >= tools_.checkpoint_interval;
}

absl::Status JobRun::OnCheckpoint(Checkpoint checkpoint) {
  last_checkpoint_ = tools_.clock->Elapsed();
  const absl::Status status = Keep(checkpoint);
  if (HasReason(status, reason::kLeaseLost))
    return status;
  // When the disk has no room for a checkpoint the job goes on; another attempt then begins further back.
  if (!status.ok())
    tools_.on_trouble(status);
  return is_hand_back_wanted_ ? HandedBack() : absl::OkStatus();
}

absl::Status JobRun::Keep(const Checkpoint& checkpoint) {
  const absl::Duration begin = tools_.clock->Elapsed();
  CheckpointRef ref = {.step = checkpoint.step, .sha256 = "", .worked = Worked()};
  RUYI_ASSIGN_OR_RETURN(ref.sha256, tools_.artifacts->PutBlob(checkpoint.state));
  RUYI_RETURN_IF_ERROR(tools_.jobs->SetCheckpoint(lease_, ref));
  const std::optional<CheckpointRef> before = std::exchange(checkpoint_, ref);
  const absl::Status dropped = before.has_value() ? Drop(*before) : absl::OkStatus();
  tools_.on_checkpoint(
      {.took = tools_.clock->Elapsed() - begin, .bytes = static_cast<int64_t>(checkpoint.state.size())});
  return dropped;
}

}  // namespace ruyi
