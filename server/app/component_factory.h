// The composition root: the only place that knows both the interfaces and what implements them. Before it: main. After
// it: server.h. Functions without state.
#pragma once

#include "server/app/components.h"
#include "server/app/server_options.h"

namespace ruyi {

// The Ruyi pipeline on each device of the options, or on each pair of them; OpenCV's decoder, FFmpeg's encoder. Sets
// the number of computing threads of the process: call it before any thread computes. Loading has the errors of
// OpenDevice and of RuyiPipeline::Load.
Components MakeComponents(const ServerOptions& options);

}  // namespace ruyi
