// Prototypes of every kernel for one target (namespace SIMDNN_ISA), the enumerators that kernels take,
// and the table through which everything else calls them.
#pragma once
#include <cstddef>
#include <cstdint>

#include "support/layout.h"
#include "support/run.h"

namespace simdnn {

enum Unary : int32_t {
  kNoUnary = 0,
#define UNARY(name) k_##name,
#include "kernels/unary.def"
};

enum Reduction : int32_t { kNone = 0, kMean = 1, kSum = 2 };
constexpr size_t reduced(size_t n, int32_t reduction) { return reduction == kNone ? n : 1; }

// n filled up to whole vectors of any target.
constexpr Count padded(Count n) { return Count((n + Count(15)) / 16) * Count(16); }

// Room for a packed weight of any target: panels of up to 32 outputs with a row more than they have, and what packing writes behind the last.
constexpr Count packed(Count in, Count out) { return Count((out + Count(31)) / 32) * Count(32) * (in + Count(1)) + Count(480); }

enum Accumulate : int32_t { kAccumulateDx = 1, kAccumulateDweight = 2, kAccumulateDbias = 4 };
enum AdamFlags : int32_t { kDecoupledDecay = 1, kAdamMaximize = 2 };
enum SgdFlags : int32_t { kNesterov = 1, kSgdMaximize = 2, kFirstStep = 4 };

struct KernelTable {
#define KERNEL(name, parameters) void (*name)(Run & run parameters);
#include "kernels/declarations.def"
};

}  // namespace simdnn

// Included with SIMDNN_ISA defined to a target's name: declares that target's kernels.
#ifdef SIMDNN_ISA
namespace simdnn::SIMDNN_ISA {
#define KERNEL(name, parameters) void name(Run& run parameters);
#include "kernels/declarations.def"
extern const KernelTable table;
}  // namespace simdnn::SIMDNN_ISA
#endif
