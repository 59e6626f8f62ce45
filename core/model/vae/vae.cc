#include "core/model/vae/vae.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/cat.h>

#include <algorithm>
#include <utility>

#include "core/base/exception_guard.h"
#include "core/base/status_macros.h"
#include "core/json/json_file.h"
#include "core/model/vae/decoder.h"
#include "core/model/vae/encoder.h"
#include "core/weights/weight_store.h"

namespace ruyi {

struct VaeLayers {
  VaeEncoder encoder;
  VaeDecoder decoder;
  MappedFiles files;  // the files whose memory the weights may share
  int64_t bytes = 0;  // of all weights
};

namespace {

std::vector<VaeChunk> Cut(int64_t length, int64_t chunk_length, bool first_alone) {
  std::vector<VaeChunk> chunks;
  if (first_alone)
    chunks.push_back({.begin = 0, .count = 1});
  for (int64_t begin = first_alone ? 1 : 0; begin < length; begin += chunk_length)
    chunks.push_back({.begin = begin, .count = std::min(chunk_length, length - begin)});
  return chunks;
}

// Returns true when the first latent is decoded alone and stands for one frame.
bool HasLoneFirst(VaeTemporalMode mode, int64_t latent_frames) {
  return mode == VaeTemporalMode::kSlice ? latent_frames % 2 == 1
                                         : mode == VaeTemporalMode::kCache && latent_frames == 1;
}

std::vector<VaeChunk> DecoderChunks(const VaeConfig& config, int64_t latent_frames) {
  if (config.temporal_mode == VaeTemporalMode::kPlain)
    return Cut(latent_frames, latent_frames, false);
  return Cut(latent_frames, config.decoder_chunk, HasLoneFirst(config.temporal_mode, latent_frames));
}

// Says what the convolutions of the decoder see beyond chunk number `index`.
TemporalBorder DecoderBorder(VaeTemporalMode mode, size_t index, bool lone_first) {
  switch (mode) {
    case VaeTemporalMode::kSlice:
      return index == 0 && lone_first ? TemporalBorder::kOneFrame : TemporalBorder::kZeros;
    case VaeTemporalMode::kCache:
      if (index > 0)
        return TemporalBorder::kCarry;
      return lone_first ? TemporalBorder::kOneFrame : TemporalBorder::kCarryStart;
    case VaeTemporalMode::kPlain:
    case VaeTemporalMode::kChunks:
      break;
  }
  return TemporalBorder::kReplicate;
}

TemporalBorder EncoderBorder(VaeTemporalMode mode) {
  const bool zeros = mode == VaeTemporalMode::kSlice || mode == VaeTemporalMode::kCache;
  return zeros ? TemporalBorder::kZeros : TemporalBorder::kReplicate;
}

at::Tensor Place(const at::Tensor& x, const TensorPlacement& placement) {
  return x.to(placement.device, placement.dtype).contiguous(at::MemoryFormat::ChannelsLast3d);
}

}  // namespace

absl::StatusOr<Vae> Vae::Load(const std::filesystem::path& folder, const TensorPlacement& placement,
                              std::vector<std::string>* unused) {
  RUYI_ASSIGN_OR_RETURN(VaeConfig config, ParseJsonFile(folder / "config.json", ParseVaeConfig));
  TensorPlacement place = placement;
  if (config.always_float32)
    place.dtype = c10::kFloat;
  return GuardExceptions("loading the video autoencoder", [&]() -> absl::StatusOr<Vae> {
    RUYI_ASSIGN_OR_RETURN(WeightStore store, WeightStore::Open(folder, "diffusion_pytorch_model", place));
    VaeLayers layers = {.encoder = VaeEncoder::Load(store.root(), config),
                        .decoder = VaeDecoder::Load(store.root(), config),
                        .files = store.mapped_files(),
                        .bytes = 0};
    RUYI_RETURN_IF_ERROR(store.Finish());
    layers.bytes = BytesOf(store.taken()) + layers.decoder.extra_bytes();
    store.AddUnusedNames(unused);
    return Vae(std::move(config), place, std::make_shared<const VaeLayers>(std::move(layers)));
  });
}

Vae::Vae(VaeConfig config, TensorPlacement placement, std::shared_ptr<const VaeLayers> layers)
    : config_(std::move(config)), placement_(placement), layers_(std::move(layers)) {
  if (config_.tiles_encoder)
    encoder_grid_ = EncoderGrid(config_);
  if (config_.tiles_decoder)
    decoder_grid_ = DecoderGrid(config_);
}

const VaeConfig& Vae::config() const {
  return config_;
}

const MappedFiles& Vae::files() const {
  return layers_->files;
}

int64_t Vae::bytes() const {
  return layers_->bytes;
}

Vae Vae::WithTiling(bool on) const {
  return on ? WithGrids(EncoderGrid(config_), DecoderGrid(config_)) : WithGrids(std::nullopt, std::nullopt);
}

Vae Vae::WithGrids(std::optional<VaeTileGrid> encoder, std::optional<VaeTileGrid> decoder) const {
  Vae vae = *this;
  vae.encoder_grid_ = encoder;
  vae.decoder_grid_ = decoder;
  return vae;
}

Vae Vae::BySlabs(int64_t slab_bytes) const {
  Vae vae = *this;
  vae.slab_bytes_ = slab_bytes;
  return vae;
}

std::vector<VaeChunk> Vae::EncoderChunks(int64_t frames) const {
  if (config_.temporal_mode == VaeTemporalMode::kPlain)
    return Cut(frames, frames, false);
  return Cut(frames, config_.encoder_chunk, config_.temporal_mode != VaeTemporalMode::kChunks && frames % 2 == 1);
}

absl::StatusOr<at::Tensor> Vae::EncodeChunk(const at::Tensor& video, const CancellationToken& token) const {
  const auto encode = [&](const at::Tensor& tile, size_t) -> absl::StatusOr<at::Tensor> {
    RUYI_RETURN_IF_ERROR(token.Check());
    TemporalPass pass = {.border = EncoderBorder(config_.temporal_mode), .slab_bytes = slab_bytes_};
    return layers_->encoder.Forward(Place(tile, placement_), pass).contiguous();
  };
  return PassByTiles(encoder_grid_, video, encode);
}

at::Tensor Vae::EncodeMoments(const at::Tensor& video) const {
  std::vector<at::Tensor> moments;
  for (const VaeChunk& chunk : EncoderChunks(video.size(2)))
    moments.push_back(EncodeChunk(video.narrow(2, chunk.begin, chunk.count)).value());
  return at::cat(moments, 2);
}

at::Tensor Vae::Decode(const at::Tensor& latents) const {
  std::vector<at::Tensor> frames;
  for (VaeDecoderStream stream(*this, latents.size(2)); !stream.done();)
    frames.push_back(stream.Next(latents).value());
  return at::cat(frames, 2);
}

VaeDecoderStream::VaeDecoderStream(const Vae& vae, int64_t latent_frames)
    : vae_(vae),
      chunks_(DecoderChunks(vae.config(), latent_frames)),
      lone_first_(HasLoneFirst(vae.config().temporal_mode, latent_frames)) {}

bool VaeDecoderStream::done() const {
  return next_ == chunks_.size();
}

int64_t VaeDecoderStream::latents_needed() const {
  return done() ? 0 : Window().begin + Window().count;
}

VaeChunk VaeDecoderStream::Window() const {
  const VaeChunk& chunk = chunks_[next_];
  const size_t first = lone_first_ ? 1 : 0;
  if (vae_.config_.temporal_mode != VaeTemporalMode::kSlice || next_ < first)
    return chunk;
  const VaeChunk& before = next_ > first ? chunks_[next_ - 1] : chunk;
  const VaeChunk& after = next_ + 1 < chunks_.size() ? chunks_[next_ + 1] : chunk;
  return {.begin = before.begin, .count = after.begin + after.count - before.begin};
}

TemporalPass VaeDecoderStream::PassOfTile(size_t tile) {
  carries_.resize(std::max(carries_.size(), tile + 1));
  return {.border = DecoderBorder(vae_.config_.temporal_mode, next_, lone_first_),
          .carry = &carries_[tile],
          .slab_bytes = vae_.slab_bytes_};
}

absl::StatusOr<at::Tensor> VaeDecoderStream::Next(const at::Tensor& latents, const CancellationToken& token) {
  const VaeChunk window = Window();
  const VaeChunk chunk = chunks_[next_];
  const auto decode = [&](const at::Tensor& tile, size_t index) -> absl::StatusOr<at::Tensor> {
    RUYI_RETURN_IF_ERROR(token.Check());
    const VaeDecoderInput input = {
        .latents = Place(tile, vae_.placement_), .begin = chunk.begin - window.begin, .count = chunk.count};
    TemporalPass pass = PassOfTile(index);
    return vae_.layers_->decoder.Forward(input, pass);
  };
  RUYI_ASSIGN_OR_RETURN(at::Tensor frames,
                        PassByTiles(vae_.decoder_grid_, latents.narrow(2, window.begin, window.count), decode));
  ++next_;
  return frames;
}

}  // namespace ruyi
