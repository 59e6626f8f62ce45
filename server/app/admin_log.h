// Writes what administrators change into the server's log: who, what, from where, and whether it was done. Before it:
// server/admin. After it: log.h. A function without state; thread-safe.
#pragma once

#include "server/admin/administration.h"

namespace ruyi {

// Writes a line admin_change.
void LogAdminChange(const AdminChange& change);

}  // namespace ruyi
