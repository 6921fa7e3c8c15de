// The multiply-add rate of one thread: chains enough to hide the latency, operands in registers.
#pragma once

namespace simdnn {

// FLOP/s of independent multiply-adds in registers as the target's kernels make them: fused where it has FMA, else a multiplication
// and an addition. The best of windows of some 20 us within `seconds`; 0 on processors that are not known.
double muladd_peak(const char* target, double seconds);

}  // namespace simdnn
