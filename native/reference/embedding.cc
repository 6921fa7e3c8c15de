// Bags of rows of a table, one element at a time.
#include <cstddef>
#include <vector>

#include "kernels/table.h"
#include "reference/row_set.h"

namespace simdnn::reference {
namespace {

// Calls visit(bag, position, row) for each element that is not ignored. Returns false and reports the first bad offset or index, if there is one.
template <class Visit>
void each_element(Run& run, const int32_t* index, const int32_t* offsets, size_t bags, size_t count, size_t rows, int32_t padding, Visit visit) {
  size_t next = 0;
  if (bags > 0 && offsets[0] != 0) run.fault.report("offsets", 0, offsets[0], 1);
  for (size_t b = 0; b < bags; ++b) {
    const size_t begin = next;
    const int32_t stop = b + 1 < bags ? offsets[b + 1] : static_cast<int32_t>(count);
    if (stop < static_cast<int32_t>(begin) || stop > static_cast<int32_t>(count)) {
      run.fault.report("offsets", b + 1, stop, count + 1);
    } else {
      next = static_cast<size_t>(stop);
    }
    for (size_t i = begin; i < next; ++i) {
      if (index[i] < 0 || static_cast<size_t>(index[i]) >= rows) {
        run.fault.report("index", i, index[i], rows);
      } else if (index[i] != padding) {
        visit(b, i, static_cast<size_t>(index[i]));
      }
    }
  }
}

template <class Attributes>
std::vector<double> scales(const int32_t* index, const int32_t* offsets, size_t bags, size_t count, size_t rows, const Attributes& a) {
  std::vector<double> counted(bags, 0), scale(bags, 1);
  Run unheard;
  each_element(unheard, index, offsets, bags, count, rows, a.padding_index, [&](size_t b, size_t, size_t) { ++counted[b]; });
  for (size_t b = 0; a.mean && b < bags; ++b) scale[b] = counted[b] == 0 ? 0 : 1 / counted[b];
  return scale;
}

}  // namespace

void embedding_bag_forward(Run& run, float* out, const float* weight, const int32_t* index, const int32_t* offsets,
                           const float* factors, size_t bags, size_t count, size_t rows, size_t columns,
                           const EmbeddingBagForwardAttributes& a) {
  const std::vector<double> scale = scales(index, offsets, bags, count, rows, a);
  std::vector<double> sums(bags * columns, 0);
  each_element(run, index, offsets, bags, count, rows, a.padding_index, [&](size_t b, size_t i, size_t row) {
    for (size_t c = 0; c < columns; ++c) sums[b * columns + c] += static_cast<double>(weight[row * columns + c]) * (factors == nullptr ? 1 : factors[i]);
  });
  for (size_t k = 0; k < sums.size(); ++k) out[k] = static_cast<float>(sums[k] * scale[k / columns]);
}

void embedding_bag_backward(Run& run, float* dweight, const float* dy, const int32_t* index, const int32_t* offsets,
                            const float* factors, size_t bags, size_t count, size_t rows, size_t columns,
                            const EmbeddingBagBackwardAttributes& a) {
  const std::vector<double> scale = scales(index, offsets, bags, count, rows, a);
  std::vector<double> sums(rows * columns, 0);
  if (!a.overwrite) sums.assign(dweight, dweight + rows * columns);
  each_element(run, index, offsets, bags, count, rows, a.padding_index, [&](size_t b, size_t i, size_t row) {
    for (size_t c = 0; c < columns; ++c) sums[row * columns + c] += dy[b * columns + c] * scale[b] * (factors == nullptr ? 1 : factors[i]);
  });
  for (size_t k = 0; k < sums.size(); ++k) dweight[k] = static_cast<float>(sums[k]);
}

void embedding_bag_rows_backward(Run& run, float* dweight, int32_t* touched, const float* dy, const int32_t* index,
                                 const int32_t* offsets, const float* factors, size_t bags, size_t count, size_t rows,
                                 size_t columns, const EmbeddingBagRowsBackwardAttributes& a) {
  int32_t *const members = touched + 1, *const place = members + rows;
  const std::vector<bool> before = rows_of(touched, rows);
  for (size_t i = 0; !a.accumulate && i < rows * columns; ++i) {
    if (before[i / columns]) dweight[i] = 0;
  }
  embedding_bag_backward(run, dweight, dy, index, offsets, factors, bags, count, rows, columns, {a.padding_index, a.mean, false});
  const bool all = touched[0] < 0 || static_cast<size_t>(touched[0]) > rows;
  if (rows == 0 || (all && a.accumulate)) return;
  std::vector<int32_t> list;
  for (int32_t k = 0; a.accumulate && k < touched[0]; ++k) {
    const int32_t row = members[k];
    const bool is_there = row >= 0 && static_cast<size_t>(row) < rows && place[row] == k;
    list.push_back(is_there ? row : -1);
  }
  Run unheard;
  each_element(unheard, index, offsets, bags, count, rows, a.padding_index, [&](size_t, size_t, size_t row) {
    const auto at = static_cast<uint32_t>(place[row]);
    if (at < list.size() && list[at] == static_cast<int32_t>(row)) return;
    place[row] = static_cast<int32_t>(list.size());
    if (list.size() < rows) members[list.size()] = static_cast<int32_t>(row);
    list.push_back(static_cast<int32_t>(row));
  });
  touched[0] = list.size() > rows ? -1 : static_cast<int32_t>(list.size());
}

void embedding_bag_factors_backward(Run& run, float* dfactors, const float* dy, const float* weight, const int32_t* index,
                                    const int32_t* offsets, size_t bags, size_t count, size_t rows, size_t columns,
                                    const EmbeddingBagFactorsBackwardAttributes& a) {
  for (size_t i = 0; i < count; ++i) dfactors[i] = 0;
  each_element(run, index, offsets, bags, count, rows, a.padding_index, [&](size_t b, size_t i, size_t row) {
    double sum = 0;
    for (size_t c = 0; c < columns; ++c) sum += static_cast<double>(dy[b * columns + c]) * weight[row * columns + c];
    dfactors[i] = static_cast<float>(sum);
  });
}

}  // namespace simdnn::reference
