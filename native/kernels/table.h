// Prototypes of every kernel for one target (namespace SIMDNN_ISA), what kernels take, and the table through which
// everything else calls them: all made from native/descriptions.
#pragma once
#include "generated/kernels.h"

// Included with SIMDNN_ISA defined to a target's name: declares that target's kernels.
#ifdef SIMDNN_ISA
namespace simdnn::SIMDNN_ISA {
#include "generated/prototypes.inc"
extern const KernelTable table;
}  // namespace simdnn::SIMDNN_ISA
#endif
