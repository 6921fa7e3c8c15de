// Kernels that move elements: copies, gathers, scatters, fills and conversions.
//
// Nothing overlaps unless a kernel says so. Another thread may write to an index's memory during the call: each entry is loaded once, checked, and only then
// used. A bad entry is reported as ("index", position); its output is zero (a scatter adds nothing), and the call goes on.
#include "kernels/past_caches.h"
#include "kernels/rows.h"
#include "kernels/transpose.h"

namespace simdnn::SIMDNN_ISA {
namespace {

using U = hn::RebindToUnsigned<F>;
constexpr U kU;
constexpr double kMoveNs = 0.2;  // the time of one element, from memory

int32_t load_once(const int32_t* p) { return *static_cast<const volatile int32_t*>(p); }

template <typename T>
HWY_INLINE void copy_row(T* out, const T* x, size_t n) {
  constexpr hn::Rebind<T, F> d;
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) hn::StoreU(hn::LoadU(d, x + i), d, out + i);
  if (i < n) store_tail(load_tail(d, x + i, n - i), d, out + i, n - i);
}

template <typename T>
HWY_INLINE void fill_row(T* out, T value, size_t n) {
  constexpr hn::Rebind<T, F> d;
  const auto v = hn::Set(d, value);
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) hn::StoreU(v, d, out + i);
  if (i < n) store_tail(v, d, out + i, n - i);
}

HWY_INLINE void add_row(float* out, const float* x, size_t n) {
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) hn::StoreU(hn::Add(hn::LoadU(kF, out + i), hn::LoadU(kF, x + i)), kF, out + i);
  if (i < n) store_tail(hn::Add(load_tail(kF, out + i, n - i), load_tail(kF, x + i, n - i)), kF, out + i, n - i);
}

// out[i] = f(x[i]) for contiguous arrays.
template <class DOut, class DIn, class Function>
void map(Run& run, DOut d_out, hn::TFromD<DOut>* out, DIn d_in, const hn::TFromD<DIn>* x, size_t n, Function f) {
  parallel(run, n, 16, static_cast<double>(n) * kMoveNs, [&](size_t begin, size_t end) {
    size_t i = begin;
    for (; i + kLanes <= end; i += kLanes) hn::StoreU(f(hn::LoadU(d_in, x + i)), d_out, out + i);
    if (i < end) store_tail(f(load_tail(d_in, x + i, end - i)), d_out, out + i, end - i);
  });
}

template <typename T>
void fill_all(Run& run, T* out, size_t n, T value) {
  parallel(run, n, 16, static_cast<double>(n) * kMoveNs,
           [&](size_t begin, size_t end) { fill_row(out + begin, value, end - begin); });
}

// The dimension along which x is contiguous, if out is contiguous along its last dimension; otherwise -1.
int transposed_dimension(const Layout& layout) {
  const int last = layout.rank - 1;
  if (last < 1 || layout.stride[0][last] != 1 || layout.stride[1][last] <= 1) return -1;
  for (int d = last - 1; d >= 0; --d) {
    if (layout.stride[1][d] == 1 && layout.size[d] > 1) return d;
  }
  return -1;
}

// Transposes the planes of dimensions (d, last) one after the other, in bands of rows of the output.
void copy_transposed(Run& run, uint32_t* out, const uint32_t* x, const Layout& layout, int d) {
  const int last = layout.rank - 1;
  const size_t rows = layout.size[d], columns = layout.size[last];
  Layout planes = layout;  // one element per plane
  planes.size[d] = 1;
  planes.size[last] = 1;
  const size_t bands = (rows + kTransposeBlock - 1) / kTransposeBlock;
  const size_t count = planes.count();
  parallel(run, count * bands, 1, static_cast<double>(layout.count()) * kMoveNs, [&](size_t begin, size_t end) {
    for (size_t plane = begin / bands; plane * bands < end; ++plane) {
      const size_t first = begin > plane * bands ? begin - plane * bands : 0;
      const size_t stop = end < (plane + 1) * bands ? end - plane * bands : bands;
      const size_t top = first * kTransposeBlock;
      const size_t bottom = stop * kTransposeBlock < rows ? stop * kTransposeBlock : rows;
      for_each_row(planes, plane, plane + 1, [&](size_t, size_t at_out, size_t at_x, size_t) {
        transpose(out + at_out + top * layout.stride[0][d], layout.stride[0][d], x + at_x + top,
                  layout.stride[1][last], bottom - top, columns);
      });
    }
  });
}

}  // namespace

// out = x over the index space of `layout`: operand 0 is out, operand 1 is x. Elements of `out` between the strides are not written. Planes whose contiguous
// dimensions differ are transposed in blocks. A layout with more elements than `out` has places is refused: a layout that writes one place 2^62 times would
// never end.
void copy_strided(Run& run, uint32_t* out, const uint32_t* x, const Layout& layout) {
  const size_t count = layout.count();
  if (count == 0) return;
  if (count > layout.extent(0)) return run.fault.report("layout", 0);
  const int d = transposed_dimension(layout);
  if (d >= 0) return copy_transposed(run, out, x, layout, d);
  const size_t stride_out = row_stride(layout, 0), stride_x = row_stride(layout, 1);
  parallel(run, count, 16, static_cast<double>(count) * kMoveNs, [&](size_t begin, size_t end) {
    for_each_row(layout, begin, end, [&](size_t, size_t at_out, size_t at_x, size_t n) {
      if (stride_out == 1 && stride_x == 1) {
        copy_row(out + at_out, x + at_x, n);
      } else if (stride_out == 1 && stride_x == 0) {
        fill_row(out + at_out, x[at_x], n);
      } else {
        for (size_t i = 0; i < n; ++i) out[at_out + i * stride_out] = x[at_x + i * stride_x];
      }
    });
  });
}

// How many rows ahead a row is prefetched, because the hardware cannot predict where it lies.
constexpr size_t kAhead = 2;
// Prefetches the first KiB of a row; the hardware prefetcher brings the rest.
HWY_INLINE void prefetch_row(const uint32_t* row, size_t columns) {
  for (size_t c = 0; c < columns && c < 16 * kLine; c += kLine) __builtin_prefetch(row + c);
}

// out[o, i, :] = x[o, index[i], :].
void gather_rows(Run& run, uint32_t* out, const uint32_t* x, const int32_t* index, size_t outer, size_t rows,
                 size_t columns, size_t count) {
  if (columns == 0 && outer > 1) outer = 1;  // there is nothing to move, and no memory limits outer, up to 2^53: check the index once
  const double work = static_cast<double>(outer * count) * (2 + static_cast<double>(columns) * kMoveNs);
  const bool past = past_caches(reinterpret_cast<const float*>(out), outer * count * columns, columns);
  parallel(run, outer * count, 1, work, [&](size_t begin, size_t end) {
    for (size_t r = begin; r < end; ++r) {
      const size_t o = r / count, i = r % count;
      const int32_t from = load_once(index + i);
      if (i + kAhead < count) {
        const int32_t next = load_once(index + i + kAhead);
        if (next >= 0 && static_cast<size_t>(next) < rows) prefetch_row(x + (o * rows + static_cast<size_t>(next)) * columns, columns);
      }
      if (from >= 0 && static_cast<size_t>(from) < rows) {
        const uint32_t* const row = x + (o * rows + static_cast<size_t>(from)) * columns;
        if (past) {
          for (size_t c = 0; c < columns; c += kLanes) hn::Stream(hn::LoadU(kU, row + c), kU, out + r * columns + c);
        } else {
          copy_row(out + r * columns, row, columns);
        }
      } else {
        run.fault.report("index", i, from, rows);
        fill_row(out + r * columns, uint32_t{0}, columns);
      }
    }
    finish_writing(past);
  });
}

// dx[o, index[i], :] += dy[o, i, :]. Each row of dx adds in the order of i for any number of threads: a thread owns rows of dx and reads the whole index.
void scatter_add_rows(Run& run, float* dx, const float* dy, const int32_t* index, size_t outer, size_t rows,
                      size_t columns, size_t count) {
  if (columns == 0 && outer > 1) outer = 1;  // there is nothing to move, and no memory limits outer, up to 2^53: check the index once
  const double work = static_cast<double>(outer * count) * (2 + static_cast<double>(columns) * kMoveNs);
  if (rows == 0) {
    if (outer > 0 && count > 0) run.fault.report("index", 0, load_once(index), 0);
    return;
  }
  parallel(run, outer * rows, 1, work, [&](size_t begin, size_t end) {
    for (size_t o = begin / rows; o * rows < end; ++o) {
      for (size_t i = 0; i < count; ++i) {
        const int32_t to = load_once(index + i);
        if (to < 0 || static_cast<size_t>(to) >= rows) {
          run.fault.report("index", i, to, rows);
          continue;
        }
        const size_t r = o * rows + static_cast<size_t>(to);
        if (r >= begin && r < end) add_row(dx + r * columns, dy + (o * count + i) * columns, columns);
      }
    }
  });
}

// torch.gather along the middle dimension of [outer, n, inner]: out[o, c, i] = x[o, index[o, c, i], i].
void gather(Run& run, uint32_t* out, const uint32_t* x, const int32_t* index, size_t outer, size_t n, size_t inner,
            size_t count) {
  const size_t plane = count * inner;
  const double work = static_cast<double>(outer * plane) * 1.5;
  parallel(run, outer * plane, 16, work, [&](size_t begin, size_t end) {
    size_t o = begin / plane, i = begin % inner, next = (o + 1) * plane;
    for (size_t k = begin; k < end; ++k) {
      if (k == next) ++o, next += plane;
      const int32_t from = load_once(index + k);
      const bool good = from >= 0 && static_cast<size_t>(from) < n;
      if (!good) run.fault.report("index", k, from, n);
      out[k] = good ? x[(o * n + static_cast<size_t>(from)) * inner + i] : 0;
      if (++i == inner) i = 0;
    }
  });
}

namespace {

// dx[o, index[o, c, i], i] += dy[o, c, i], in the order of c: a thread owns columns (o, i) of dx.
template <class T>
void add_scattered(Run& run, T* dx, const T* dy, const int32_t* index, size_t outer, size_t n, size_t inner, size_t count) {
  if (count == 0) return;  // otherwise the index's memory limits outer and inner
  const double work = static_cast<double>(outer * count * inner) * 2;
  parallel(run, outer * inner, 16, work, [&](size_t begin, size_t end) {
    for (size_t o = begin / inner; o * inner < end; ++o) {
      const size_t first = begin > o * inner ? begin - o * inner : 0;
      const size_t stop = end < (o + 1) * inner ? end - o * inner : inner;
      for (size_t c = 0; c < count; ++c) {
        for (size_t i = first; i < stop; ++i) {
          const size_t k = (o * count + c) * inner + i;
          const int32_t to = load_once(index + k);
          if (to >= 0 && static_cast<size_t>(to) < n) {
            dx[(o * n + static_cast<size_t>(to)) * inner + i] += dy[k];
          } else {
            run.fault.report("index", k, to, n);
          }
        }
      }
    }
  });
}

}  // namespace

void scatter_add(Run& run, float* dx, const float* dy, const int32_t* index, size_t outer, size_t n, size_t inner,
                 size_t count) {
  add_scattered(run, dx, dy, index, outer, n, inner, count);
}

// Sums beyond 32 bits wrap, as in add_int: signed overflow is undefined, so that the words are added as unsigned ones.
void scatter_add_int(Run& run, int32_t* dx, const int32_t* dy, const int32_t* index, size_t outer, size_t n, size_t inner,
                     size_t count) {
  add_scattered(run, reinterpret_cast<uint32_t*>(dx), reinterpret_cast<const uint32_t*>(dy), index, outer, n, inner, count);
}

// out[o, index[o, c, i], i] = x[o, c, i], in the order of c: a thread owns columns (o, i) of out.
void scatter(Run& run, uint32_t* out, const uint32_t* x, const int32_t* index, size_t outer, size_t n, size_t inner,
             size_t count) {
  if (count == 0) return;  // otherwise the index's memory limits outer and inner
  const double work = static_cast<double>(outer * count * inner) * 2;
  parallel(run, outer * inner, 16, work, [&](size_t begin, size_t end) {
    for (size_t column = begin; column < end; ++column) {
      const size_t o = column / inner, i = column % inner;
      for (size_t c = 0; c < count; ++c) {
        const size_t k = (o * count + c) * inner + i;
        const int32_t to = load_once(index + k);
        if (to >= 0 && static_cast<size_t>(to) < n) {
          out[(o * n + static_cast<size_t>(to)) * inner + i] = x[k];
        } else {
          run.fault.report("index", k, to, n);
        }
      }
    }
  });
}

// out[i] = a[i] where condition[i] is not 0, else b[i]. out may be a, b or condition.
void where(Run& run, uint32_t* out, const int32_t* condition, const uint32_t* a, const uint32_t* b, size_t n) {
  parallel(run, n, 16, static_cast<double>(n) * 2 * kMoveNs, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; i += kLanes) {
      const size_t rest = end - i;
      const auto is_false = hn::Eq(load(kI, condition + i, rest), hn::Zero(kI));
      store(hn::IfThenElse(hn::RebindMask(kU, is_false), load(kU, b + i, rest), load(kU, a + i, rest)), kU, out + i, rest);
    }
  });
}

// out = value, rounded to float.
void fill(Run& run, float* out, size_t n, const FillAttributes& attributes) {
  fill_all(run, out, n, static_cast<float>(attributes.value));
}

// out = value.
void fill_int(Run& run, int32_t* out, size_t n, const FillIntAttributes& attributes) {
  fill_all(run, out, n, attributes.value);
}

// Rounds toward zero; NaN and numbers outside the range of int32 give INT32_MIN, on every target. `out` may be x's memory.
void float_to_int(Run& run, int32_t* out, const float* x, size_t n) {
  map(run, kI, out, kF, x, n, [](VF v) HWY_ATTR {
    const VF bound = hn::Set(kF, 0x1p31f);
    const auto fits = hn::And(hn::Ge(v, hn::Neg(bound)), hn::Lt(v, bound));
    const VI whole = hn::ConvertTo(kI, hn::IfThenElseZero(fits, v));
    return hn::IfThenElse(hn::RebindMask(kI, fits), whole, hn::Set(kI, INT32_MIN));
  });
}

// Rounds to the nearest float, ties to even. `out` may be x's memory.
void int_to_float(Run& run, float* out, const int32_t* x, size_t n) {
  map(run, kF, out, kI, x, n, [](VI v) HWY_ATTR { return hn::ConvertTo(kF, v); });
}

// out += x.
void accumulate(Run& run, float* out, const float* x, size_t n) {
  parallel(run, n, 16, static_cast<double>(n) * kMoveNs,
           [&](size_t begin, size_t end) { add_row(out + begin, x + begin, end - begin); });
}

// out[r, :] = x[r, :] * scale[r]. `out` may be x.
void scale_rows(Run& run, float* out, const float* x, const float* scale, size_t rows, size_t columns) {
  const double work = static_cast<double>(rows) * (2 + static_cast<double>(columns) * kMoveNs);
  parallel(run, rows, 1, work, [&](size_t begin, size_t end) {
    for (size_t r = begin; r < end; ++r) {
      const VF factor = hn::Set(kF, scale[r]);
      for (size_t i = 0; i < columns; i += kLanes) {
        const size_t at = r * columns + i;
        store(hn::Mul(load(kF, x + at, columns - i), factor), kF, out + at, columns - i);
      }
    }
  });
}

}  // namespace simdnn::SIMDNN_ISA
