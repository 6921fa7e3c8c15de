// This target's dispatch table, compiled once per target and once for the reference.
#include "kernels/table.h"

namespace simdnn::SIMDNN_ISA {

const KernelTable table = {
#define NAME(name) SIMDNN_ISA::name,
#include "generated/names.def"
};

}  // namespace simdnn::SIMDNN_ISA
