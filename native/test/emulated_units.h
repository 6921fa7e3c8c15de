// The units of bfloat16 pairs whose instructions are emulated: they run on every machine.
#pragma once
#include "support/pair_tile.h"

namespace simdnn {
namespace emulated_amx_bf16 {
extern const PairUnit unit;
}
namespace emulated_avx512_bf16 {
extern const PairUnit unit;
}
namespace emulated_neon_bf16 {
extern const PairUnit unit;
}
}  // namespace simdnn
