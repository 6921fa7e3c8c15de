// Products of two matrices, also with transposed ones, as a share of the machine's peak rate of multiply-adds.
#include "bench/bench.h"

namespace simdnn::bench {

SECTION(matmul, "matmul") {
  for (size_t n : {size_t{31}, size_t{128}, size_t{512}}) {
    Floats c(n * n), a(n * n), b(n * n);
    Run run(bench.threads);
    for (int transposed = 0; transposed < 3; ++transposed) {
      const double seconds = best_seconds([&] {
        bench.kernel.matmul(run, c.data(), a.data(), b.data(), n, n, n, {transposed == 1, transposed == 2});
      });
      const double rate = 2.0 * static_cast<double>(n * n * n) / seconds;
      const char* const names[] = {"a b", "a^T b", "a b^T"};
      std::printf("%-6s %4zu^3 %12.3f us %8.1f GFLOP/s %4.0f%%\n", names[transposed], n, seconds * 1e6, rate / 1e9,
                  100 * rate / bench.peak);
    }
  }
}

SECTION(batches, "batched_matmul") {
  for (size_t n : {size_t{8}, size_t{31}, size_t{128}}) {
    constexpr size_t kBatch = 64;
    Floats c(kBatch * n * n), a(kBatch * n * n), b(kBatch * n * n);
    Run run(bench.threads);
    const double seconds = best_seconds([&] {
      bench.kernel.batched_matmul(run, c.data(), a.data(), b.data(), kBatch, n, n, n, {});
    });
    const double rate = 2.0 * static_cast<double>(kBatch * n * n * n) / seconds;
    std::printf("%zu of %3zu^3 %12.3f us %8.1f GFLOP/s %4.0f%%\n", kBatch, n, seconds * 1e6, rate / 1e9, 100 * rate / bench.peak);
  }
}

}  // namespace simdnn::bench
