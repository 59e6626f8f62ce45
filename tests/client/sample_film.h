// A small MP4 made with OpenCV. Pure; thread-safe.
#pragma once

#include <filesystem>
#include <string>

namespace ruyi::client {

// Writes a film of `frames` frames of 64x48 pixels, each brighter than the one before (frame i: grey 10 · (i + 1)), and
// returns its path.
std::string WriteSampleFilm(const std::filesystem::path& path, int frames);

}  // namespace ruyi::client
