// Bags of rows of a table weight = [rows, columns]. Bag b has the elements offsets[b] to offsets[b + 1] of index, the last one those to count.
//
// An index may stand in memory that another thread writes: it is loaded once, checked, then used. One outside [0, rows) is reported as ("index",
// position) and counts for nothing, like padding_index; an offset that descends or is above count as ("offsets", bag), and its bag is empty.
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

int32_t load_once(const int32_t* p) { return *static_cast<const volatile int32_t*>(p); }

// The bags with their checked bounds: elements [begin[b], end[b]) of index.
struct Bags {
  size_t *begin, *end;
};

Bags check_offsets(Run& run, const int32_t* offsets, size_t bags, size_t count) {
  auto* const memory = reinterpret_cast<size_t*>(scratch(Scratch::kRows, 4 * bags));
  const Bags checked{memory, memory + bags};
  int32_t next = bags > 0 ? load_once(offsets) : 0;
  if (next != 0) run.fault.report("offsets", 0, next, 1);
  next = 0;
  for (size_t b = 0; b < bags; ++b) {
    const int32_t from = next;
    next = b + 1 < bags ? load_once(offsets + b + 1) : static_cast<int32_t>(count);
    if (next < from || static_cast<size_t>(next) > count) {
      run.fault.report("offsets", b + 1, next, count + 1);
      next = from;
    }
    checked.begin[b] = static_cast<size_t>(from);
    checked.end[b] = static_cast<size_t>(next);
  }
  return checked;
}

// Whether element i counts; `row` is then the row that it names.
HWY_INLINE bool counts(Run& run, const int32_t* index, size_t i, size_t rows, int32_t padding, size_t& row) {
  const int32_t at = load_once(index + i);
  if (at < 0 || static_cast<size_t>(at) >= rows) {
    run.fault.report("index", i, at, rows);
    return false;
  }
  row = static_cast<size_t>(at);
  return at != padding;
}

// to += factor * from
HWY_INLINE void add_scaled(float* to, const float* from, float factor, size_t columns) {
  const VF scale = hn::Set(kF, factor);
  for (size_t c = 0; c < columns; c += kLanes) {
    const size_t n = columns - c;
    store(hn::MulAdd(load(kF, from + c, n), scale, load(kF, to + c, n)), kF, to + c, n);
  }
}

// to = factor * from, as if added to zeros
HWY_INLINE void put_scaled(float* to, const float* from, float factor, size_t columns) {
  const VF scale = hn::Set(kF, factor);
  for (size_t c = 0; c < columns; c += kLanes) {
    const size_t n = columns - c;
    store(hn::MulAdd(load(kF, from + c, n), scale, hn::Zero(kF)), kF, to + c, n);
  }
}

HWY_INLINE void put_zeros(float* to, size_t columns) {
  for (size_t c = 0; c < columns; c += kLanes) store(hn::Zero(kF), kF, to + c, columns - c);
}

// The rows of a table that are to come: no processor can guess where they lie, and a row's own elements do not keep it busy for as long as memory takes.
constexpr size_t kAhead = 4;
constexpr size_t kAheadFloats = 512;  // at the most of each row; its rest comes by the processor's own prefetching

// Begins to fetch the row of element i + kAhead, if there is one and it lies in the table.
template <bool kForWriting>
HWY_INLINE void prefetch_row(const float* table, const int32_t* index, size_t i, size_t count, size_t rows, size_t columns) {
  if (i + kAhead >= count) return;
  const int32_t at = load_once(index + i + kAhead);
  if (at < 0 || static_cast<size_t>(at) >= rows) return;
  const float* const row = table + static_cast<size_t>(at) * columns;
  for (size_t c = 0; c < columns && c < kAheadFloats; c += kLine) {
    if constexpr (kForWriting) {
      prefetch_for_writing(row + c);
    } else {
      __builtin_prefetch(row + c);
    }
  }
}

double work(size_t count, size_t columns) { return static_cast<double>(count) * (10 + 2.0 * static_cast<double>(columns) / kLanes); }

// 1 / the number of elements of a bag that count, or 1 where it is a sum.
float scale_of(Run& run, const int32_t* index, size_t begin, size_t end, size_t rows, int32_t padding, bool mean) {
  if (!mean) return 1;
  size_t counted = 0, row;
  for (size_t i = begin; i < end; ++i) counted += counts(run, index, i, rows, padding, row) ? 1 : 0;
  return counted == 0 ? 0.0f : 1.0f / static_cast<float>(counted);
}

// visit(bag, element, row, scale) for the elements that count whose rows lie in [begin, end), in their order.
template <class Visit>
HWY_INLINE void each_element(Run& run, const Bags& bags, const int32_t* index, size_t count, size_t rows, int32_t padding,
                             bool mean, size_t begin, size_t end, Visit visit) {
  for (size_t b = 0; b < count; ++b) {
    const float scale = scale_of(run, index, bags.begin[b], bags.end[b], rows, padding, mean);
    for (size_t i = bags.begin[b]; i < bags.end[b]; ++i) {
      size_t row;
      if (counts(run, index, i, rows, padding, row) && row >= begin && row < end) visit(b, i, row, scale);
    }
  }
}

}  // namespace

// out[b, :] = sum of factors[i] weight[index[i], :], or their mean; null factors are ones; zeros for an empty bag. Error: a rounding an element.
void embedding_bag_forward(Run& run, float* out, const float* weight, const int32_t* index, const int32_t* offsets,
                           const float* factors, size_t bags, size_t count, size_t rows, size_t columns,
                           const EmbeddingBagForwardAttributes& attributes) {
  if (count > INT32_MAX) return run.fault.report("index", count);
  const int32_t padding = attributes.padding_index;
  const bool mean = attributes.mean;
  const Bags checked = check_offsets(run, offsets, bags, count);
  parallel(run, bags, 1, work(count + bags, columns), [=, &run](size_t begin, size_t end) {
    for (size_t b = begin; b < end; ++b) {
      float* const to = out + b * columns;
      const float scale = scale_of(run, index, checked.begin[b], checked.end[b], rows, padding, mean);
      bool empty = true;
      for (size_t i = checked.begin[b]; i < checked.end[b]; ++i) {
        prefetch_row<false>(weight, index, i, count, rows, columns);
        size_t row;
        if (!counts(run, index, i, rows, padding, row)) continue;
        const float factor = factors == nullptr ? 1.0f : factors[i];
        if (empty) {
          put_scaled(to, weight + row * columns, factor, columns);
        } else {
          add_scaled(to, weight + row * columns, factor, columns);
        }
        empty = false;
      }
      if (empty) put_zeros(to, columns);
      if (!mean) continue;
      const VF factor = hn::Set(kF, scale);
      for (size_t c = 0; c < columns; c += kLanes) store(hn::Mul(load(kF, to + c, columns - c), factor), kF, to + c, columns - c);
    }
  });
}

// dweight[index[i], :] += factors[i] dy[b, :], for a mean divided by the bag's count, in the order of i whatever the number of threads: a thread owns
// rows of the table and reads the whole index.
void embedding_bag_backward(Run& run, float* dweight, const float* dy, const int32_t* index, const int32_t* offsets,
                            const float* factors, size_t bags, size_t count, size_t rows, size_t columns,
                            const EmbeddingBagBackwardAttributes& attributes) {
  if (count > INT32_MAX) return run.fault.report("index", count);
  const int32_t padding = attributes.padding_index;
  const bool mean = attributes.mean;
  const Bags checked = check_offsets(run, offsets, bags, count);
  if (rows == 0) {
    if (count > 0) run.fault.report("index", 0, load_once(index), 0);
    return;
  }
  parallel(run, rows, 1, work(count, columns), [=, &run](size_t begin, size_t end) {
    each_element(run, checked, index, bags, rows, padding, mean, begin, end, [=](size_t b, size_t i, size_t row, float scale) HWY_ATTR {
      prefetch_row<true>(dweight, index, i, count, rows, columns);
      add_scaled(dweight + row * columns, dy + b * columns, factors == nullptr ? scale : scale * factors[i], columns);
    });
  });
}

// What a row is marked with whose elements are of an earlier call: no sum holds them.
constexpr int32_t kStale = INT32_MIN;

// The same into a dweight of zeros but for the rows that `touched` marks: these count as zeros and lose their marks, unless with `accumulate`; the rows of
// index are marked then. The first element of a row is written and not added to zeros.
void embedding_bag_rows_backward(Run& run, float* dweight, int32_t* touched, const float* dy, const int32_t* index,
                                 const int32_t* offsets, const float* factors, size_t bags, size_t count, size_t rows,
                                 size_t columns, const EmbeddingBagRowsBackwardAttributes& attributes) {
  if (count > INT32_MAX) return run.fault.report("index", count);
  const int32_t padding = attributes.padding_index;
  const bool mean = attributes.mean, clears = !attributes.accumulate;
  const Bags checked = check_offsets(run, offsets, bags, count);
  if (rows == 0) {
    if (count > 0) run.fault.report("index", 0, load_once(index), 0);
    return;
  }
  auto* const stale = reinterpret_cast<size_t*>(scratch(Scratch::kColumns, clears ? 2 * rows : 0));
  parallel(run, rows, 1, work(count, columns) + 0.2 * static_cast<double>(rows), [=, &run](size_t begin, size_t end) {
    size_t last = begin;  // of the stale rows' numbers in the range's part of `stale`
    for (size_t r = begin; clears && r < end; ++r) {
      if (touched[r] == 0) continue;
      touched[r] = kStale;
      stale[last++] = r;
    }
    each_element(run, checked, index, bags, rows, padding, mean, begin, end, [=](size_t b, size_t i, size_t row, float scale) HWY_ATTR {
      prefetch_row<true>(dweight, index, i, count, rows, columns);
      const float factor = factors == nullptr ? scale : scale * factors[i];
      if (touched[row] == 0 || (clears && touched[row] == kStale)) {
        put_scaled(dweight + row * columns, dy + b * columns, factor, columns);
      } else {
        add_scaled(dweight + row * columns, dy + b * columns, factor, columns);
      }
      touched[row] = 1;
    });
    for (size_t k = begin; k < last; ++k) {
      const size_t r = stale[k];
      if (touched[r] != kStale) continue;
      touched[r] = 0;
      put_zeros(dweight + r * columns, columns);
    }
  });
}

// dfactors[i] = dy[b, :] weight[index[i], :] for a sum; 0 where i does not count. Terms are added in double.
void embedding_bag_factors_backward(Run& run, float* dfactors, const float* dy, const float* weight, const int32_t* index,
                                    const int32_t* offsets, size_t bags, size_t count, size_t rows, size_t columns,
                                    const EmbeddingBagFactorsBackwardAttributes& attributes) {
  if (count > INT32_MAX) return run.fault.report("index", count);
  const int32_t padding = attributes.padding_index;
  const Bags checked = check_offsets(run, offsets, bags, count);
  const size_t first = bags == 0 ? count : 0;  // without a bag no element belongs to one
  for (size_t i = 0; i < first; ++i) dfactors[i] = 0;
  parallel(run, bags, 1, work(count, columns), [=, &run](size_t begin, size_t end) {
    for (size_t b = begin; b < end; ++b) {
      for (size_t i = checked.begin[b]; i < checked.end[b]; ++i) {
        size_t row;
        double sum = 0;
        if (counts(run, index, i, rows, padding, row)) {
          for (size_t c = 0; c < columns; ++c) sum += static_cast<double>(dy[b * columns + c]) * static_cast<double>(weight[row * columns + c]);
        }
        dfactors[i] = static_cast<float>(sum);
      }
    }
  });
}

}  // namespace simdnn::SIMDNN_ISA
