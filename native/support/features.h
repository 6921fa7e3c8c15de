// Units of processors beyond a target's own instructions, for products of bfloat16 numbers, and which of them run here.
#pragma once

namespace simdnn {

struct PairUnit;  // pair_tile.h

struct Feature {
  const char* name;
  const char* target;  // whose kernels it goes with
  // Whether this machine runs it: processor, operating system and, for AMX, permission for this process, which Linux is asked for once, by the first call.
  bool (*supported)();
  // Its tiles; null where this build has none. They are for a machine that runs it alone.
  const PairUnit* unit;
};

// Every feature that there is a name for, on any processor, the fastest first.
extern const Feature features[];
extern const int feature_count;

// The one called `name`; null when there is none of that name.
const Feature* find_feature(const char* name);

}  // namespace simdnn
