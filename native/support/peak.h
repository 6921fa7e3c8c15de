// Measures the multiply-add rate of one thread: enough independent chains to hide the latency, with operands in registers.
#pragma once

namespace simdnn {

// The FLOP/s of independent multiply-adds in registers, done as the target's kernels do them: fused if it has FMA, else as a multiplication and an addition. It is
// the best of several windows of about 20 us within `seconds`; 0 on an unknown processor.
double muladd_peak(const char* target, double seconds);

}  // namespace simdnn
