#include "server/convert/estimate_to_proto.h"

#include "server/convert/memory_proto.h"
#include "server/convert/settings_to_proto.h"
#include "server/convert/time_to_proto.h"

namespace ruyi {
namespace {

void Fill(const ModeEstimate& estimate, ruyi::v1::ModeEstimate& proto) {
  FillPrediction(estimate.prediction, proto);
  proto.set_fits(estimate.fits);
  proto.set_reason(estimate.reason);
}

}  // namespace

ruyi::v1::EstimateVideoResponse ToProto(const PlannedVideo& planned, absl::Duration queue_wait) {
  ruyi::v1::EstimateVideoResponse proto;
  *proto.mutable_settings() = SettingsOf(planned.spec);
  for (const ModeEstimate& mode : planned.admission.modes)
    Fill(mode, *proto.add_modes());
  if (planned.admission.chosen.has_value())
    proto.set_chosen(static_cast<int>(*planned.admission.chosen));
  proto.set_reason(planned.admission.reason);
  proto.set_budget_mib(MibOf(planned.admission.budget_bytes));
  proto.set_host_budget_mib(MibOf(planned.admission.host_budget_bytes));
  *proto.mutable_queue_wait() = ToProto(queue_wait);
  return proto;
}

}  // namespace ruyi
