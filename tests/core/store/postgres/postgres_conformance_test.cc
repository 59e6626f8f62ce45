#include "tests/core/store/postgres/postgres_place.h"

namespace ruyi {
namespace {

INSTANTIATE_TEST_SUITE_P(Postgres, JobStoreConformance,
                         testing::Values(StoreKind{"PostgresJobStore",
                                                   [] { return std::make_unique<PostgresPlace>(); }}),
                         NameOfKind);

}  // namespace
}  // namespace ruyi
