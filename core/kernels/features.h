// Computes what stands between the convolutions of the video autoencoder: normalisation with its activation, sums, and
// the doubling of frames. Before and after it: core/model/vae. On a GPU each is one pass over features with the
// channels last in memory, or two, and adds the bias of the convolution before it on the way, which would be a pass of
// its own; elsewhere, and always under kernels::aten, the operators of ATen. What is called rows here are some rows of
// the height of features, [B, C, T, rows, W], which lie among the others or alone; what is made of them is what is made
// of all, to the bit on a GPU. Functions without state; thread-safe. Source: Wu and He 2018 (group normalisation);
// Ramachandran et al. 2017 (SiLU).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ruyi::kernels {

// The features of a video, [B, C, T, H, W], that a convolution made.
struct Features {
  at::Tensor x;
  at::Tensor missing_bias;  // [C], of the convolution, which is still to be added to x; undefined: nothing is missing
};

struct GroupNormParameters {
  at::Tensor weight;  // [C]
  at::Tensor bias;    // [C]
  int64_t groups = 1;
  double eps = 0;
  bool is_of_frames = false;  // each frame has statistics of its own
  bool activates = false;     // the result is the SiLU of what was normalised
};

// Returns true when the kernels take `x` [B, C, T, H, W]: on a GPU, channels last in memory.
bool TakesFeatures(const at::Tensor& x);

// Returns x with its bias, in the memory of x.
at::Tensor Whole(const Features& features);

// Returns the normalised features as a new [B, C, T, H, W].
at::Tensor GroupNorm(const Features& features, const GroupNormParameters& norm);

// Returns what GroupNorm scales features.x by and adds to it, channel by channel: float32 [S, 2, C], where S counts the
// clips or, with statistics of their own, the frames of all clips.
at::Tensor GroupNormScales(const Features& features, const GroupNormParameters& norm);

// Writes into `out` what GroupNorm makes of some rows, given the scales of all features.
void NormalizeRows(const at::Tensor& rows, const at::Tensor& scales, const GroupNormParameters& norm,
                   const at::Tensor& out);

// Returns features + other, in the memory of features.
at::Tensor Sum(const Features& features, const Features& other);

// Writes rows + other into `out`, which may be the memory of either. An undefined other.x is 0.
void SumRows(const Features& rows, const Features& other, const at::Tensor& out);

// Interpolates linearly in time: each frame becomes two, a quarter of the way to the frame before it and to the one
// after it. The first and the last frame stand for those that are not there. [B, C, T, H, W] → [B, C, 2T, H, W]
at::Tensor BlendFrames(const Features& features);

namespace aten {

at::Tensor GroupNorm(const Features& features, const GroupNormParameters& norm);
at::Tensor GroupNormScales(const Features& features, const GroupNormParameters& norm);
void NormalizeRows(const at::Tensor& rows, const at::Tensor& scales, const GroupNormParameters& norm,
                   const at::Tensor& out);
at::Tensor Sum(const Features& features, const Features& other);
void SumRows(const Features& rows, const Features& other, const at::Tensor& out);
at::Tensor BlendFrames(const Features& features);

}  // namespace aten
}  // namespace ruyi::kernels
