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
  HWY_INLINE VF at(size_t, size_t) const { return hn::Zero(kF); }
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

// One row in three walks through L1: maximum; exponentials; gradient times `scale`. `gradient` may be null
// or x. Where there is one class alone the gradient is exactly 0.
template <class Row, class Dense>
HWY_INLINE RowLoss cross_entropy_row(float* gradient, const float* x, size_t classes, Dense dense, LabelPart spike,
                                     float scale) {
  Row row(classes, gradient);
  const float x_label = spike.label == kNoClass ? 0 : x[spike.label];  // now, as gradient may be x
  const VF max = row_max(row, x);
  VF sums[3] = {hn::Zero(kF), hn::Zero(kF), hn::Zero(kF)};  // of e^x, q and q x
  row_sums<Dense::kPresent ? 3 : 1>(sums, row, [&](size_t i, size_t n, auto lanes, VF* s) {
    const VF shifted = hn::Sub(load(kF, x + i, n), max);
    const VF e = math::exp_or_zero(shifted);
    row.prefetch_next(x, i);
    if (gradient != nullptr) {
      row.prefetch_next(gradient, i);
      row.put(i, n, e);
    }
    s[0] = hn::Add(s[0], lanes.keep(e));
    if (Dense::kPresent) {
      const VF q = lanes.keep(dense.at(i, n));
      s[1] = hn::Add(s[1], q);
      s[2] = hn::MulAdd(q, lanes.keep(shifted), s[2]);
    }
  });
  const VF at_label = hn::Set(kF, spike.mass);
  const VF mass = hn::Add(sums[1], at_label);
  if (gradient != nullptr) {
    const VF factor = hn::Div(mass, sums[0]);
    const VI lane = hn::Iota(kI, 0);
    row.each([&](size_t i, size_t n, auto) {
      const VI label_lane = hn::Set(kI, spike.label - static_cast<int32_t>(i));
      const auto is_label = hn::RebindMask(kF, hn::Eq(lane, label_lane));
      const VF q = hn::Add(dense.at(i, n), hn::IfThenElseZero(is_label, at_label));
      store(hn::Mul(hn::MulSub(row.get(i, n), factor, q), hn::Set(kF, scale)), kF, gradient + i, n);
    });
  }
  RowLoss out{hn::GetLane(sums[0]), hn::GetLane(mass), hn::GetLane(sums[2])};
  if (spike.label != kNoClass) out.cross += spike.mass * (x_label - hn::GetLane(max));
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
    with_row_kind(classes, [&](auto kind) {
      for_each_row(run, losses, rows, classes, [=](size_t r) {
        float* const gradient = row_of(dlogits, r, classes);
        const int32_t label = checked.label[r];
        if (label == kNoClass) {
          clear(gradient, classes);
          return kNoLoss;
        }
        const LabelPart spike{label, weight == nullptr ? keep : keep * weight[label]};
        using Row = typename decltype(kind)::type;
        return cross_entropy_row<Row>(gradient, logits + r * classes, classes, dense, spike, scale);
      });
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
  // Without classes every row's loss is NaN, and 2^53 rows take no memory: one says what all would.
  if (classes == 0 && reduction != kNone && rows > 1) rows = 1;
  float* const losses = reduction == kNone ? loss : scratch(Scratch::kRows, rows);
  const double count = static_cast<double>(rows);
  const float scale = reduction_scale(reduction, count);
  const float keep = static_cast<float>(1 - label_smoothing);
  const float share = static_cast<float>(label_smoothing / static_cast<double>(classes));
  with_row_kind(classes, [&](auto kind) {
    for_each_row(run, losses, rows, classes, [=](size_t r) {
      const ProbabilityPart dense{target + r * classes, keep, share, weight};
      using Row = typename decltype(kind)::type;
      return cross_entropy_row<Row>(row_of(dlogits, r, classes), logits + r * classes, classes, dense, {kNoClass, 0},
                                    scale);
    });
  });
  if (reduction != kNone) reduce_losses(loss, losses, rows, reduction, count);
}

}  // namespace simdnn::SIMDNN_ISA
