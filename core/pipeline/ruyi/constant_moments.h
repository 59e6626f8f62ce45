// Encoded chunks that show no picture, kept from request to request: masks, and frames that the model has to invent.
// They depend on nothing but the video's size and which frames are given. Before it and after it: conditioner.h. Owned
// by the pipeline. Not thread-safe: the thread that computes.
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
    bool is_mask = false;      // else of pictures
    std::vector<int> unknown;  // for each frame of the chunk: 1 where it is not given
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  // Undefined: not there.
  at::Tensor Find(const Key& key) const;

  // Keeps a copy in the host's memory. When there are many, all that were kept go first.
  void Add(const Key& key, const at::Tensor& moments);

  void Clear() { moments_.clear(); }

 private:
  static constexpr size_t kMost = 256;  // about a megabyte each

  std::map<Key, at::Tensor> moments_;
};

}  // namespace ruyi
