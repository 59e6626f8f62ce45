#include "core/artifact/files/seal_file.h"

#include "core/artifact/files/partial_file.h"
#include "core/base/status_macros.h"

namespace ruyi {

absl::Status WriteSeal(const ResultContext& context, const std::string& path, const ResultSeal& seal) {
  RUYI_ASSIGN_OR_RETURN(PartialFile file, PartialFile::Create(context.disk, context.budget, context.partial_folder));
  RUYI_RETURN_IF_ERROR(file.Write(FormatSeal(seal)));
  RUYI_RETURN_IF_ERROR(file.Sync());
  RUYI_RETURN_IF_ERROR(context.budget.Delete(context.disk, path));
  RUYI_RETURN_IF_ERROR(file.MoveTo(path));
  return context.disk.SyncFolder(context.folder);
}

}  // namespace ruyi
