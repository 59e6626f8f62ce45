// The attention of all tokens to all, for Hopper: docs/adr/0014 says why, and what was measured. A cluster of two
// blocks shares the keys and values of a head. In each block one warp group starts the copies, and each of three others
// computes 64 rows: while one waits for its exponentials, the others' products keep the tensor cores busy.
#include <algorithm>

#include "core/kernels/cuda/attention_tile.h"
#include "core/kernels/cuda/hopper.h"
#include "core/kernels/cuda/launch.h"
#include "core/kernels/cuda/row_group.h"

namespace ruyi::kernels::cuda {
namespace {

__device__ void LoadQueries(const Arguments& arguments, const Addresses& addresses, BoxPlace place, int phase) {
  const uint32_t gate = addresses.QueryGate();
  Await(Empty(gate), phase ^ 1);
  ArriveAndExpect(Full(gate), sizeof(Shared::queries));
  for (int box = 0; box < kBoxes; ++box, place.number += kBoxNumbers)
    LoadBox(addresses.Queries() + box * kRows * kBoxBytes, arguments.queries, Full(gate), place);
}

// Loads this block's half of the rows, for both.
__device__ void LoadHalf(const CUtensorMap& tensor, uint32_t to, uint32_t gate, BoxPlace place, int phase) {
  constexpr int kHalf = kKeys / kCluster;
  Await(Empty(gate), phase ^ 1);
  ArriveAndExpect(Full(gate), kKeys * kRowBytes);
  place.row += ClusterRank() * kHalf;
  to += ClusterRank() * kHalf * kBoxBytes;
  for (int box = 0; box < kBoxes; ++box, place.number += kBoxNumbers)
    LoadBoxForAll(to + box * kKeys * kBoxBytes, tensor, Full(gate), place);
}

// Starts all copies to shared memory, as one thread. The last block of keys comes first, since it alone may have fewer.
__device__ void Load(const Arguments& arguments, const Addresses& addresses) {
  Stage stage;
  int query_phase = 0;
  ForEachTile(arguments, [&](BoxPlace place) {
    LoadQueries(arguments, addresses, place, query_phase);
    query_phase ^= 1;
#pragma unroll 1
    for (int block = BlocksOfKeys(arguments) - 1; block >= 0; --block) {
      place.row = block * kKeys;
      LoadHalf(arguments.keys, addresses.Keys(stage.index), addresses.KeyGate(stage.index), place, stage.phase);
      LoadHalf(arguments.values, addresses.Values(stage.index), addresses.ValueGate(stage.index), place, stage.phase);
      stage.Advance();
    }
  });
}

__device__ void Compute(const Arguments& arguments, const Addresses& addresses) {
  RowGroup rows(addresses, arguments.scale);
  const int blocks = BlocksOfKeys(arguments);
  ForEachTile(arguments, [&](const BoxPlace& place) {
    rows.Begin(arguments.tokens - (blocks - 1) * kKeys);
#pragma unroll 1
    for (int block = 1; block < blocks; ++block)
      rows.Continue();
    rows.End();
    rows.Store(arguments, place);
  });
  AwaitStores();
}

__global__ void __cluster_dims__(kCluster) __launch_bounds__(kThreads, 1)
    AttentionHeadsKernel(const __grid_constant__ Arguments arguments) {
  extern __shared__ uint8_t memory[];
  const auto begin = static_cast<uint32_t>(__cvta_generic_to_shared(memory));
  const Addresses addresses = {.base = (begin + kAlignment - 1) / kAlignment * kAlignment};
  if (threadIdx.x == 0)
    InitGates(addresses);
  SyncCluster();
  if (threadIdx.x / kGroupThreads == kGroups) {
    ReleaseRegisters<32>();
    if (threadIdx.x == kGroups * kGroupThreads)
      Load(arguments, addresses);
  } else {
    TakeRegisters<160>();
    Compute(arguments, addresses);
  }
  __syncwarp();
  SyncCluster();  // before the other block's copies and arrivals have ended, no memory may go
}

using EncodeTensor = decltype(&cuTensorMapEncodeTiled);

// libcuda's function, which is not linked: a machine without a GPU has no libcuda.
EncodeTensor FindEncodeTensor() {
  constexpr unsigned kSinceCuda = 12000;
  void* function = nullptr;
  cudaDriverEntryPointQueryResult result;
  if (cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, kSinceCuda, cudaEnableDefault, &result) !=
      cudaSuccess)
    return nullptr;
  return reinterpret_cast<EncodeTensor>(function);
}

// Describes a tensor of `heads` to copies of boxes of `rows` rows.
cudaError_t DescribeTensor(const AttentionHeads& heads, const void* data, uint32_t rows, CUtensorMap& tensor) {
  static const EncodeTensor encode = FindEncodeTensor();
  if (encode == nullptr)
    return cudaErrorSymbolNotFound;
  constexpr cuuint64_t kHeadBytes = 2 * kHeadNumbers;
  const auto count = static_cast<cuuint64_t>(heads.heads);
  const auto tokens = static_cast<cuuint64_t>(heads.tokens);
  const cuuint64_t sizes[] = {kHeadNumbers, count, tokens, static_cast<cuuint64_t>(heads.batches)};
  const cuuint64_t strides[] = {kHeadBytes, kHeadBytes * count, kHeadBytes * count * tokens};
  const cuuint32_t box[] = {kBoxNumbers, 1, rows, 1};
  const cuuint32_t steps[] = {1, 1, 1, 1};
  const CUresult result = encode(&tensor, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 4, const_cast<void*>(data), sizes, strides,
                                 box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_64B,
                                 CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  return result == CUDA_SUCCESS ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t DescribeTensors(const AttentionHeads& heads, Arguments& arguments) {
  cudaError_t error = DescribeTensor(heads, heads.queries, kRows, arguments.queries);
  if (error == cudaSuccess)
    error = DescribeTensor(heads, heads.keys, kKeys / kCluster, arguments.keys);
  if (error == cudaSuccess)
    error = DescribeTensor(heads, heads.values, kKeys / kCluster, arguments.values);
  return error == cudaSuccess ? DescribeTensor(heads, heads.out, kGroupRows, arguments.out) : error;
}

// As many blocks as run at once, each of which computes one tile after the other.
cudaError_t Launch(const Arguments& arguments, cudaStream_t stream) {
  int device = 0;
  int processors = 0;
  cudaError_t error = cudaGetDevice(&device);
  if (error == cudaSuccess)
    error = cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device);
  if (error == cudaSuccess)
    error = cudaFuncSetAttribute(AttentionHeadsKernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kSharedBytes);
  if (error != cudaSuccess)
    return error;
  const int clusters = std::min(processors / kCluster, arguments.tiles);
  AttentionHeadsKernel<<<clusters * kCluster, kThreads, kSharedBytes, stream>>>(arguments);
  return cudaGetLastError();
}

}  // namespace

extern "C" bool RuyiAttendsOn(int device) {
  int major = 0;
  int minor = 0;
  return cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) == cudaSuccess &&
         cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device) == cudaSuccess && major == 9 &&
         minor == 0;
}

extern "C" cudaError_t RuyiLaunchAttentionHeads(const AttentionHeads* heads, cudaStream_t stream) {
  constexpr double kLog2OfE = 1.44269504088896340736;
  Arguments arguments = {};
  const cudaError_t error = DescribeTensors(*heads, arguments);
  if (error != cudaSuccess)
    return error;
  arguments.tokens = heads->tokens;
  arguments.heads = heads->heads;
  arguments.spans = (heads->tokens + kCluster * kRows - 1) / (kCluster * kRows);
  arguments.tiles = arguments.spans * heads->heads * heads->batches;
  arguments.scale = static_cast<float>(heads->scale * kLog2OfE);
  return Launch(arguments, stream);
}

}  // namespace ruyi::kernels::cuda
