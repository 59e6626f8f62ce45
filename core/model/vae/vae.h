// The causal MagViT video autoencoder (AutoencoderKLMagvit of Ruyi-Models): pictures in [-1, 1] to latents and back.
// Before it: the pipeline's conditioning clips (encode) and denoised latents (decode). After it: the posterior sample,
// the frames for the video encoder. Long clips pass chunk by chunk and large pictures, where tiling is on, tile by
// tile, so memory is bounded by a tile of a chunk. Vae is immutable after loading and thread-safe; a VaeDecoderStream
// belongs to one thread. The tensor functions throw c10::Error, as ATen does; callers stand behind GuardExceptions.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/cancellation.h"
#include "core/model/vae/config.h"
#include "core/model/vae/temporal_pass.h"
#include "core/model/vae/tiling.h"
#include "core/tensor/tensor_placement.h"
#include "core/weights/mapped_files.h"

namespace ruyi {

struct VaeLayers;

// The frames or latents [begin, begin + count) of a clip.
struct VaeChunk {
  int64_t begin = 0;
  int64_t count = 0;
  bool operator==(const VaeChunk&) const = default;
};

// Returns what a slab takes at most: on a GPU so much that it keeps the chip busy, on a CPU so little that caches hold
// it.
inline int64_t SlabBytesOn(c10::Device device) {
  constexpr int64_t kSlabBytes = int64_t{128} << 20;
  constexpr int64_t kCpuSlabBytes = int64_t{2} << 20;
  return device.is_cpu() ? kCpuSlabBytes : kSlabBytes;
}

class Vae {
 public:
  // Loads the autoencoder in `folder`, the model's vae/ with config.json and diffusion_pytorch_model.safetensors.
  // `placement.dtype` is also the type of the arithmetic, unless the config asks for float32. Names in the file that no
  // layer uses are added to `unused`. Errors: those of ReadJsonFile, ParseVaeConfig and WeightStore. Blocks on the
  // disk.
  static absl::StatusOr<Vae> Load(const std::filesystem::path& folder, const TensorPlacement& placement,
                                  std::vector<std::string>* unused);

  const VaeConfig& config() const;

  // Returns the files whose memory the weights may share.
  const MappedFiles& files() const;

  // Returns the bytes of the weights.
  int64_t bytes() const;

  const c10::Device& device() const { return placement_.device; }
  bool is_tiled() const { return encoder_grid_.has_value(); }
  bool goes_by_slabs() const { return slab_bytes_ > 0; }

  // Returns the same layers with tiling on or off, whatever the configuration says; the tile size is the
  // configuration's.
  Vae WithTiling(bool on) const;

  // Returns the same layers with tiles of another size; nullopt: no tiles.
  Vae WithGrids(std::optional<VaeTileGrid> encoder, std::optional<VaeTileGrid> decoder) const;

  // Returns the same layers, which pass what is larger than `slab_bytes` through norms and convolutions slab by slab
  // (slabs.h): the same numbers with less memory, and a little more time. 0: nothing goes by slabs.
  Vae BySlabs(int64_t slab_bytes) const;
  Vae BySlabs() const { return BySlabs(SlabBytesOn(placement_.device)); }

  // Returns how a clip of `frames` frames is cut for EncodeChunk. An odd count puts the first frame alone (slice, cache
  // mode).
  std::vector<VaeChunk> EncoderChunks(int64_t frames) const;

  // Returns the moments (means, then log variances) of one chunk: [B, in, n, H, W] → [B, 2 * latent, n', H/s, W/s]. H
  // and W are multiples of s = 2^(spatial resamplings). Takes any float type and device; computes and returns in the
  // placement. A chunk depends on no other chunk in any mode: equal chunks have equal moments. Polls the token before
  // each tile (a chunk without tiling is one); returns its status.
  absl::StatusOr<at::Tensor> EncodeChunk(const at::Tensor& video, const CancellationToken& token = {}) const;

  // Returns the moments of all chunks of [B, in, F, H, W], one after the other.
  at::Tensor EncodeMoments(const at::Tensor& video) const;

  // Decodes the transformer's latents divided by config().scaling_factor, [B, latent, f, h, w] → frames [B, out, F, H,
  // W], about [-1, 1], not clamped. It is a loop over VaeDecoderStream.
  at::Tensor Decode(const at::Tensor& latents) const;

 private:
  friend class VaeDecoderStream;
  Vae(VaeConfig config, TensorPlacement placement, std::shared_ptr<const VaeLayers> layers);

  VaeConfig config_;
  TensorPlacement placement_;
  std::shared_ptr<const VaeLayers> layers_;
  std::optional<VaeTileGrid> encoder_grid_;
  std::optional<VaeTileGrid> decoder_grid_;
  int64_t slab_bytes_ = 0;
};

// Decodes one clip, chunk by chunk. In cache mode the last frames of each convolution's input go over to the same tile
// of the next chunk; those of all tiles are kept until then. In slice mode a chunk's deepest layers also see both
// neighbours. It shares the layers of the Vae.
class VaeDecoderStream {
 public:
  VaeDecoderStream(const Vae& vae, int64_t latent_frames);

  bool done() const;

  // Returns how many latents from the start of the clip Next reads: up to the end of the next chunk or, in slice mode,
  // of the chunk after it. 0 when all chunks are decoded.
  int64_t latents_needed() const;

  // Returns the frames of the next chunk, [B, out, n, H, W] in the placement, of any memory format. `latents` are the
  // clip's [B, latent, >= latents_needed(), h, w], from its start. Polls the token before each tile; returns its
  // status. Must not be called when done or after an error.
  absl::StatusOr<at::Tensor> Next(const at::Tensor& latents, const CancellationToken& token = {});

 private:
  VaeChunk Window() const;
  TemporalPass PassOfTile(size_t tile);

  Vae vae_;
  std::vector<VaeChunk> chunks_;
  bool lone_first_;
  size_t next_ = 0;
  std::vector<VaeCarry> carries_;  // of each tile; the reference keeps one, for it ends a tile before the next
};

}  // namespace ruyi
