#include "support/denormals.h"

namespace simdnn {

std::atomic<FloatControl> wanted_flush_bits{kFlushBits};

}  // namespace simdnn
