// Makes the boxes of MP4 files that libavformat does not write. Before it: Mp4File, with libavformat's header. After
// it: the file's bytes. Functions without state; thread-safe. Sources: ISO/IEC 14496-12; Adobe's XMP specification,
// part 3; IPTC Photo Metadata Standard 2023.1.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace ruyi {

// Adds the box mehd, which says how long a fragmented file will be, to `header` (the boxes up to the first fragment).
// `duration` is in units of the movie's timescale. INTERNAL: the header has no box moov with a box mvex in it.
absl::Status InsertFragmentsDuration(uint32_t duration, std::string& header);

// Returns the box uuid whose XMP packet says that the video was made by a trained model: IPTC's digital source type
// trainedAlgorithmicMedia. It belongs at the file's top level.
std::string GeneratedMediaBox();

}  // namespace ruyi
