// The prototypes of every kernel for one target (namespace SIMDNN_ISA), the types of their arguments, and the table through which everything else calls them.
// All are generated from native/descriptions.
#pragma once
#include "generated/kernels.h"

// Included with SIMDNN_ISA defined as a target's name; declares that target's kernels.
#ifdef SIMDNN_ISA
namespace simdnn::SIMDNN_ISA {
#include "generated/prototypes.inc"
extern const KernelTable table;
}  // namespace simdnn::SIMDNN_ISA
#endif
