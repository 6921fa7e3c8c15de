// Checks class labels before they are used, and reduces the losses of the rows to one number.
#pragma once
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Replaces a label that is ignored, or refused because it is not a class.
constexpr int32_t kNoClass = -1;

struct Labels {
  const int32_t* label;  // a class or kNoClass; a copy, as the caller's memory may change during the call
  double weight;         // the sum of the weights of the labels that are not ignored, added in their order
};

// Reads each label once into `copy`; reports one that is neither a class nor ignore_index.
inline Labels check_labels(Run& run, const int32_t* labels, int32_t* copy, size_t rows, size_t classes,
                           int32_t ignore_index, const float* weight) {
  Labels out{copy, 0};
  for (size_t r = 0; r < rows; ++r) {
    const int32_t label = *const_cast<const volatile int32_t*>(labels + r);
    copy[r] = kNoClass;
    if (label == ignore_index) continue;
    if (label < 0 || static_cast<size_t>(label) >= classes) {
      run.fault.report("labels", r, label, classes);
      continue;
    }
    copy[r] = label;
    out.weight += weight != nullptr ? weight[label] : 1.0;
  }
  return out;
}

// The factor of each row's loss and gradient: 1, or 1 / `count` for the mean.
inline float reduction_scale(Reduction reduction, double count) {
  return reduction == Reduction::mean ? static_cast<float>(1 / count) : 1.0f;
}

// loss[0] = the sum, in double and in order, or the mean of the rows' losses.
inline void reduce_losses(float* loss, const float* losses, size_t rows, Reduction reduction, double count) {
  double sum = 0;
  for (size_t r = 0; r < rows; ++r) sum += losses[r];
  loss[0] = static_cast<float>(reduction == Reduction::mean ? sum / count : sum);
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
