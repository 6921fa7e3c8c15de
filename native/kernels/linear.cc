#include "kernels/activate.h"
#include "kernels/gemm.h"
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

struct Activation {
  int32_t function;
  double a, b;
  const float* y;  // where a gradient is wanted: the function's values, laid out as C
};

void activate_part(const Product& g, size_t i0, size_t i1, size_t j0, size_t j1) {
  const Activation& f = *static_cast<const Activation*>(g.finish_context);
  if (j1 - j0 == g.n) {
    activate(f.function, f.a, f.b, g.c + i0 * g.n, (i1 - i0) * g.n);
  } else {
    for (size_t i = i0; i < i1; ++i) activate(f.function, f.a, f.b, g.c + i * g.n + j0, j1 - j0);
  }
}

// dx[0, n) times the derivative of f where its value is y, by f's own kernel.
void differentiate(const Activation& f, float* dx, const float* y, size_t n) {
  Run serial(1);
  switch (f.function) {
#define UNARY(name)                                       \
  case k_##name:                                          \
    name##_backward(serial, dx, dx, y, y, n, f.a, f.b);   \
    break;
#include "kernels/unary.def"
    default:
      break;
  }
}

void differentiate_part(const Product& g, size_t i0, size_t i1, size_t j0, size_t j1) {
  const Activation& f = *static_cast<const Activation*>(g.finish_context);
  if (j1 - j0 == g.n) {
    differentiate(f, g.c + i0 * g.n, f.y + i0 * g.n, (i1 - i0) * g.n);
  } else {
    for (size_t i = i0; i < i1; ++i) differentiate(f, g.c + i * g.n + j0, f.y + i * g.n + j0, j1 - j0);
  }
}

// Rows summed one after the other before their sum joins the total.
constexpr size_t kBiasRows = 256;

// out[j] = sum over r of dy[r * stride + j] for the columns that `load_row` loads: within each block of kBiasRows four
// chains over r mod 4, which hide the latency of the adds; the blocks are added in order.
template <class LoadRow>
HWY_INLINE VF column_sums(const float* dy, size_t rows, size_t stride, LoadRow load_row) {
  VF total = hn::Zero(kF);
  for (size_t begin = 0; begin < rows; begin += kBiasRows) {
    const size_t end = begin + kBiasRows < rows ? begin + kBiasRows : rows;
    VF s0 = hn::Zero(kF), s1 = s0, s2 = s0, s3 = s0;
    size_t r = begin;
    for (; r + 4 <= end; r += 4) {
      const float* row = dy + r * stride;
      s0 = hn::Add(s0, load_row(row));
      s1 = hn::Add(s1, load_row(row + stride));
      s2 = hn::Add(s2, load_row(row + 2 * stride));
      s3 = hn::Add(s3, load_row(row + 3 * stride));
    }
    if (r < end) s0 = hn::Add(s0, load_row(dy + r * stride));
    if (r + 1 < end) s1 = hn::Add(s1, load_row(dy + (r + 1) * stride));
    if (r + 2 < end) s2 = hn::Add(s2, load_row(dy + (r + 2) * stride));
    total = hn::Add(total, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)));
  }
  return total;
}

}  // namespace

// y[rows, out] = act(x[rows, in] weight[out, in]^T + bias); bias may be null. y overlaps nothing.
// Order of the sum and error: struct Product in gemm.h. The activation's own error comes on top; its
// bits are those of the separate kernel.
void linear_forward(Run& run, float* y, const float* x, const float* weight, const float* bias, size_t rows, size_t in,
                    size_t out, int32_t activation, double a, double b) {
  Product g{};
  g.c = y;
  g.c_stride = out;
  g.a = operand(x, rows, in, false);
  g.b = operand(weight, out, in, false);
  g.m = rows;
  g.n = out;
  g.k = in;
  g.bias = bias;
  g.relu = activation == k_relu;
  const Activation f{activation, a, b, nullptr};
  if (activation != kNoUnary && !g.relu) {
    g.finish = activate_part;
    g.finish_context = &f;
  }
  multiply(run, g);
}

// dx[rows, in] = dy weight, dweight[out, in] = dy^T x, dbias[out] = sums of dy's columns: each written, or
// added to where its bit of `accumulate` (enum Accumulate) is set; null where not wanted. With an
// `activation`, x is its value f(u) and dx, whole, is multiplied by f'(u) as f's own kernel does, which must
// read f(u) alone: relu, sigmoid, tanh. The outputs overlap nothing. Order of the sums of dx and dweight and their error: struct Product in gemm.h;
// dbias: column_sums above, at most 64 + 2 + rows / 256 roundings.
void linear_backward(Run& run, float* dx, float* dweight, float* dbias, const float* dy, const float* x,
                     const float* weight, size_t rows, size_t in, size_t out, int32_t accumulate, int32_t activation,
                     double a, double b) {
  if (dx != nullptr) {
    Product g{};
    g.c = dx;
    g.c_stride = in;
    g.a = operand(dy, rows, out, false);
    g.b = operand(weight, in, out, true);
    g.m = rows;
    g.n = in;
    g.k = out;
    g.accumulate = (accumulate & kAccumulateDx) != 0;
    const Activation f{activation, a, b, x};
    if (activation == k_relu) {
      g.gate = x;
    } else if (activation != kNoUnary) {
      g.finish = differentiate_part;
      g.finish_context = &f;
    }
    multiply(run, g);
  }
  if (dweight != nullptr) {
    Product g{};
    g.c = dweight;
    g.c_stride = in;
    g.a = operand(dy, out, rows, true);
    g.b = operand(x, in, rows, true);
    g.m = out;
    g.n = in;
    g.k = rows;
    g.accumulate = (accumulate & kAccumulateDweight) != 0;
    multiply(run, g);
  }
  if (dbias != nullptr) {
    const bool add = (accumulate & kAccumulateDbias) != 0;
    const double work = static_cast<double>(rows) * static_cast<double>(out) / kLanes;
    parallel(run, out, kLanes, work, [&](size_t begin, size_t end) {
      for (size_t j = begin; j < end; j += kLanes) {
        const size_t n = end - j;
        VF sums;
        if (n >= kLanes) {
          sums = column_sums(dy + j, rows, out, [](const float* p) HWY_ATTR { return hn::LoadU(kF, p); });
        } else {
          sums = column_sums(dy + j, rows, out, [n](const float* p) HWY_ATTR { return load_tail(kF, p, n); });
        }
        if (add) sums = hn::Add(load(kF, dbias + j, n), sums);
        store(sums, kF, dbias + j, n);
      }
    });
  }
}

}  // namespace simdnn::SIMDNN_ISA
