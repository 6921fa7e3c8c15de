// Copies, gathers, scatters, fills and conversions, one element at a time.
#include <cmath>

#include "kernels/table.h"

namespace simdnn::reference {
namespace {

bool valid(Run& run, const int32_t* index, size_t position, size_t n) {
  if (index[position] >= 0 && static_cast<size_t>(index[position]) < n) return true;
  run.fault.report("index", position, index[position], n);
  return false;
}

// Calls body(to, k) for each valid index: element k of x [outer, count, inner] goes to place `to` of an array [outer, n, inner].
template <class Body>
void each_place(Run& run, const int32_t* index, size_t outer, size_t n, size_t inner, size_t count, Body body) {
  for (size_t o = 0; o < outer; ++o) {
    for (size_t c = 0; c < count; ++c) {
      for (size_t i = 0; i < inner; ++i) {
        const size_t k = (o * count + c) * inner + i;
        if (valid(run, index, k, n)) body((o * n + static_cast<size_t>(index[k])) * inner + i, k);
      }
    }
  }
}

}  // namespace

void copy_strided(Run&, uint32_t* out, const uint32_t* x, const Layout& layout) {
  const size_t count = layout.count();
  for (size_t i = 0; i < count; ++i) {
    size_t rest = i, to = layout.offset[0], from = layout.offset[1];
    for (int d = layout.rank - 1; d >= 0; --d) {
      to += rest % layout.size[d] * layout.stride[0][d];
      from += rest % layout.size[d] * layout.stride[1][d];
      rest /= layout.size[d];
    }
    out[to] = x[from];
  }
}

void gather_rows(Run& run, uint32_t* out, const uint32_t* x, const int32_t* index, size_t outer, size_t rows,
                 size_t columns, size_t count) {
  for (size_t o = 0; o < outer; ++o) {
    for (size_t i = 0; i < count; ++i) {
      const bool good = valid(run, index, i, rows);
      for (size_t c = 0; c < columns; ++c) {
        out[(o * count + i) * columns + c] = good ? x[(o * rows + static_cast<size_t>(index[i])) * columns + c] : 0;
      }
    }
  }
}

void scatter_add_rows(Run& run, float* dx, const float* dy, const int32_t* index, size_t outer, size_t rows,
                      size_t columns, size_t count) {
  for (size_t o = 0; o < outer; ++o) {
    for (size_t i = 0; i < count; ++i) {
      if (!valid(run, index, i, rows)) continue;
      for (size_t c = 0; c < columns; ++c) {
        dx[(o * rows + static_cast<size_t>(index[i])) * columns + c] += dy[(o * count + i) * columns + c];
      }
    }
  }
}

void gather(Run& run, uint32_t* out, const uint32_t* x, const int32_t* index, size_t outer, size_t n, size_t inner,
            size_t count) {
  for (size_t o = 0; o < outer; ++o) {
    for (size_t c = 0; c < count; ++c) {
      for (size_t i = 0; i < inner; ++i) {
        const size_t k = (o * count + c) * inner + i;
        out[k] = valid(run, index, k, n) ? x[(o * n + static_cast<size_t>(index[k])) * inner + i] : 0;
      }
    }
  }
}

void scatter_add(Run& run, float* dx, const float* dy, const int32_t* index, size_t outer, size_t n, size_t inner,
                 size_t count) {
  each_place(run, index, outer, n, inner, count, [&](size_t to, size_t k) { dx[to] += dy[k]; });
}

void scatter_add_int(Run& run, int32_t* dx, const int32_t* dy, const int32_t* index, size_t outer, size_t n, size_t inner,
                     size_t count) {
  each_place(run, index, outer, n, inner, count, [&](size_t to, size_t k) { dx[to] = static_cast<int32_t>(int64_t{dx[to]} + dy[k]); });
}

void scatter(Run& run, uint32_t* out, const uint32_t* x, const int32_t* index, size_t outer, size_t n, size_t inner,
             size_t count) {
  each_place(run, index, outer, n, inner, count, [&](size_t to, size_t k) { out[to] = x[k]; });
}

void where(Run&, uint32_t* out, const int32_t* condition, const uint32_t* a, const uint32_t* b, size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] = condition[i] != 0 ? a[i] : b[i];
}

void fill(Run&, float* out, size_t n, const FillAttributes& attributes) {
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<float>(attributes.value);
}

void fill_int(Run&, int32_t* out, size_t n, const FillIntAttributes& attributes) {
  for (size_t i = 0; i < n; ++i) out[i] = attributes.value;
}

void float_to_int(Run&, int32_t* out, const float* x, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    const bool fits = x[i] >= -0x1p31 && x[i] < 0x1p31;  // false for NaN
    out[i] = fits ? static_cast<int32_t>(x[i]) : INT32_MIN;
  }
}

void int_to_float(Run&, float* out, const int32_t* x, size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<float>(x[i]);
}

void accumulate(Run&, float* out, const float* x, size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] += x[i];
}

void scale_rows(Run&, float* out, const float* x, const float* scale, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) out[r * columns + c] = x[r * columns + c] * scale[r];
  }
}

}  // namespace simdnn::reference
