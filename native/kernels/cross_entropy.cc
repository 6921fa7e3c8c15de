#include <limits>

#include "kernels/class_labels.h"
#include "kernels/softmax_row.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// The arguments of a call. `label` is null where the targets are probabilities; otherwise its entries are checked: a class or kNoClass.
struct Matrices {
  float *losses, *gradient;
  const float *logits, *target, *weight;
  const int32_t* label;
  size_t rows, classes;
  float keep, share;  // 1 - label_smoothing, label_smoothing / classes
  float scale;        // the factor of the gradient
};

// A row's target is a distribution q over the classes. It has two parts: a dense one, which at(row, i, n) gives vector by vector, and a mass at one label.
// With x shifted so that its maximum is 0, and S = sum e^x, the loss of the row is
//   sum q (log S - x) = mass log S - cross,   where mass = sum q and cross = sum q x <= 0 for q >= 0,
// so that nothing cancels. Its gradient is p mass - q with p = e^x / S. One p at most may be near 1; its gradient is calculated as
//   p (sum of the others' q) - q (sum of the others' e^x) / S.
// For a target that is one label, this is minus the sum of the others' gradients, and log S is log(1 + (sum of the others' e^x) / e^x_label). So both the
// loss and the gradient of a confident prediction keep their digits.
struct NoDensePart {
  NoDensePart(const Matrices&, const float*) {}
};

// Label smoothing: each class has the probability `share`, times its weight.
struct SmoothingPart {
  const Matrices& m;
  SmoothingPart(const Matrices& matrices, const float*) : m(matrices) {}
  template <class Row>
  HWY_INLINE VF at(const Row& row, size_t i, size_t n) const {
    const VF q = hn::Set(kF, m.share);
    return m.weight == nullptr ? q : hn::Mul(q, row.of_classes(m.weight, i, n));
  }
};

// Probabilities given as targets, smoothed and weighted.
struct ProbabilityPart {
  const Matrices& m;
  const float* target;  // the row's probabilities
  ProbabilityPart(const Matrices& matrices, const float* row) : m(matrices), target(row) {}
  template <class Row>
  HWY_INLINE VF at(const Row& row, size_t i, size_t n) const {
    const VF q = hn::MulAdd(load(kF, target + i, n), hn::Set(kF, m.keep), hn::Set(kF, m.share));
    return m.weight == nullptr ? q : hn::Mul(q, row.of_classes(m.weight, i, n));
  }
};

// The mass at a label. LabelOfRow is for one row; its label is kNoClass where there is none. LabelsOfLanes is for kLanes rows, one in each lane; a lane whose
// label is kNoClass has no mass.
struct LabelOfRow {
  int32_t label;
  VF mass;
  LabelOfRow(const Matrices& m, int32_t label_of_row) : label(label_of_row) {
    mass = label == kNoClass ? hn::Zero(kF) : hn::Set(kF, m.weight == nullptr ? m.keep : m.keep * m.weight[label]);
  }
  HWY_INLINE VF logit(const float* x) const { return hn::Set(kF, label == kNoClass ? 0 : x[label]); }
  // The exponential of the label's logit: read from the row if it holds exponentials, else computed.
  template <class Row>
  HWY_INLINE VF exponential(const Row& row, bool held, const Pivot& pivot, VF logit_of_it) const {
    return held ? row.of_class(static_cast<size_t>(label)) : pivot.exp(logit_of_it);
  }
  // Gives, for each vector of a pass, the mask of the lane of the label. It counts down to the label: comparing with its position takes twice the instructions.
  class Walk {
   public:
    explicit Walk(const LabelOfRow& at) : ahead_(hn::Sub(hn::Iota(kI, 0), hn::Set(kI, at.label))) {}
    HWY_INLINE auto next() {
      const auto here = hn::Eq(ahead_, hn::Zero(kI));
      ahead_ = hn::Add(ahead_, hn::Set(kI, static_cast<int32_t>(kLanes)));
      return hn::RebindMask(kF, here);
    }

   private:
    VI ahead_;
  };
  HWY_INLINE VF taking_part(VF v) const { return v; }
};

struct LabelsOfLanes {
  VI label;
  VF mass;
  LabelsOfLanes(const Matrices& m, const int32_t* labels, size_t n) {
    label = labels == nullptr ? hn::Zero(kI) : load(kI, labels, n);
    mass = hn::Zero(kF);
    if (labels == nullptr) return;
    mass = hn::Set(kF, m.keep);
    if (m.weight != nullptr) mass = hn::Mul(mass, hn::GatherIndex(kF, m.weight, place()));
    mass = taking_part(mass);
  }
  HWY_INLINE VF logit(const float* x) const {
    const VI at = hn::Add(hn::Mul(place(), hn::Set(kI, kLanes)), hn::Iota(kI, 0));
    return hn::GatherIndex(kF, x, at);
  }
  HWY_INLINE VF exponential(const RowsInLanes&, bool, const Pivot& pivot, VF logit_of_it) const { return pivot.exp(logit_of_it); }
  class Walk {
   public:
    explicit Walk(const LabelsOfLanes& at) : left_(at.label) {}
    HWY_INLINE auto next() {
      const auto here = hn::Eq(left_, hn::Zero(kI));
      left_ = hn::Sub(left_, hn::Set(kI, 1));
      return hn::RebindMask(kF, here);
    }

   private:
    VI left_;
  };
  HWY_INLINE VF taking_part(VF v) const { return hn::IfThenZeroElse(hn::RebindMask(kF, hn::Eq(label, none())), v); }

 private:
  static HWY_INLINE VI none() { return hn::Set(kI, kNoClass); }
  HWY_INLINE VI place() const { return hn::IfThenZeroElse(hn::Eq(label, none()), label); }
};

// The terms of a row's loss, in all lanes of the row: loss = mass log(S / top) + more, where S is the sum of the row's exponentials and `top` is one of them.
struct RowLoss {
  VF top, rest;      // one exponential, and the sum of all others
  VF inverse;        // 1 / top
  VF log_scale;      // log(S / top) = log(top + rest) + log_scale
  VF mass, more;

  HWY_INLINE VF value() const {
    const VF one = hn::Set(kF, 1.0f);
    const auto most = hn::Le(rest, top);
    const VF ratio = hn::Mul(rest, inverse);
    const VF sum = hn::IfThenElse(most, hn::Add(ratio, one), hn::Add(top, rest));
    const VF log = math::log_of<true>(sum, hn::IfThenElse(most, ratio, hn::Sub(sum, one)));
    return hn::MulAdd(mass, hn::Add(log, hn::IfThenZeroElse(most, log_scale)), more);
  }
};
// Stores an exponential of the pass over x for the pass that writes the gradient, if there is one.
template <class Row>
HWY_INLINE void hand_on(Row& row, const float* gradient, const float* x, size_t i, size_t n, VF e) {
  row.prefetch_next(x, i);
  if (gradient == nullptr) return;
  row.prefetch_next(gradient, i);
  row.put(i, n, e);
}

// The loss of one row, or of the rows in lanes, in three passes through the L1 cache: maximum, exponentials, gradient. `gradient` may be null or x. With a
// single class the gradient is exactly 0. This function is for targets that are a label alone.
template <class Row, class Label>
HWY_INLINE RowLoss cross_entropy_row(Row& row, float* gradient, const float* x, NoDensePart, const Label& label, float scale) {
  const VF x_label = label.logit(x);  // read before the gradient is written, which may be in place of x
  const Pivot pivot(row_max(row, x));
  typename Label::Walk adding(label);
  const VF rest = row_sum(row, [&](size_t i, size_t n) {
    const VF e = pivot.exp(load(kF, x + i, n));
    hand_on(row, gradient, x, i, n, e);
    return hn::IfThenZeroElse(adding.next(), e);
  });
  const VF top = label.exponential(row, gradient != nullptr, pivot, x_label);
  if (gradient != nullptr) {
    const VF factor = hn::Mul(hn::Div(label.mass, hn::Add(top, rest)), hn::Set(kF, scale));
    const VF at_label = hn::Sub(hn::Zero(kF), rest);
    typename Label::Walk writing(label);
    row.each([&](size_t i, size_t n, auto) {
      const VF dx = hn::Mul(hn::IfThenElse(writing.next(), at_label, row.get(i, n)), factor);
      store(label.taking_part(dx), kF, gradient + i, n);
    });
  }
  return {top, rest, hn::Div(hn::Set(kF, 1.0f), top), pivot.log_scale(x_label), label.mass, hn::Zero(kF)};
}

// The same for many classes, where a mask for each vector would cost more than the arithmetic of a pass. The others' sum is the sum of all less the label's
// exponential; where the label has more than half of the sum, the others are summed once more. The label's gradient is written last, over what the pass left there.
HWY_INLINE RowLoss cross_entropy_row(LongRow& row, float* gradient, const float* x, NoDensePart, const LabelOfRow& label, float scale) {
  const VF x_label = label.logit(x);  // read before the gradient is written, which may be in place of x
  const Pivot pivot(row_max(row, x));
  const VF sum = row_sum(row, [&](size_t i, size_t n) {
    const VF e = pivot.exp(load(kF, x + i, n));
    hand_on(row, gradient, x, i, n, e);
    return e;
  });
  const VF top = label.exponential(row, gradient != nullptr, pivot, x_label);
  VF rest = hn::Sub(sum, top);
  if (!hn::AllTrue(kF, hn::Le(top, rest))) {
    LabelOfRow::Walk adding(label);
    rest = row_sum(row, [&](size_t i, size_t n) {
      const VF e = gradient != nullptr ? row.get(i, n) : pivot.exp(load(kF, x + i, n));
      return hn::IfThenZeroElse(adding.next(), e);
    });
  }
  if (gradient != nullptr) {
    const VF factor = hn::Mul(hn::Div(label.mass, hn::Add(top, rest)), hn::Set(kF, scale));
    row.each([&](size_t i, size_t n, auto) { store(hn::Mul(row.get(i, n), factor), kF, gradient + i, n); });
    gradient[label.label] = -hn::GetLane(hn::Mul(rest, factor));
  }
  return {top, rest, hn::Div(hn::Set(kF, 1.0f), top), pivot.log_scale(x_label), label.mass, hn::Zero(kF)};
}

// The same for targets with a dense part. The exponentials are those of x - max, not of Pivot, which costs half an ulp for each e-fold; the products with q
// need x - max anyway.
template <class Row, class Dense, class Label>
HWY_INLINE RowLoss cross_entropy_row(Row& row, float* gradient, const float* x, Dense dense, const Label& label, float scale) {
  const VF x_label = label.logit(x);
  const VF max = row_max(row, x);
  const VF top = hn::Set(kF, 1.0f);
  VF sums[3];  // of e^x, of q and of q x
  row_sums<3>(sums, row, [&](size_t i, size_t n, auto lanes, VF* s) {
    const VF shifted = hn::Sub(load(kF, x + i, n), max);
    const VF e = math::exp_or_zero(shifted);
    hand_on(row, gradient, x, i, n, e);
    const VF q = lanes.keep(dense.at(row, i, n));
    s[0] = hn::Add(s[0], lanes.keep(e));
    s[1] = hn::Add(s[1], q);
    s[2] = hn::MulAdd(q, lanes.keep(shifted), s[2]);
  });
  VF beside[2] = {hn::Zero(kF), hn::Zero(kF)};  // sums of e^x and of q without those at top, from one more pass if top is more than half of the sum
  const auto alone = hn::Lt(sums[0], hn::Set(kF, 1.5f));
  if (!hn::AllFalse(kF, alone)) {
    row_sums<2>(beside, row, [&](size_t i, size_t n, auto lanes, VF* s) {
      const VF e = gradient != nullptr ? row.get(i, n) : math::exp_or_zero(hn::Sub(load(kF, x + i, n), max));
      const auto at_top = hn::Eq(e, top);
      s[0] = hn::Add(s[0], lanes.keep(hn::IfThenZeroElse(at_top, e)));
      s[1] = hn::Add(s[1], lanes.keep(hn::IfThenZeroElse(at_top, dense.at(row, i, n))));
    });
  }
  const VF rest = hn::IfThenElse(alone, beside[0], hn::Sub(sums[0], top));
  const VF mass = hn::Add(sums[1], label.mass);
  const VF cross = hn::MulAdd(label.mass, hn::Sub(x_label, max), sums[2]);
  if (gradient != nullptr) {
    const VF inverse = hn::Div(hn::Set(kF, scale), hn::Add(top, rest));
    const VF factor = hn::Mul(mass, inverse), scales = hn::Set(kF, scale);
    // the target mass outside of top; the label may be outside too
    const VF others = hn::Add(beside[1], hn::IfThenZeroElse(hn::Eq(x_label, max), label.mass));
    const VF dx_of_top = hn::Mul(hn::NegMulAdd(hn::Sub(mass, others), rest, others), inverse);
    const VF mark = hn::IfThenElse(alone, top, hn::Set(kF, -1.0f));  // -1 matches nothing, as exponentials are not negative
    typename Label::Walk writing(label);
    row.each([&](size_t i, size_t n, auto) {
      const VF q = hn::Add(dense.at(row, i, n), hn::IfThenElseZero(writing.next(), label.mass));
      const VF e = row.get(i, n);
      const VF dx = hn::IfThenElse(hn::Eq(e, mark), dx_of_top, hn::MulSub(e, factor, hn::Mul(q, scales)));
      store(label.taking_part(dx), kF, gradient + i, n);
    });
  }
  return {top, rest, top, hn::Zero(kF), mass, hn::Neg(cross)};
}

HWY_INLINE float* row_of(float* matrix, size_t row, size_t classes) {
  return matrix == nullptr ? nullptr : matrix + row * classes;
}
HWY_INLINE const float* row_of(const float* matrix, size_t row, size_t classes) {
  return matrix == nullptr ? nullptr : matrix + row * classes;
}

// The losses and gradients of n <= kLanes rows from `first` on: all at once, a row in each lane, or row by row with one logarithm for all.
template <class Dense>
void rows_of_loss(RowKind<RowsInLanes>, const Matrices& m, size_t first, size_t n) {
  LaneRows x, gradient, target;
  rows_to_lanes(x, m.logits + first * m.classes, n, m.classes);
  if (m.target != nullptr) rows_to_lanes(target, m.target + first * m.classes, n, m.classes);
  RowsInLanes row(m.classes, gradient.values);
  const LabelsOfLanes label(m, m.label == nullptr ? nullptr : m.label + first, n);
  const RowLoss loss = cross_entropy_row(row, m.gradient == nullptr ? nullptr : gradient.values, x.values,
                                         Dense(m, target.values), label, m.scale);
  if (m.gradient != nullptr) lanes_to_rows(m.gradient + first * m.classes, gradient, n, m.classes);
  store(label.taking_part(loss.value()), kF, m.losses + first, n);
}

template <class Dense, class Row>
void rows_of_loss(RowKind<Row>, const Matrices& m, size_t first, size_t n) {
  alignas(64) float top[kLanes] = {}, rest[kLanes] = {}, inverse[kLanes] = {}, log_scale[kLanes] = {}, mass[kLanes] = {}, more[kLanes] = {};
  for (size_t r = 0; r < n; ++r) {
    float* const gradient = row_of(m.gradient, first + r, m.classes);
    const int32_t label = m.label == nullptr ? kNoClass : m.label[first + r];
    if (m.label != nullptr && label == kNoClass) {
      if (gradient != nullptr) std::memset(gradient, 0, m.classes * sizeof(float));
      top[r] = inverse[r] = 1;
      continue;
    }
    Row row(m.classes, gradient);
    const RowLoss loss = cross_entropy_row(row, gradient, m.logits + (first + r) * m.classes,
                                           Dense(m, row_of(m.target, first + r, m.classes)), LabelOfRow(m, label), m.scale);
    top[r] = hn::GetLane(loss.top);
    rest[r] = hn::GetLane(loss.rest);
    inverse[r] = hn::GetLane(loss.inverse);
    log_scale[r] = hn::GetLane(loss.log_scale);
    mass[r] = hn::GetLane(loss.mass);
    more[r] = hn::GetLane(loss.more);
  }
  const RowLoss losses{hn::Load(kF, top), hn::Load(kF, rest), hn::Load(kF, inverse),
                       hn::Load(kF, log_scale), hn::Load(kF, mass), hn::Load(kF, more)};
  store(losses.value(), kF, m.losses + first, n);
}

// All rows, in groups of kLanes that threads share.
template <class Dense>
void all_rows(Run& run, const Matrices& matrices) {
  with_row_kind(matrices.classes, [&](auto kind) {
    parallel(run, matrices.rows, kLanes, softmax_work(matrices.rows, matrices.classes), [&](size_t begin, size_t end) {
      const Matrices m = matrices;
      for (size_t first = begin; first < end; first += kLanes) {
        rows_of_loss<Dense>(kind, m, first, end - first < kLanes ? end - first : kLanes);
      }
    });
  });
}

// Where the mean divides by 0, the gradient at a label, (p - 1) times infinity, is the difference of two infinities: NaN, as in PyTorch.
void no_label_gradient(const Matrices& m) {
  for (size_t r = 0; r < m.rows; ++r) {
    if (m.label[r] != kNoClass) m.gradient[r * m.classes + static_cast<size_t>(m.label[r])] = std::numeric_limits<float>::quiet_NaN();
  }
}

// The mean with label smoothing where the labels' weights add up to 0. The labels' loss and the smoothing loss are divided by 0 separately, because the first
// is NaN where all these weights are 0, and infinite where they cancel.
struct WeightlessMean {
  double of_labels, smoothing;
  // Runs before the gradient is written, which may be in place of the logits.
  WeightlessMean(Run& run, Matrices m, double label_smoothing) : of_labels(0), smoothing(label_smoothing) {
    m.gradient = nullptr;
    m.keep = 1;
    all_rows<NoDensePart>(run, m);
    for (size_t r = 0; r < m.rows; ++r) of_labels += m.losses[r];
  }
  float of(const float* losses, size_t rows) const {
    double total = 0;
    for (size_t r = 0; r < rows; ++r) total += losses[r];
    const double zero = 0, keep = 1 - smoothing;
    return static_cast<float>(keep * (of_labels / zero) + (total - keep * of_labels) / zero);
  }
};

}  // namespace

// torch.nn.CrossEntropyLoss with class indices, and its gradient for an upstream gradient of 1 (of 1 for each row where the reduction is none).
// With p = softmax(x), eps = label_smoothing, and weight all ones where null:
//   loss_r = (1 - eps) weight[y] (-log p_y) + eps / classes sum_c weight[c] (-log p_c)
// Reductions: sum; mean, the sum divided by the sum of weight[y]; none. A row with y == ignore_index has loss and gradient 0 and does not count in the mean.
// If all rows are ignored, the mean is NaN and the gradient 0. If the weights add up to 0, results are those of a division by 0: the gradient is NaN at the
// labels, with label smoothing everywhere. A label that is no class is reported and treated as ignored. dlogits may be null, or logits.
// Error of a row: 3 ulp of each term, and the rounding of the sums over classes (row_sums). Without label smoothing every element of dlogits is within 5 ulp
// and that rounding of its own size, and so is the loss, down to 2^-126.
void softmax_cross_entropy(Run& run, float* loss, float* dlogits, const float* logits, const int32_t* labels,
                           const float* weight, size_t rows, size_t classes,
                           const SoftmaxCrossEntropyAttributes& attributes) {
  float* const memory = scratch(Scratch::kRows, 2 * rows);
  float* const losses = attributes.reduction == Reduction::none ? loss : memory;
  const Labels checked = check_labels(run, labels, reinterpret_cast<int32_t*>(memory + rows), rows, classes,
                                      attributes.ignore_index, weight);
  Matrices m{losses,
             dlogits,
             logits,
             nullptr,
             weight,
             checked.label,
             rows,
             classes,
             static_cast<float>(1 - attributes.label_smoothing),
             static_cast<float>(attributes.label_smoothing / static_cast<double>(classes)),
             reduction_scale(attributes.reduction, checked.weight)};
  if (attributes.label_smoothing == 0) {
    all_rows<NoDensePart>(run, m);
    if (dlogits != nullptr && m.scale - m.scale != 0) no_label_gradient(m);  // infinite
  } else if (attributes.reduction == Reduction::mean && checked.weight == 0) {
    const WeightlessMean mean(run, m, attributes.label_smoothing);
    m.scale = std::numeric_limits<float>::quiet_NaN();
    all_rows<SmoothingPart>(run, m);
    loss[0] = mean.of(losses, rows);
    return;
  } else {
    all_rows<SmoothingPart>(run, m);
  }
  if (attributes.reduction != Reduction::none) reduce_losses(loss, losses, rows, attributes.reduction, checked.weight);
}

// torch.nn.CrossEntropyLoss with class probabilities. With t' = target (1 - eps) + eps / classes:
//   loss_r = sum_c weight[c] t'[r, c] (-log p_c)
// Reductions: sum; mean, the sum divided by the number of rows; none. All else is as in softmax_cross_entropy.
void softmax_cross_entropy_soft(Run& run, float* loss, float* dlogits, const float* logits, const float* target,
                                const float* weight, size_t rows, size_t classes,
                                const SoftmaxCrossEntropySoftAttributes& attributes) {
  // Without classes every row's loss is NaN, and the 2^53 rows that no memory limits would take forever: one row gives the same result.
  if (classes == 0 && attributes.reduction != Reduction::none && rows > 1) rows = 1;
  float* const losses = attributes.reduction == Reduction::none ? loss : scratch(Scratch::kRows, rows);
  const double count = static_cast<double>(rows);
  all_rows<ProbabilityPart>(run, {losses,
                                  dlogits,
                                  logits,
                                  target,
                                  weight,
                                  nullptr,
                                  rows,
                                  classes,
                                  static_cast<float>(1 - attributes.label_smoothing),
                                  static_cast<float>(attributes.label_smoothing / static_cast<double>(classes)),
                                  reduction_scale(attributes.reduction, count)});
  if (attributes.reduction != Reduction::none) reduce_losses(loss, losses, rows, attributes.reduction, count);
}

}  // namespace simdnn::SIMDNN_ISA
