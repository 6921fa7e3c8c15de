// Sums over bags of rows of a table weight = [rows, columns]. bags.h defines bags and which faults are reported.
#include "kernels/bags.h"

namespace simdnn::SIMDNN_ISA {
namespace {

double work(size_t count, size_t columns) { return static_cast<double>(count) * (10 + 2.0 * static_cast<double>(columns) / kLanes); }

// Calls visit(bag, element, row, scale), in order, for each element that is not ignored and whose row lies in [begin, end).
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

// An element of a bag, in a list that is sorted by row.
struct Element {
  uint32_t bag;
  float factor;
};

// The elements that count, in groups of a row each, and in the order of index within a group: group g has those from end[g - 1] (0 for the first) to end[g].
struct ByRow {
  const uint32_t* end;
  const Element* elements;
};

// Whether to sort the elements by row. It pays from one element per row on: each row is then written once, and never read if the stores are non-temporal.
// With fewer elements all rows are set to zero and elements added one by one: a test whether a row has elements would be mispredicted about every second time.
inline bool sorts(size_t count, size_t rows, bool past) { return past || count >= rows; }

// A counting sort by group(row), which is less than `groups`: about 3 ns per element and 1 ns per group. The entries of index are copied, because the second
// pass must see the values that the first checked.
template <class Group>
ByRow elements_by_row(Run& run, const Bags& checked, const int32_t* index, const float* factors, size_t bags, size_t count, size_t rows,
                      int32_t padding, bool mean, size_t groups, Group group) {
  constexpr uint32_t kNone = UINT32_MAX;
  auto* const end = reinterpret_cast<uint32_t*>(scratch(Scratch::kBlocks, groups + 3 * count));
  auto* const group_of = end + groups;
  auto* const elements = reinterpret_cast<Element*>(group_of + count);
  std::memset(end, 0, groups * sizeof(uint32_t));
  for (size_t b = 0; b < bags; ++b) {
    for (size_t i = checked.begin[b]; i < checked.end[b]; ++i) {
      size_t row;
      const bool is_counted = counts(run, index, i, rows, padding, row);
      group_of[i] = is_counted ? group(row) : kNone;
      if (is_counted) ++end[group_of[i]];
    }
  }
  uint32_t before = 0;
  for (size_t g = 0; g < groups; ++g) {
    const uint32_t here = end[g];
    end[g] = before;
    before += here;
  }
  for (size_t b = 0; b < bags; ++b) {
    size_t counted = 0;
    for (size_t i = checked.begin[b]; mean && i < checked.end[b]; ++i) counted += group_of[i] == kNone ? 0 : 1;
    const float scale = counted == 0 ? 1.0f : 1.0f / static_cast<float>(counted);
    for (size_t i = checked.begin[b]; i < checked.end[b]; ++i) {
      if (group_of[i] != kNone) elements[end[group_of[i]]++] = {static_cast<uint32_t>(b), factors == nullptr ? scale : scale * factors[i]};
    }
  }
  return {end, elements};
}

// to += factor dy[bag, :] for elements [begin, end) in their order; with `first` `to` counts as zeros. `last` is the last element of the whole list, which
// bounds prefetching.
HWY_INLINE void add_elements(float* to, const float* dy, const Element* begin, const Element* end, const Element* last, size_t columns, bool first,
                             bool past) {
  const bool streams = past && end - begin <= static_cast<ptrdiff_t>(kTogether);  // a row that is read again to add more should stay in the caches
  for (const Element* at = begin; at < end;) {
    Terms terms;
    size_t n = 0;
    for (; n < kTogether && at < end; ++n, ++at) {
      const Element* const next = static_cast<size_t>(last - at) > kAhead ? at + kAhead : last;
      terms.row[n] = dy + at->bag * columns;
      terms.factor[n] = at->factor;
      terms.ahead[n] = dy + next->bag * columns;
    }
    if (first) {
      add_some_terms<true>(to, terms, n, columns, streams);
    } else {
      add_some_terms<false>(to, terms, n, columns, false);
    }
    first = false;
  }
}

// Calls body(group, begin, end, last) for each group with its elements; threads share the groups, of which there is at least one.
template <class Body>
void each_group(Run& run, const ByRow& sorted, size_t groups, double work, bool past, Body body) {
  const Element* const last = sorted.elements + sorted.end[groups - 1] - 1;  // never read if there are no elements
  parallel(run, groups, 1, work, [=](size_t begin, size_t end) {
    const Element* from = sorted.elements + (begin == 0 ? 0 : sorted.end[begin - 1]);
    for (size_t g = begin; g < end; ++g) {
      const Element* const to = sorted.elements + sorted.end[g];
      body(g, from, to, last);
      from = to;
    }
    finish_writing(past);
  });
}

// Prefetches the row of a gradient to which element i + kAhead will be added, if there is such an element and its row is in the table.
HWY_INLINE void prefetch_row(const float* table, const int32_t* index, size_t i, size_t count, size_t rows, size_t columns) {
  if (i + kAhead >= count) return;
  const int32_t at = load_once(index + i + kAhead);
  if (at >= 0 && static_cast<size_t>(at) < rows) prefetch_row_for_writing(table + static_cast<size_t>(at) * columns, columns);
}

// to += factor row.
HWY_INLINE void add_one(float* to, const float* row, float factor, size_t columns) {
  const VF scale = hn::Set(kF, factor);
  for (size_t c = 0; c < columns; c += kLanes) {
    const size_t n = columns - c;
    store(hn::MulAdd(load(kF, row + c, n), scale, load(kF, to + c, n)), kF, to + c, n);
  }
}

}  // namespace

// out[b, :] = the sum of factors[i] weight[index[i], :] over bag b, or their mean. Null factors are ones; an empty bag gives zeros. Error: one rounding for
// each element.
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
      Terms terms;
      size_t waiting = 0;
      bool first = true;
      for (size_t i = checked.begin[b]; i < checked.end[b]; ++i) {
        size_t row;
        if (!counts(run, index, i, rows, padding, row)) continue;
        const int32_t next = i + kAhead < count ? load_once(index + i + kAhead) : -1;
        const bool is_there = next >= 0 && static_cast<size_t>(next) < rows;
        terms.row[waiting] = weight + row * columns;
        terms.factor[waiting] = factors == nullptr ? 1.0f : factors[i];
        terms.ahead[waiting] = weight + (is_there ? static_cast<size_t>(next) : row) * columns;
        if (++waiting < kTogether) continue;
        if (first) {
          add_terms<kTogether, true>(to, terms, columns, false);
        } else {
          add_terms<kTogether, false>(to, terms, columns, false);
        }
        waiting = 0;
        first = false;
      }
      if (waiting > 0 && first) {
        add_some_terms<true>(to, terms, waiting, columns, false);
      } else if (waiting > 0) {
        add_some_terms<false>(to, terms, waiting, columns, false);
      } else if (first) {
        put_zeros(to, columns, false);
      }
      if (!mean) continue;
      const VF factor = hn::Set(kF, scale);
      for (size_t c = 0; c < columns; c += kLanes) store(hn::Mul(load(kF, to + c, columns - c), factor), kF, to + c, columns - c);
    }
  });
}

// dweight[index[i], :] += factors[i] dy[b, :], for a mean divided by the number of elements that count. Elements are added in the order of i for any number of
// threads: a thread owns rows of the table and reads the whole index. With `overwrite` dweight is written whatever it holds, with the bits of sums from zero.
void embedding_bag_backward(Run& run, float* dweight, const float* dy, const int32_t* index, const int32_t* offsets,
                            const float* factors, size_t bags, size_t count, size_t rows, size_t columns,
                            const EmbeddingBagBackwardAttributes& attributes) {
  if (count > INT32_MAX) return run.fault.report("index", count);
  const int32_t padding = attributes.padding_index;
  const bool mean = attributes.mean;
  const bool overwrite = attributes.overwrite && columns > 0;  // without columns there is nothing to write, and no memory limits the number of rows
  const Bags checked = check_offsets(run, offsets, bags, count);
  if (rows == 0) {
    if (count > 0) run.fault.report("index", 0, load_once(index), 0);
    return;
  }
  const bool past = overwrite && past_caches(dweight, rows * columns, columns);
  const double cost = work(count, columns) + (overwrite ? static_cast<double>(rows * columns) / kLanes : 0);
  if (overwrite && sorts(count, rows, past)) {
    const ByRow sorted = elements_by_row(run, checked, index, factors, bags, count, rows, padding, mean, rows,
                                         [](size_t row) { return static_cast<uint32_t>(row); });
    each_group(run, sorted, rows, cost, past, [=](size_t r, const Element* begin, const Element* end, const Element* last) HWY_ATTR {
      float* const to = dweight + r * columns;
      if (begin == end) return put_zeros(to, columns, past);
      add_elements(to, dy, begin, end, last, columns, true, past);
    });
    return;
  }
  parallel(run, rows, 1, cost, [=, &run](size_t begin, size_t end) {
    if (overwrite) put_zeros(dweight + begin * columns, (end - begin) * columns, false);
    each_element(run, checked, index, bags, rows, padding, mean, begin, end, [=](size_t b, size_t i, size_t row, float scale) HWY_ATTR {
      prefetch_row(dweight, index, i, count, rows, columns);
      add_one(dweight + row * columns, dy + b * columns, factors == nullptr ? scale : scale * factors[i], columns);
    });
  });
}

// The rows that a gradient's elements belong to, numbered as they are found. The set is only read back through this copy, so that another thread which writes
// to it changes no row that is written here.
struct Found {
  int32_t* set;
  size_t rows;
  uint32_t* row;  // of each number
  size_t count;

  HWY_INLINE bool is_at(uint32_t place, size_t r) const { return place < count && row[place] == r; }
  HWY_INLINE uint32_t place(size_t r) const { return static_cast<uint32_t>(load_once(set + 1 + rows + r)); }
  HWY_INLINE uint32_t number(size_t r) {
    const uint32_t at = place(r);
    if (is_at(at, r)) return at;
    if (count < rows) set[1 + count] = static_cast<int32_t>(r);
    set[1 + rows + r] = static_cast<int32_t>(count);
    row[count] = static_cast<uint32_t>(r);
    return static_cast<uint32_t>(count++);
  }
};

// The same as embedding_bag_backward for a dweight that is zero except in the rows of the set `touched` (see row_set.h). Without `accumulate` these rows count
// as zeros and leave the set. The rows of this call's index join it. With `accumulate` their elements are added to what is there: the user may have written to any
// row. The time depends on the rows of the set and on the index, and on the table's rows only where the set has them all.
void embedding_bag_rows_backward(Run& run, float* dweight, int32_t* touched, const float* dy, const int32_t* index,
                                 const int32_t* offsets, const float* factors, size_t bags, size_t count, size_t rows,
                                 size_t columns, const EmbeddingBagRowsBackwardAttributes& attributes) {
  if (count > INT32_MAX) return run.fault.report("index", count);
  const int32_t padding = attributes.padding_index;
  const bool mean = attributes.mean, clears = !attributes.accumulate;
  size_t before;
  const bool listed = is_listed(touched, rows, before);
  if (rows == 0 || !(listed || clears)) {
    return embedding_bag_backward(run, dweight, dy, index, offsets, factors, bags, count, rows, columns, {padding, mean, false});
  }
  const Bags checked = check_offsets(run, offsets, bags, count);
  if (!listed) {
    parallel(run, rows, 1, static_cast<double>(rows * columns) / kLanes, [=](size_t begin, size_t end) {
      put_zeros(dweight + begin * columns, (end - begin) * columns, false);
    });
    before = 0;
  }
  auto* const old = reinterpret_cast<uint32_t*>(scratch(Scratch::kColumns, 2 * before + count));
  for (size_t k = 0; k < before; ++k) old[k] = member(touched, rows, k);
  Found found{touched, rows, old + before, 0};
  const size_t kept = clears ? 0 : before;
  for (; found.count < kept; ++found.count) found.row[found.count] = old[found.count];
  const ByRow sorted = elements_by_row(run, checked, index, factors, bags, count, rows, padding, mean, kept + count,
                                       [&](size_t row) { return found.number(row); });
  touched[0] = found.count > rows ? -1 : static_cast<int32_t>(found.count);  // more than there are: another thread has written to the set
  const bool past = past_caches(dweight, count * columns, columns);
  const double cost = work(count + before, columns);
  if (found.count > 0) {
    const uint32_t* const row = found.row;
    const size_t groups = found.count;
    each_group(run, sorted, groups, cost, past, [=](size_t g, const Element* begin, const Element* end, const Element* last) HWY_ATTR {
      if (!past && g + kRowsAhead < groups && row[g + kRowsAhead] != kNoRow) prefetch_row_for_writing(dweight + row[g + kRowsAhead] * columns, columns);
      if (begin < end) add_elements(dweight + row[g] * columns, dy, begin, end, last, columns, clears, past);
    });
  }
  if (!clears) return;
  parallel(run, before, 1, cost, [=](size_t begin, size_t end) {
    for (size_t k = begin; k < end; ++k) {
      const uint32_t r = old[k];
      if (!past && k + kRowsAhead < end && old[k + kRowsAhead] != kNoRow) prefetch_row_for_writing(dweight + old[k + kRowsAhead] * columns, columns);
      if (r != kNoRow && !found.is_at(found.place(r), r)) put_zeros(dweight + r * columns, columns, past);
    }
    finish_writing(past);
  });
}

// dfactors[i] = the dot product of dy[b, :] and weight[index[i], :] for a sum; 0 where element i does not count. Terms are added in double.
void embedding_bag_factors_backward(Run& run, float* dfactors, const float* dy, const float* weight, const int32_t* index,
                                    const int32_t* offsets, size_t bags, size_t count, size_t rows, size_t columns,
                                    const EmbeddingBagFactorsBackwardAttributes& attributes) {
  if (count > INT32_MAX) return run.fault.report("index", count);
  const int32_t padding = attributes.padding_index;
  const Bags checked = check_offsets(run, offsets, bags, count);
  const size_t first = bags == 0 ? count : 0;  // without bags no element belongs to one
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
