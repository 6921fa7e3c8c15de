// Measures the multiply-add rate of one thread, with operands in registers and enough independent chains to hide the latency.
#pragma once

namespace simdnn {

// The floating-point operations per second of multiply-adds with the target's instructions: fused if it has FMA, otherwise a multiplication and an addition. The
// best of the windows of about 20 us within `seconds`; 0 on an unknown processor.
double muladd_peak(const char* target, double seconds);

}  // namespace simdnn
