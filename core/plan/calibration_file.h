// Keeps the calibrations of earlier starts, so that a server is ready sooner: a JSON file with one for each device and
// model, and what videos have taught about its seconds since. Before it: core/pipeline, its calibrator and the cost
// model after each video. After it: core/plan/cost_model. Functions without state; two processes
// may use one file: it is replaced as a whole, and what one of them adds at the same moment may be lost.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plan/calibration.h"

namespace ruyi {

// Returns the calibration under `key`. NOT_FOUND: no file, or nothing under that key. DATA_LOSS, FAILED_PRECONDITION: a
// damaged file, see ReadJsonFile and GetDouble. Blocks on the disk.
absl::StatusOr<Calibration> ReadCalibration(const std::filesystem::path& path, const std::string& key);

// Adds or replaces the calibration under `key`, with no ratios; makes folders that are missing. A damaged file is
// replaced.
// UNAVAILABLE: it cannot be written. Blocks on the disk.
absl::Status WriteCalibration(const std::filesystem::path& path, const std::string& key,
                              const Calibration& calibration);

// Returns the calibration that counts: what is kept under `key`, for another server may have measured meanwhile, and
// the two keep what they learn beside one calibration; else `measured`, which is kept if it can be. With an empty path
// nothing is kept. Blocks on the disk.
Calibration KeepCalibration(const std::filesystem::path& path, const std::string& key, const Calibration& measured);

// Returns the ratios that are kept beside the calibration under `key`, see TimeLessons; none where it was written by an
// earlier version, or no video has been made since. Errors: those of ReadCalibration. Blocks on the disk.
absl::StatusOr<std::vector<double>> ReadTimeRatios(const std::filesystem::path& path, const std::string& key);

// Keeps `ratios` beside the calibration under `key`, in place of those before. FAILED_PRECONDITION: another calibration
// is there than `calibration`, which they were learnt with. NOT_FOUND: none is; somebody wants it measured anew. Other
// errors: those of ReadCalibration and WriteCalibration. Blocks on the disk.
absl::Status WriteTimeRatios(const std::filesystem::path& path, const std::string& key, const Calibration& calibration,
                             const std::vector<double>& ratios);

}  // namespace ruyi
