// Lists the reasons of ErrorInfo (docs/api.md has them with their codes). Constants; thread-safe.
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
inline constexpr std::string_view kQuotaExceeded = "QUOTA_EXCEEDED";
inline constexpr std::string_view kModelLoading = "MODEL_LOADING";
inline constexpr std::string_view kDraining = "DRAINING";
inline constexpr std::string_view kStoreUnavailable = "STORE_UNAVAILABLE";
inline constexpr std::string_view kJobTimeout = "JOB_TIMEOUT";
inline constexpr std::string_view kCancelledByCaller = "CANCELLED_BY_CALLER";
inline constexpr std::string_view kCancelledByAdmin = "CANCELLED_BY_ADMIN";
inline constexpr std::string_view kDeadlineUnreachable = "DEADLINE_UNREACHABLE";
inline constexpr std::string_view kRequestIdReused = "REQUEST_ID_REUSED";
inline constexpr std::string_view kNotFound = "NOT_FOUND";
inline constexpr std::string_view kVideoActive = "VIDEO_ACTIVE";
inline constexpr std::string_view kVideoEnded = "VIDEO_ENDED";
inline constexpr std::string_view kUploadStalled = "UPLOAD_STALLED";
inline constexpr std::string_view kResultNotReady = "RESULT_NOT_READY";
inline constexpr std::string_view kResultExpired = "RESULT_EXPIRED";
inline constexpr std::string_view kResultChanged = "RESULT_CHANGED";
inline constexpr std::string_view kOffsetPastEnd = "OFFSET_PAST_END";
inline constexpr std::string_view kArtifactCorrupt = "ARTIFACT_CORRUPT";
inline constexpr std::string_view kDiskFull = "DISK_FULL";
inline constexpr std::string_view kHostMemory = "HOST_MEMORY";
inline constexpr std::string_view kLeaseLost = "LEASE_LOST";
inline constexpr std::string_view kHandedBack = "HANDED_BACK";
inline constexpr std::string_view kFeatureNotBuilt = "FEATURE_NOT_BUILT";
inline constexpr std::string_view kCredentialsMissing = "CREDENTIALS_MISSING";
inline constexpr std::string_view kCredentialsInvalid = "CREDENTIALS_INVALID";
inline constexpr std::string_view kCredentialsExpired = "CREDENTIALS_EXPIRED";
inline constexpr std::string_view kTooManyAttempts = "TOO_MANY_ATTEMPTS";
inline constexpr std::string_view kNoTenant = "NO_TENANT";
inline constexpr std::string_view kUnknownRole = "UNKNOWN_ROLE";
inline constexpr std::string_view kWrongRole = "WRONG_ROLE";
inline constexpr std::string_view kInternal = "INTERNAL";

}  // namespace ruyi::reason
