// Holds the stores in which a server keeps its jobs and their bytes. component_factory.h gives them in the program;
// tests give their own. A value.
#pragma once

#include <memory>

#include "core/artifact/artifact_store.h"
#include "core/base/clock.h"
#include "core/quota/quotas.h"
#include "core/store/job_store.h"

namespace ruyi {

struct Stores {
  std::unique_ptr<const Clock> clock = nullptr;  // of the stores, where they need one of their own
  std::unique_ptr<JobStore> jobs;
  std::unique_ptr<ArtifactStore> artifacts;
  std::shared_ptr<Quotas> quotas = nullptr;  // that tenants are held to; none: nobody is limited
};

}  // namespace ruyi
