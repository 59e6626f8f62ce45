#include "core/model/vae/slabs.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/empty.h>

#include <algorithm>

namespace ruyi {
namespace {

constexpr int64_t kTime = 2;  // dimensions of [B, C, T, H, W]
constexpr int64_t kHeight = 3;
constexpr int64_t kHalo = 1;  // rows above and below that the kernel sees

// Returns how many rows of output a slab has: as many in all slabs, but for the last.
int64_t RowsOfSlab(const std::array<int64_t, 5>& padded, const at::Tensor& like, int64_t slab_bytes) {
  const int64_t height = padded[kHeight];
  const int64_t row_bytes = padded[0] * padded[1] * padded[kTime] * padded[4] * like.element_size();
  const int64_t most = std::max<int64_t>(1, slab_bytes / row_bytes - 2 * kHalo);
  const int64_t slabs = (height + most - 1) / most;
  return (height + slabs - 1) / slabs;
}

// The frames that lie before those of a chunk, row by row, and what the next chunk needs of this one.
class Past {
 public:
  Past(const SlabInput& input, TemporalPass& pass) : pass_(pass), frames_(PastFramesOf(pass.border)) {
    if (pass.border != TemporalBorder::kCarry && pass.border != TemporalBorder::kCarryStart)
      return;
    index_ = pass.next_convolution++;
    if (pass.border == TemporalBorder::kCarry)
      before_ = pass.carry->at(index_);
    std::array<int64_t, 5> sizes = input.sizes;
    sizes[kTime] = frames_;
    after_ = EmptyFeatures(sizes, input.like);
  }

  int64_t frames() const { return frames_; }

  // Fills in the first frames of `rows`, which are those of the input from row `begin` on with room for the past.
  void Fill(int64_t begin, const at::Tensor& rows) const {
    if (frames_ == 0)
      return;
    const int64_t count = rows.size(kHeight);
    const at::Tensor first = rows.narrow(kTime, 0, frames_);
    if (before_.defined())
      PutRows(RowsOf(before_, begin, count), 0, first);
    else
      first.copy_(rows.narrow(kTime, frames_, 1).expand_as(first));
    if (after_.defined())
      PutRows(rows.narrow(kTime, rows.size(kTime) - frames_, frames_), begin, after_);
  }

  // Hands on what the next chunk needs.
  void Finish() const {
    if (!after_.defined())
      return;
    if (before_.defined())
      (*pass_.carry)[index_] = after_;
    else
      pass_.carry->push_back(after_);
  }

 private:
  TemporalPass& pass_;
  int64_t frames_;
  size_t index_ = 0;
  at::Tensor before_;
  at::Tensor after_;
};

// Makes the slabs of one input, from the top.
class Slabs {
 public:
  Slabs(const SlabInput& input, TemporalPass& pass) : input_(input), past_(input, pass), sizes_(input.sizes) {
    sizes_[kTime] += past_.frames();
    rows_ = RowsOfSlab(sizes_, input.like, pass.slab_bytes / input.share);
  }

  bool done() const { return begin_ == sizes_[kHeight]; }
  int64_t begin() const { return begin_; }

  // Returns the next slab, with what lies around it.
  at::Tensor Next() {
    const int64_t count = std::min(rows_, sizes_[kHeight] - begin_);
    std::array<int64_t, 5> sizes = sizes_;
    sizes[kHeight] = count + 2 * kHalo;
    const at::Tensor slab = EmptyFeatures(sizes, input_.like);
    if (begin_ == 0)
      RowsOf(slab, 0, kHalo).zero_();
    else
      PutRows(shared_, 0, slab);
    FillFrom(begin_ == 0 ? kHalo : 2 * kHalo, slab);
    shared_ = RowsOf(slab, count, 2 * kHalo).clone();
    begin_ += count;
    return slab;
  }

  void Finish() const { past_.Finish(); }

 private:
  // Fills the rows of the slab from its row `known` on.
  void FillFrom(int64_t known, const at::Tensor& slab) const {
    const int64_t first = begin_ - kHalo + known;  // of the input
    const int64_t end = std::min(begin_ - kHalo + slab.size(kHeight), sizes_[kHeight]);
    if (first < end) {
      const at::Tensor rows = RowsOf(slab, known, end - first);
      input_.fill(first, rows.narrow(kTime, past_.frames(), input_.sizes[kTime]));
      past_.Fill(first, rows);
    }
    if (end - begin_ + kHalo < slab.size(kHeight))
      RowsOf(slab, slab.size(kHeight) - kHalo, kHalo).zero_();
  }

  const SlabInput& input_;
  Past past_;
  std::array<int64_t, 5> sizes_;  // of the input with its past
  int64_t rows_ = 0;
  int64_t begin_ = 0;
  at::Tensor shared_;  // the last rows of a slab, with which the next one begins
};

}  // namespace

bool GoesBySlabs(int64_t bytes, const TemporalPass& pass) {
  return pass.slab_bytes > 0 && bytes > pass.slab_bytes;
}

std::array<int64_t, 5> SizesOf(const at::Tensor& x) {
  return {x.size(0), x.size(1), x.size(2), x.size(3), x.size(4)};
}

at::Tensor EmptyFeatures(const std::array<int64_t, 5>& sizes, const at::Tensor& like) {
  return at::empty(sizes, like.options(), at::MemoryFormat::ChannelsLast3d);
}

at::Tensor RowsOf(const at::Tensor& x, int64_t begin, int64_t count) {
  return x.narrow(kHeight, begin, count);
}

void PutRows(const at::Tensor& rows, int64_t begin, const at::Tensor& x) {
  kernels::SumRows({.x = rows, .missing_bias = {}}, {}, RowsOf(x, begin, rows.size(kHeight)));
}

void ForEachSlab(const SlabInput& input, TemporalPass& pass, TakeSlab take) {
  Slabs slabs(input, pass);
  while (!slabs.done()) {
    const int64_t begin = slabs.begin();
    take(begin, slabs.Next());
  }
  slabs.Finish();
}

void ConvolveBySlabs(const CausalConv3d& conv, const SlabInput& input, TemporalPass& pass, TakeRows take) {
  ForEachSlab(input, pass,
              [&](int64_t begin, const at::Tensor& slab) { take(begin, conv.ForwardSlab(slab, pass.border)); });
}

at::Tensor NormedConvolution::Forward(const at::Tensor& x, TemporalPass& pass) const {
  if (!GoesBySlabs(static_cast<int64_t>(x.nbytes()), pass))
    return conv.Forward(norm.Forward({.x = x, .missing_bias = {}}, activation), pass);
  const at::Tensor out = EmptyFeatures({x.size(0), conv.weight.size(0), x.size(2), x.size(3), x.size(4)}, x);
  ForwardBySlabs({.x = x, .missing_bias = {}}, pass,
                 [&](int64_t begin, const kernels::Features& rows) { PutRows(kernels::Whole(rows), begin, out); });
  return out;
}

void NormedConvolution::ForwardBySlabs(const kernels::Features& features, TemporalPass& pass, TakeRows take) const {
  const at::Tensor& x = features.x;
  const at::Tensor scales = norm.Scales(features);
  const auto fill = [&](int64_t begin, const at::Tensor& rows) {
    norm.ForwardRows(RowsOf(x, begin, rows.size(kHeight)), scales, activation, rows);
  };
  ConvolveBySlabs(conv, {.sizes = SizesOf(x), .like = x, .fill = fill}, pass, take);
}

}  // namespace ruyi
