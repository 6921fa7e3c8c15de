#include "kernels/class_labels.h"
#include "kernels/softmax_row.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// A row's target is a distribution q over the classes: a dense part, vector by vector from at(i, n), plus
// a mass at one label. With x shifted to a maximum of 0 and S = sum e^x, the loss of the row is
//   sum q (log S - x) = mass log S - cross,   mass = sum q, cross = sum q x <= 0 where q >= 0:
// nothing cancels. Its gradient is mass e^x / S - q.
struct NoDensePart {
  static constexpr bool kPresent = false;
  VF at(size_t, size_t) const { return hn::Zero(kF); }
};

// Label smoothing: each class has `share`, times its weight.
struct SmoothingPart {
  static constexpr bool kPresent = true;
  float share;
  const float* weight;
  HWY_INLINE VF at(size_t i, size_t n) const {
    const VF q = hn::Set(kF, share);
    return weight == nullptr ? q : hn::Mul(q, load(kF, weight + i, n));
  }
};

// Given probabilities, smoothed and weighted.
struct ProbabilityPart {
  static constexpr bool kPresent = true;
  const float* target;
  float keep, share;
  const float* weight;
  HWY_INLINE VF at(size_t i, size_t n) const {
    const VF q = hn::MulAdd(load(kF, target + i, n), hn::Set(kF, keep), hn::Set(kF, share));
    return weight == nullptr ? q : hn::Mul(q, load(kF, weight + i, n));
  }
};

struct LabelPart {
  int32_t label;  // a class or kNoClass
  float mass;
};

struct RowLoss {
  float sum, mass, cross;
};
constexpr RowLoss kNoLoss = {1, 0, 0};

// One row, three passes over L1: maximum; exponentials, kept in `gradient`; gradient times `scale`.
// `gradient` may be null or x. Where there is one class alone the gradient is exactly 0.
template <class Dense>
HWY_INLINE RowLoss cross_entropy_row(float* gradient, const float* x, size_t classes, Dense dense, LabelPart spike,
                                     float scale) {
  constexpr size_t kSums = Dense::kPresent ? 3 : 1;
  const bool has_label = spike.label != kNoClass;
  const float max = row_max(x, classes);
  const float at_label = has_label ? x[spike.label] - max : 0;
  float sums[3] = {0, 0, 0};  // of e^x, q and q x
  row_sums<kSums>(sums, classes, [&](size_t i, size_t n, auto lanes, VF* s) {
    const VF shifted = hn::Sub(load(kF, x + i, n), hn::Set(kF, max));
    const VF e = math::exp_or_zero(shifted);
    if (gradient != nullptr) store(e, kF, gradient + i, n);
    s[0] = hn::Add(s[0], lanes.keep(e));
    if (Dense::kPresent) {
      const VF q = lanes.keep(dense.at(i, n));
      s[1] = hn::Add(s[1], q);
      s[2] = hn::MulAdd(q, lanes.keep(shifted), s[2]);
    }
  });
  const RowLoss out{sums[0], sums[1] + spike.mass, has_label ? sums[2] + spike.mass * at_label : sums[2]};
  if (gradient != nullptr) {
    const float e_label = has_label ? gradient[spike.label] : 0;
    const float factor = out.mass / out.sum;
    for_row(classes, [&](size_t i, size_t n, auto) {
      const VF e = load(kF, gradient + i, n);
      const VF g = Dense::kPresent
                       ? hn::Mul(hn::MulSub(e, hn::Set(kF, factor), dense.at(i, n)), hn::Set(kF, scale))
                       : hn::Mul(e, hn::Set(kF, factor * scale));
      store(g, kF, gradient + i, n);
    });
    if (has_label) {
      const float q = Dense::kPresent ? hn::GetLane(dense.at(static_cast<size_t>(spike.label), 1)) : 0;
      gradient[spike.label] = (e_label * factor - (q + spike.mass)) * scale;
    }
  }
  return out;
}

// losses[r] for all rows from row(r), a RowLoss; rows divided among threads, logarithms kLanes at a time.
template <class Row>
void for_each_row(Run& run, float* losses, size_t rows, size_t classes, Row row) {
  parallel(run, rows, 1, softmax_work(rows, classes), [&](size_t begin, size_t end) {
    alignas(64) float sum[kLanes] = {}, mass[kLanes] = {}, cross[kLanes] = {};
    for (size_t first = begin; first < end; first += kLanes) {
      const size_t n = end - first < kLanes ? end - first : kLanes;
      for (size_t r = 0; r < n; ++r) {
        const RowLoss one = row(first + r);
        sum[r] = one.sum;
        mass[r] = one.mass;
        cross[r] = one.cross;
      }
      const VF log_sum = math::log(hn::Load(kF, sum));
      store(hn::MulSub(hn::Load(kF, mass), log_sum, hn::Load(kF, cross)), kF, losses + first, n);
    }
  });
}

HWY_INLINE float* row_of(float* matrix, size_t row, size_t classes) {
  return matrix == nullptr ? nullptr : matrix + row * classes;
}

void clear(float* p, size_t n) {
  if (p != nullptr) std::memset(p, 0, n * sizeof(float));
}

}  // namespace

// torch.nn.CrossEntropyLoss with class indices, and its gradient for an upstream gradient of 1 (of 1 for
// each row with reduction none). With p = softmax(x), eps = label_smoothing and weight 1 where null:
//   loss_r = (1 - eps) weight[y] (-log p_y) + eps / classes sum_c weight[c] (-log p_c)
// sum; mean: the sum over the sum of weight[y]; none. Rows with y == ignore_index take no part: loss and
// gradient 0. All ignored: the mean is NaN, the gradient 0. A label that is no class is reported and treated
// as ignored. dlogits may be null, or logits. Error of a row: 3 ulp of each term, and the rounding of the
// sums over classes (row_sums).
void softmax_cross_entropy(Run& run, float* loss, float* dlogits, const float* logits, const int32_t* labels,
                           const float* weight, size_t rows, size_t classes, int32_t ignore_index,
                           double label_smoothing, int32_t reduction) {
  float* const memory = scratch(Scratch::kRows, 2 * rows);
  float* const losses = reduction == kNone ? loss : memory;
  const Labels checked = check_labels(run, labels, reinterpret_cast<int32_t*>(memory + rows), rows, classes,
                                      ignore_index, weight);
  const float scale = reduction_scale(reduction, checked.weight);
  const float keep = static_cast<float>(1 - label_smoothing);
  const auto with = [&](auto dense) {
    for_each_row(run, losses, rows, classes, [=](size_t r) {
      float* const gradient = row_of(dlogits, r, classes);
      const int32_t label = checked.label[r];
      if (label == kNoClass) {
        clear(gradient, classes);
        return kNoLoss;
      }
      const float mass = weight == nullptr ? keep : keep * weight[label];
      return cross_entropy_row(gradient, logits + r * classes, classes, dense, {label, mass}, scale);
    });
  };
  if (label_smoothing == 0) {
    with(NoDensePart{});
  } else {
    with(SmoothingPart{static_cast<float>(label_smoothing / static_cast<double>(classes)), weight});
  }
  if (reduction != kNone) reduce_losses(loss, losses, rows, reduction, checked.weight);
}

// torch.nn.CrossEntropyLoss with class probabilities: with t' = target (1 - eps) + eps / classes
//   loss_r = sum_c weight[c] t'[r, c] (-log p_c)
// sum; mean: the sum over the number of rows; none. The rest as above.
void softmax_cross_entropy_soft(Run& run, float* loss, float* dlogits, const float* logits, const float* target,
                                const float* weight, size_t rows, size_t classes, double label_smoothing,
                                int32_t reduction) {
  float* const losses = reduction == kNone ? loss : scratch(Scratch::kRows, rows);
  const double count = static_cast<double>(rows);
  const float scale = reduction_scale(reduction, count);
  const float keep = static_cast<float>(1 - label_smoothing);
  const float share = static_cast<float>(label_smoothing / static_cast<double>(classes));
  for_each_row(run, losses, rows, classes, [=](size_t r) {
    const ProbabilityPart dense{target + r * classes, keep, share, weight};
    return cross_entropy_row(row_of(dlogits, r, classes), logits + r * classes, classes, dense, {kNoClass, 0}, scale);
  });
  if (reduction != kNone) reduce_losses(loss, losses, rows, reduction, count);
}

}  // namespace simdnn::SIMDNN_ISA
