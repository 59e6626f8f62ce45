// Predicts memory and time of a video: facts of the model, constants of the device, and what earlier videos have
// taught. Before it: core/pipeline, which makes one when it is warm. After it: core/plan/admission. Thread-safe.
// Attention without materialised scores (Dao et al. 2022) makes memory linear and time quadratic in the tokens.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/plan/calibration.h"
#include "core/plan/generation_plan.h"
#include "core/plan/model_facts.h"
#include "core/plan/peak_lessons.h"
#include "core/plan/prediction.h"

namespace ruyi {

class CostModel {
 public:
  CostModel(ModelFacts facts, const Calibration& calibration,
            std::shared_ptr<PeakLessons> lessons = std::make_shared<PeakLessons>())
      : facts_(std::move(facts)), calibration_(calibration), lessons_(std::move(lessons)) {}

  const ModelFacts& facts() const { return facts_; }

  // What `plan` has of each kind of work.
  struct Units {
    double tokens = 0;  // of one branch
    double pixels = 0;  // of a frame, or of a tile, that the autoencoder sees at once
    int calls = 0;      // of the transformer, for each branch
    int encodes = 0;    // of a chunk, or of a tile of it
    int decodes = 0;
  };
  Units UnitsOf(const GenerationPlan& plan) const;

  // The modes that `plan` can be made in: a ladder of resident blocks, times one of resident states. Branches go in
  // turn wherever they can: that takes less memory than a batch and, by measurement, no more time.
  std::vector<MemoryMode> Modes(const GenerationPlan& plan) const;

  // `mode` must not have more blocks and states than the facts.
  Prediction Predict(const GenerationPlan& plan, const MemoryMode& mode) const;

  // Of the blocks that `mode` streams, once, if nothing computes meanwhile.
  double UploadSeconds(const MemoryMode& mode) const;

  // A video that was predicted to take `predicted` took `measured_peak_bytes` at its peak. Where that was more, later
  // predictions are raised in proportion, beside the weights; once for all videos that were predicted alike.
  void Learn(const Prediction& predicted, int64_t measured_peak_bytes);

 private:
  StageCost Encode(const GenerationPlan& plan) const;
  StageCost Denoise(const GenerationPlan& plan, const MemoryMode& mode) const;
  StageCost Decode(const GenerationPlan& plan) const;
  double PassBytes(const GenerationPlan& plan, const MemoryMode& mode) const;
  double KeptBytes(const GenerationPlan& plan, const MemoryMode& mode) const;
  double StepSeconds(const GenerationPlan& plan, const MemoryMode& mode) const;
  int64_t WeightBytes(const GenerationPlan& plan, const MemoryMode& mode) const;

  const ModelFacts facts_;
  const Calibration calibration_;
  const std::shared_ptr<PeakLessons> lessons_;
};

}  // namespace ruyi
