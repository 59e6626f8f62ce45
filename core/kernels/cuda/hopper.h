// Wraps the instructions that only GPUs of compute capability 9.0 have: barriers in shared memory, the copies that
// signal them, and matrix products of a warp group (four warps). Addresses are those of the shared memory. Before and
// after it: attention_heads.cu. Device code without state. Source: NVIDIA's PTX ISA 9.0.
#pragma once

#include <cuda.h>

#include <cstdint>

namespace ruyi::kernels::cuda {

inline constexpr int kCluster = 2;  // blocks that share what they load

// Places in a tensor of [batch, row, head, number].
struct BoxPlace {
  int number;
  int head;
  int row;
  int batch;
};

__device__ inline uint32_t ClusterRank() {
  uint32_t rank;
  asm("mov.u32 %0, %cluster_ctarank;" : "=r"(rank));
  return rank;
}

__device__ inline void SyncCluster() {
  asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;" ::: "memory");
}

// Lets `threads` threads, those that name the same barrier, go on together.
__device__ inline void SyncThreads(int barrier, int threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(barrier), "r"(threads) : "memory");
}

__device__ inline void InitBarrier(uint32_t barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
}

// Makes initialised barriers known to the cluster and to copies.
__device__ inline void FenceBarriers() {
  asm volatile("fence.mbarrier_init.release.cluster;\nfence.proxy.async.shared::cta;" ::: "memory");
}

// Makes what was written to shared memory known to copies.
__device__ inline void FenceWrites() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

__device__ inline void Arrive(uint32_t barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}

// Arrives at the barrier of the block `rank` of the cluster.
__device__ inline void ArriveAt(uint32_t barrier, uint32_t rank) {
  asm volatile(
      "{\n.reg .b32 remote;\nmapa.shared::cluster.u32 remote, %0, %1;\n"
      "mbarrier.arrive.shared::cluster.b64 _, [remote];\n}" ::"r"(barrier),
      "r"(rank)
      : "memory");
}

// Arrives, and makes the phase last until `bytes` were copied.
__device__ inline void ArriveAndExpect(uint32_t barrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}

__device__ inline bool IsOver(uint32_t barrier, int phase) {
  uint32_t is_over;
  asm volatile("{\n.reg .pred p;\nmbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\nselp.u32 %0, 1, 0, p;\n}"
               : "=r"(is_over)
               : "r"(barrier), "r"(phase)
               : "memory");
  return is_over != 0;
}

// Waits until the phase of this parity is over.
__device__ inline void Await(uint32_t barrier, int phase) {
  while (!IsOver(barrier, phase)) {
  }
}

// Copies a box of the tensor to `to`; what lies outside of the tensor becomes zeros, which count as bytes too.
__device__ inline void LoadBox(uint32_t to, const CUtensorMap& tensor, uint32_t barrier, const BoxPlace& place) {
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
      "[%0], [%1, {%3, %4, %5, %6}], [%2];" ::"r"(to),
      "l"(&tensor), "r"(barrier), "r"(place.number), "r"(place.head), "r"(place.row), "r"(place.batch)
      : "memory");
}

// Copies a box to the same place in all blocks of the cluster, and signals the barrier at the same place in each.
__device__ inline void LoadBoxForAll(uint32_t to, const CUtensorMap& tensor, uint32_t barrier, const BoxPlace& place) {
  constexpr uint16_t kAll = (1 << kCluster) - 1;
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.multicast::cluster "
      "[%0], [%1, {%3, %4, %5, %6}], [%2], %7;" ::"r"(to),
      "l"(&tensor), "r"(barrier), "r"(place.number), "r"(place.head), "r"(place.row), "r"(place.batch), "h"(kAll)
      : "memory");
}

// Copies a box from shared memory to the tensor, but for what lies outside of it.
__device__ inline void StoreBox(const CUtensorMap& tensor, uint32_t from, const BoxPlace& place) {
  asm volatile("cp.async.bulk.tensor.4d.global.shared::cta.tile.bulk_group [%1, {%2, %3, %4, %5}], [%0];" ::"r"(from),
               "l"(&tensor), "r"(place.number), "r"(place.head), "r"(place.row), "r"(place.batch)
               : "memory");
}

__device__ inline void CommitStores() {
  asm volatile("cp.async.bulk.commit_group;" ::: "memory");
}

// Waits until the stores of this thread have read what they store.
__device__ inline void AwaitReads() {
  asm volatile("cp.async.bulk.wait_group.read 0;" ::: "memory");
}

// Waits until the stores of this thread are done.
__device__ inline void AwaitStores() {
  asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
}

// Gives registers of each of this warp group's threads back, or takes such. All of its warps must call it.
template <int kRegisters>
__device__ void ReleaseRegisters() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}
template <int kRegisters>
__device__ void TakeRegisters() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

// Stores four matrices of 8 x 8 numbers of 16 bits; each lane names the place of one row.
__device__ inline void StoreMatrices(uint32_t to, const uint32_t (&words)[4]) {
  asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(to), "r"(words[0]),
               "r"(words[1]), "r"(words[2]), "r"(words[3])
               : "memory");
}

// Describes a matrix in shared memory, in rows of 64 bytes that a copy has swizzled, of which 8 lie together. `stride`:
// bytes from one column of such groups to the next, where the rows are those that a product adds up over.
__device__ inline uint64_t DescribeMatrix(uint32_t address, uint32_t stride = 16) {
  constexpr uint64_t kEightRows = 8 * 64;
  constexpr uint64_t kSwizzle64 = 2;
  return (address & 0x3ffff) >> 4 | static_cast<uint64_t>(stride >> 4) << 16 | (kEightRows >> 4) << 32 |
         kSwizzle64 << 62;
}

// Returns what the description of a matrix changes by when it begins `bytes` later.
__device__ inline constexpr uint64_t Later(int bytes) {
  return static_cast<uint64_t>(bytes) >> 4;
}

// Begins products: what the registers hold is as they are to find it.
__device__ inline void FenceProducts() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

__device__ inline void CommitProducts() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

// Waits until all committed products but the last `kRest` groups of them are done. `sums` are theirs: nothing that uses
// them moves before the wait.
template <int kRest, int kCount>
__device__ void AwaitProducts(float (&sums)[kCount]) {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kRest) : "memory");
#pragma unroll
  for (int i = 0; i < kCount; ++i)
    asm volatile("" : "+f"(sums[i])::"memory");
}

#define RUYI_SUMS_4(sums, i) "+f"(sums[i]), "+f"(sums[(i) + 1]), "+f"(sums[(i) + 2]), "+f"(sums[(i) + 3])
#define RUYI_SUMS_12(sums, i) RUYI_SUMS_4(sums, i), RUYI_SUMS_4(sums, (i) + 4), RUYI_SUMS_4(sums, (i) + 8)

// Sets sums [64, 112] to, or with kAdds adds to them, the product of bfloat16 matrices a [64, 16] and b [112, 16],
// transposed. Both lie in shared memory, with the 16 numbers in a row.
template <bool kAdds>
__device__ void Multiply(float (&sums)[56], uint64_t a, uint64_t b) {
  asm volatile(
      "{\n.reg .pred adds;\nsetp.ne.b32 adds, %58, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n112k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, "
      "%24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, "
      "%46, %47, %48, %49, %50, %51, %52, %53, %54, %55}, %56, %57, adds, 1, 1, 0, 0;\n}"
      : RUYI_SUMS_12(sums, 0), RUYI_SUMS_12(sums, 12), RUYI_SUMS_12(sums, 24), RUYI_SUMS_12(sums, 36),
        RUYI_SUMS_4(sums, 48), RUYI_SUMS_4(sums, 52)
      : "l"(a), "l"(b), "n"(kAdds));
}

// Adds to sums [64, 88] the product of bfloat16 matrices a [64, 16], in registers, and b [16, 88], in shared memory.
__device__ inline void MultiplyAdd(float (&sums)[44], const uint32_t (&a)[4], uint64_t b) {
  asm volatile(
      "{\n.reg .pred adds;\nsetp.ne.b32 adds, 1, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n88k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, "
      "%24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43}, "
      "{%44, %45, %46, %47}, %48, adds, 1, 1, 1;\n}"
      : RUYI_SUMS_12(sums, 0), RUYI_SUMS_12(sums, 12), RUYI_SUMS_12(sums, 24), RUYI_SUMS_4(sums, 36),
        RUYI_SUMS_4(sums, 40)
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
}

#undef RUYI_SUMS_4
#undef RUYI_SUMS_12

}  // namespace ruyi::kernels::cuda
