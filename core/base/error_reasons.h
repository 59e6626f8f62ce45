// The reasons of ErrorInfo (docs/api.md lists them with their codes). Constants; thread-safe.
#pragma once

#include <string_view>

namespace ruyi::reason {

inline constexpr std::string_view kInvalidRequest = "INVALID_REQUEST";
inline constexpr std::string_view kImageTooLarge = "IMAGE_TOO_LARGE";
inline constexpr std::string_view kVramBudget = "VRAM_BUDGET";
inline constexpr std::string_view kGpuOutOfMemory = "GPU_OUT_OF_MEMORY";
inline constexpr std::string_view kGpuFault = "GPU_FAULT";
inline constexpr std::string_view kNotFinite = "NOT_FINITE";
inline constexpr std::string_view kLoraChanged = "LORA_CHANGED";
inline constexpr std::string_view kModelChanged = "MODEL_CHANGED";
inline constexpr std::string_view kWorkerLost = "WORKER_LOST";
inline constexpr std::string_view kQueueFull = "QUEUE_FULL";
inline constexpr std::string_view kModelLoading = "MODEL_LOADING";
inline constexpr std::string_view kDraining = "DRAINING";
inline constexpr std::string_view kJobTimeout = "JOB_TIMEOUT";
inline constexpr std::string_view kCancelledByCaller = "CANCELLED_BY_CALLER";
inline constexpr std::string_view kFeatureNotBuilt = "FEATURE_NOT_BUILT";
inline constexpr std::string_view kInternal = "INTERNAL";

}  // namespace ruyi::reason
