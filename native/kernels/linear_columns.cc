// Linear layers over transposed activations, [features, padded(rows)]: the batch lies along the lanes. So every vector is full whatever the layer's width, and
// the microkernel broadcasts elements of the weight in place, which linear_forward must pack at each call.
#include <cstring>

#include "kernels/activate.h"
#include "kernels/parameter_gradients.h"
#include "kernels/gemm_pack.h"
#include "kernels/gemm_tile.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// y[r, j] = relu(sum over k of weight[r, k] * x[k, j] + bias[r]), bias and relu optional, for kRows outputs and kVectors vectors of the batch.
struct ColumnsTile {
  const float* weight;
  size_t in;  // from one row of weight to the next
  const float* x;
  size_t stride;  // of x and y
  size_t k;
  const float* bias;  // or null
  float* y;
  bool relu, add;  // add: y holds the sum of earlier blocks of k, which is added
};

template <size_t kRows, size_t kVectors>
void columns_tile(const ColumnsTile& t) {
  VF sum[kRows * kVectors];
  unroll<kRows * kVectors>(SIMDNN_UNROLLED(i) { sum[i] = hn::Zero(kF); });
  constexpr size_t kGroups = (kRows + 2) / 3;  // three rows share a pointer, as in tile() of gemm_tile.cc
  const float* weight[kGroups];
  unroll<kGroups>(SIMDNN_UNROLLED(i) { weight[i] = t.weight + 3 * i * t.in; });
  const float* x = t.x;
  float* const y = t.y;  // a copy, because for the compiler a store to y might change t
  size_t in = t.in, stride = t.stride;
  const auto step = SIMDNN_UNROLLED(ahead) {
    asm("" : "+r"(in), "+r"(stride));  // as in tile() of gemm_tile.cc
    VF columns[kVectors];
    unroll<kVectors>(SIMDNN_UNROLLED(v) { columns[v] = hn::LoadU(kF, x + v * kLanes); });
    x += stride;
    unroll<kRows>(SIMDNN_UNROLLED(r) {
      const VF element = hn::Set(kF, weight[r / 3][r % 3 * in + ahead]);
      unroll<kVectors>(SIMDNN_UNROLLED(v) {
        sum[r * kVectors + v] = hn::MulAdd(element, columns[v], sum[r * kVectors + v]);
      });
    });
  };
  size_t k = t.k;
  for (; k >= kUnroll; k -= kUnroll) {
    unroll<kUnroll>(step);
    unroll<kGroups>(SIMDNN_UNROLLED(i) { weight[i] += kUnroll; });
  }
  for (; k > 0; --k) {
    step(std::integral_constant<size_t, 0>());
    unroll<kGroups>(SIMDNN_UNROLLED(i) { ++weight[i]; });
  }
  if (t.add) {
    unroll<kRows * kVectors>(SIMDNN_UNROLLED(i) {
      sum[i] = hn::Add(hn::LoadU(kF, y + i / kVectors * stride + i % kVectors * kLanes), sum[i]);
    });
  }
  if (t.bias != nullptr) {
    unroll<kRows>(SIMDNN_UNROLLED(r) {
      const VF bias = hn::Set(kF, t.bias[r]);
      unroll<kVectors>(SIMDNN_UNROLLED(v) { sum[r * kVectors + v] = hn::Add(sum[r * kVectors + v], bias); });
    });
  }
  if (t.relu) {
    unroll<kRows * kVectors>(SIMDNN_UNROLLED(i) { sum[i] = rectified(sum[i]); });
  }
  unroll<kRows * kVectors>(SIMDNN_UNROLLED(i) {
    hn::StoreU(sum[i], kF, y + i / kVectors * stride + i % kVectors * kLanes);
  });
}

struct ColumnsKernels {
  void (*of[kTileRows][kTileVectors])(const ColumnsTile&);
};
template <size_t... kR>
constexpr ColumnsKernels columns_kernels(std::index_sequence<kR...>) {
  return {{{columns_tile<kR + 1, 1>, columns_tile<kR + 1, 2>}...}};
}
constexpr ColumnsKernels kColumnsKernels = columns_kernels(std::make_index_sequence<kTileRows>());

// columns[c, r] = x[r, c]. Columns behind `rows` repeat the last row; the results computed from them never reach y. Writes up to kLanes - 1 rows of `columns`
// behind the last.
void to_columns(float* columns, size_t stride, const float* x, size_t rows, size_t n) {
  for (size_t r = 0; r < stride; r += kLanes) {
    const float* row[kLanes];
    for (size_t i = 0; i < kLanes; ++i) row[i] = x + (r + i < rows ? r + i : rows - 1) * n;
    for (size_t c = 0; c < n; c += kLanes) {
      transpose(row, n - c, columns + c * stride + r, stride);
      for (const float*& p : row) p += kLanes;
    }
  }
}

// y[r, c] = columns[c, r] for r < rows. Whole vectors are stored, from the last features to the first and down the rows. What a vector writes beyond the end of
// its row is overwritten by later stores; only at the end of y is a vector stored in part.
void from_columns(float* y, const float* columns, size_t stride, size_t rows, size_t n) {
  const float* const end = y + rows * n;
  for (size_t c = (n - 1) / kLanes * kLanes + kLanes; c > 0;) {
    c -= kLanes;
    RowsInBlocks from(columns + c * stride, stride);
    float* to = y + c;
    for (size_t r = 0; r < rows; r += 4, to += 4 * n) {
      VF v[4];
      from.next_columns(v);
      if (to + 3 * n + kLanes <= end) {
        unroll<4>(SIMDNN_UNROLLED(i) { hn::StoreU(v[i], kF, to + i * n); });
        continue;
      }
      unroll<4>(SIMDNN_UNROLLED(i) {
        if (r + i < rows) store(v[i], kF, to + i * n, n - c);
      });
    }
  }
}

// Writes y [rows, 1] and y_columns, each where it is not null, from a result with one feature.
void put_column(float* y, float* y_columns, const float* from, size_t rows) {
  if (y != nullptr && y != from) std::memcpy(y, from, rows * sizeof(float));
  if (y_columns == nullptr) return;
  const size_t stride = padded(rows), all = padded(1) * padded(rows);
  std::memset(y_columns, 0, all * sizeof(float));
  std::memcpy(y_columns, from, rows * sizeof(float));
  for (size_t r = rows; r < stride; ++r) y_columns[r] = from[rows - 1];
}

}  // namespace

// linear_forward, bit for bit, for small layers, on one thread. It writes y [rows, out] and y_columns = y^T in [padded(out), padded(rows)], each where it is not
// null. It reads x_columns = x^T in [padded(in), padded(rows)] or, where that is null, x [rows, in]. The padding of y_columns behind its features is zero. Its
// padding behind the rows is computed from the padding of x_columns and reaches no other element. Nothing overlaps.
void linear_forward_columns(Run& run, float* y, float* y_columns, const float* x, const float* x_columns,
                            const float* weight, const float* bias, size_t rows, size_t in, size_t out,
                            const LinearAttributes& attributes) {
  if (rows == 0 || out == 0) return;
  const size_t stride = padded(rows);
  if (out == 1) {  // linear_forward computes dot products then, whose sums are not one chain
    float* const made = scratch(Scratch::kColumns, rows * in + rows);
    if (x_columns != nullptr) {
      from_columns(made, x_columns, stride, rows, in);
      x = made;
    }
    float* const column = y != nullptr ? y : made + rows * in;
    linear_forward(run, column, x, weight, bias, rows, in, out, attributes);
    return put_column(y, y_columns, column, rows);
  }
  if (x_columns == nullptr) {
    float* const made = scratch(Scratch::kPackA, padded(in) * padded(rows));
    to_columns(made, stride, x, rows, in);
    x_columns = made;
  }
  if (y_columns == nullptr) {
    y_columns = scratch(Scratch::kPackB, padded(out) * padded(rows));
  } else {
    std::memset(y_columns + out * stride, 0, (padded(out) - out) * stride * sizeof(float));
  }
  const bool relu = attributes.activation == Unary::relu;
  ColumnsTile t;
  t.in = in;
  t.stride = stride;
  size_t k = 0;
  do {
    t.k = in - k < kBlockK ? in - k : kBlockK;
    const bool last = k + t.k == in;
    t.add = k > 0;
    t.relu = last && relu;
    for (size_t j = 0; j < stride; j += kTileColumns) {
      const size_t vectors = stride - j < kTileColumns ? (stride - j) / kLanes : kTileVectors;
      t.x = x_columns + k * stride + j;
      for_tiles(out, kSmallTileRows, kTileRows, [&](size_t i, size_t height) __attribute__((always_inline)) {
        t.weight = weight + i * in + k;
        t.bias = last && bias != nullptr ? bias + i : nullptr;
        t.y = y_columns + i * stride + j;
        kColumnsKernels.of[height - 1][vectors - 1](t);
      });
    }
    k += t.k;
  } while (k < in);
  if (!relu) activate(attributes.activation, {attributes.a, attributes.b}, y_columns, out * stride);
  if (y != nullptr) from_columns(y, y_columns, stride, rows, out);
}

// linear_backward, bit for bit, for small layers. It writes dx [rows, in] and dx_columns = dx^T in [padded(in), padded(rows)], each where it is not null;
// accumulate_dx has no effect. It reads dy_columns = dy^T in [padded(out), padded(rows)] or, where that is null, dy [rows, out], and for dweight x [rows, in].
// dx is multiplied by the activation's derivative only where x_columns = x^T in [padded(in), padded(rows)] is not null. The padding of dx_columns behind its
// features is zero. Its padding behind the rows is computed from the padding of dy_columns and x_columns and reaches no other element. Nothing overlaps.
void linear_backward_columns(Run& run, float* dx, float* dx_columns, float* dweight, float* dbias, const float* dy,
                             const float* dy_columns, const float* x, const float* x_columns, const float* weight,
                             size_t rows, size_t in, size_t out, const LinearBackwardAttributes& attributes) {
  if (rows == 0 || in == 1) {  // for in = 1 linear_backward computes dot products, whose sums are not one chain
    float* const made = scratch(Scratch::kColumns, rows * out + rows);
    if (dy_columns != nullptr) {
      from_columns(made, dy_columns, padded(rows), rows, out);
      dy = made;
    }
    float* const column = dx != nullptr || dx_columns == nullptr ? dx : made + rows * out;
    LinearBackwardAttributes of_rows = attributes;
    of_rows.accumulate_dx = false;
    if (x_columns == nullptr) of_rows.activation = Unary::none;
    linear_backward(run, column, dweight, dbias, dy, x, weight, rows, in, out, of_rows);
    if (rows > 0) put_column(dx, dx_columns, column, rows);
    return;
  }
  const size_t stride = padded(rows);
  const bool wants_dx = (dx != nullptr || dx_columns != nullptr) && in > 0;
  const size_t of_dy = padded(out) * padded(rows), of_dx = padded(in) * padded(rows);
  float* const made = scratch(Scratch::kColumns, of_dy + of_dx);
  if (dy_columns == nullptr) {
    to_columns(made, stride, dy, rows, out);
    dy_columns = made;
  }
  if (wants_dx) {
    if (dx_columns == nullptr) dx_columns = made + of_dy;
    Product g{};
    g.c = dx_columns;
    g.c_stride = stride;
    g.a = operand(weight, in, out, true);
    g.b = operand(dy_columns, stride, out, true);
    g.m = in;
    g.n = stride;
    g.k = out;
    const bool relu = attributes.activation == Unary::relu;
    if (relu) g.gate = x_columns;
    multiply(run, g);
    std::memset(dx_columns + in * stride, 0, (of_dx - in * stride) * sizeof(float));
    if (!relu && x_columns != nullptr) {
      differentiate(attributes.activation, {attributes.a, attributes.b}, dx_columns, x_columns, in * stride);
    }
    if (dx != nullptr) from_columns(dx, dx_columns, stride, rows, in);
  }
  if (dweight != nullptr &&
      multiply_dweight(run, dweight, dbias, {dy_columns, 1, stride}, x, rows, in, out, attributes)) {
    dbias = nullptr;
  }
  if (dbias != nullptr) {
    float* const dy_rows = scratch(Scratch::kRows, rows * out);
    from_columns(dy_rows, dy_columns, stride, rows, out);
    bias_sums(run, dbias, dy_rows, rows, out, attributes.accumulate_dbias);
  }
}

}  // namespace simdnn::SIMDNN_ISA
