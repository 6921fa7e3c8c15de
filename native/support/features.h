// Features of processors that a target's instruction set does not include: units for products of bfloat16 numbers.
#pragma once

namespace simdnn {

struct PairUnit;  // pair_tile.h

struct Feature {
  const char* name;
  const char* target;  // the target whose kernels use it
  // Whether the processor and the operating system support it. For AMX the process also needs a permission, for which the first call asks Linux.
  bool (*supported)();
  // Whether the unit is faster on this processor than float32 arithmetic on rounded operands.
  bool (*is_faster)();
  // The functions of the unit, or null if this build has none. They may be called only if the machine supports the feature.
  const PairUnit* unit;
};

// All features, of all processors, the fastest first.
extern const Feature features[];
extern const int feature_count;

// The feature with this name, or null.
const Feature* find_feature(const char* name);

}  // namespace simdnn
