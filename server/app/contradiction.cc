#include "server/app/contradiction.h"

#include "server/app/access_flags.h"

namespace ruyi {

std::string ContradictionIn(const ServerOptions& options) {
  const bool has_pairs = options.devices.front() != "cpu" && options.devices.size() % 2 == 0;
  if (options.parallel == Parallel::kCfg && !has_pairs)
    return "--parallel: cfg needs pairs of GPUs; name an even number of them, such as --device cuda:0,1, or leave "
           "--parallel out";
  if (options.fp8.arithmetic == Fp8Arithmetic::kScaled && options.fp8.type != Fp8Type::kE4m3fn)
    return "--fp8-arithmetic: scaled has no e5m2; leave --fp8-type out, or take widened";
  if (std::string wrong = WrongAccess(options.access, options.listen, "--listen"); !wrong.empty())
    return wrong;
  if (options.admin_listen.empty()) {
    return options.channelz ? "--channelz: it is served on --admin-listen, which is none; give an address there, or "
                              "leave --channelz out"
                            : "";
  }
  return WrongAccess(options.access, options.admin_listen, "--admin-listen");
}

}  // namespace ruyi
