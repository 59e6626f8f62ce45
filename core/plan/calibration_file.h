// Keeps the calibrations of earlier starts, so that a server is ready sooner: a JSON file with one for each device and
// model. Before it: core/pipeline's calibrator. After it: core/plan/cost_model. Functions without state; two processes
// may use one file: it is replaced as a whole, and what one of them adds at the same moment may be lost.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "core/plan/calibration.h"

namespace ruyi {

// Returns the calibration under `key`. NOT_FOUND: no file, or nothing under that key. DATA_LOSS, FAILED_PRECONDITION: a
// damaged file, see ReadJsonFile and GetDouble. Blocks on the disk.
absl::StatusOr<Calibration> ReadCalibration(const std::filesystem::path& path, const std::string& key);

// Adds or replaces the calibration under `key`; makes folders that are missing. A damaged file is replaced.
// UNAVAILABLE: it cannot be written. Blocks on the disk.
absl::Status WriteCalibration(const std::filesystem::path& path, const std::string& key,
                              const Calibration& calibration);

}  // namespace ruyi
