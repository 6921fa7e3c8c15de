// Features of processors beyond a target's instructions: units for products of bfloat16 numbers, and which of them this machine supports.
#pragma once

namespace simdnn {

struct PairUnit;  // pair_tile.h

struct Feature {
  const char* name;
  const char* target;  // the target whose kernels use it
  // Whether this machine supports it: the processor, the operating system and, for AMX, a permission for the process, for which the first call asks Linux.
  bool (*supported)();
  // Whether the unit is faster here than float32's own units are with rounded operands.
  bool (*pays)();
  // The unit's functions, or null if this build has none. Call them only on a machine that supports the feature.
  const PairUnit* unit;
};

// Every feature that has a name, on any processor, the fastest first.
extern const Feature features[];
extern const int feature_count;

// The feature called `name`, or null.
const Feature* find_feature(const char* name);

}  // namespace simdnn
