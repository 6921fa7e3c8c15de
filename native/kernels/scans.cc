// Running sums and products along the middle dimension of x = [outer, n, inner]. They are calculated in double and rounded when they are written.
#include "kernels/parts.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Columns that pass through the rows together.
constexpr size_t kBand = 64;

// out[o, k, i] = the total of x[o, j, i] for j up to k, or from k on. Error: the roundings of the totals in double, and one more. out may be x.
template <typename Total, typename T, class Add>
void scan(Run& run, T* out, const T* x, size_t outer, size_t n, size_t inner, bool reverse, Total start, Add add) {
  if (outer == 0 || n == 0 || inner == 0) return;
  const size_t bands = (inner + kBand - 1) / kBand;
  const double work = static_cast<double>(outer) * static_cast<double>(n) * static_cast<double>(inner) * 2;
  parallel(run, outer * bands, 1, work, [&](size_t begin, size_t end) {
    for (size_t task = begin; task < end; ++task) {
      const size_t first = task % bands * kBand, width = inner - first < kBand ? inner - first : kBand;
      const size_t origin = task / bands * n * inner + first;
      Total totals[kBand];
      for (size_t c = 0; c < width; ++c) totals[c] = start;
      for (size_t step = 0; step < n; ++step) {
        const size_t row = origin + (reverse ? n - 1 - step : step) * inner;
        for (size_t c = 0; c < width; ++c) {
          totals[c] = add(totals[c], x[row + c]);
          out[row + c] = static_cast<T>(totals[c]);
        }
      }
    }
  });
}

}  // namespace

void cumsum(Run& run, float* out, const float* x, size_t outer, size_t n, size_t inner, const CumsumAttributes& attributes) {
  scan(run, out, x, outer, n, inner, attributes.reverse, 0.0, [](double total, float v) { return total + static_cast<double>(v); });
}

// Modulo 2^32.
void cumsum_int(Run& run, int32_t* out, const int32_t* x, size_t outer, size_t n, size_t inner,
                const CumsumIntAttributes& attributes) {
  scan(run, out, x, outer, n, inner, attributes.reverse, uint32_t{0},
       [](uint32_t total, int32_t v) { return total + static_cast<uint32_t>(v); });
}

void cumprod(Run& run, float* out, const float* x, size_t outer, size_t n, size_t inner, const CumprodAttributes& attributes) {
  scan(run, out, x, outer, n, inner, attributes.reverse, 1.0, [](double total, float v) { return total * static_cast<double>(v); });
}

// dx[k] = before[k] after[k], where before[k] is the product of the elements before k, and after[k] = dy[k] + x[k + 1] after[k + 1]. Nothing overlaps.
// Calculated in double, with one rounding at the end.
void cumprod_backward(Run& run, float* dx, const float* dy, const float* x, size_t outer, size_t n, size_t inner) {
  if (outer == 0 || n == 0 || inner == 0) return;
  const size_t lines = outer * inner, most = static_cast<size_t>(run.threads), parts = lines < most ? lines : most;
  const double work = static_cast<double>(lines) * static_cast<double>(n) * 4;
  auto* const memory = reinterpret_cast<double*>(scratch(Scratch::kBlocks, parts * 2 * n));
  for_each_part(run, parts, lines, work, [=](size_t part, size_t begin, size_t end) {
    double* const after = memory + part * n;
    for (size_t line = begin; line < end; ++line) {
      const size_t first = line / inner * n * inner + line % inner;
      double sum = 0;
      for (size_t k = n; k-- > 0;) {
        const size_t at = first + k * inner;
        if (k + 1 < n) sum *= static_cast<double>(x[at + inner]);
        sum += static_cast<double>(dy[at]);
        after[k] = sum;
      }
      double before = 1;
      for (size_t k = 0; k < n; ++k) {
        const size_t at = first + k * inner;
        dx[at] = static_cast<float>(before * after[k]);
        before *= static_cast<double>(x[at]);
      }
    }
  });
}

}  // namespace simdnn::SIMDNN_ISA
