// Keeps encoded chunks that show no picture from request to request: masks, and frames that the model has to invent.
// They depend on nothing but the video's size and which frames are given. Before it and after it: conditioner.h. Owned
// by the pipeline. Not thread-safe: belongs to the thread that computes.
#pragma once

#include <ATen/core/Tensor.h>

#include <compare>
#include <map>
#include <vector>

namespace ruyi {

class ConstantMoments {
 public:
  struct Key {
    int width = 0;  // of the video
    int height = 0;
    bool tiled = false;        // the autoencoder works by tiles
    bool in_slabs = false;     // the autoencoder goes by slabs
    bool is_mask = false;      // else of pictures
    std::vector<int> unknown;  // for each frame of the chunk: 1 where it is not given
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  // Returns the moments of `key`, or an undefined tensor when they are not kept.
  at::Tensor Find(const Key& key) const;

  // Keeps a copy of `moments` in the host's memory. When there are kMost already, all of them are dropped first.
  void Add(const Key& key, const at::Tensor& moments);

  void Clear() { moments_.clear(); }

 private:
  static constexpr size_t kMost = 256;  // about a megabyte each

  std::map<Key, at::Tensor> moments_;
};

}  // namespace ruyi
