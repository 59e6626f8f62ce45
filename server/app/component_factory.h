// The composition root: makes the parts of the server, and is the only place that knows both the interfaces and their
// implementations. Before it: main. After it: server.h. Functions without state.
#pragma once

#include "server/app/components.h"
#include "server/app/server_options.h"

namespace ruyi {

// Returns the Ruyi pipeline on each device of the options, or on each pair of them; OpenCV's decoder, FFmpeg's encoder.
// Sets the number of computing threads of the process: call it before any thread computes. Loading the pipelines has
// the errors of OpenDevice and of RuyiPipeline::Load.
Components MakeComponents(const ServerOptions& options);

}  // namespace ruyi
