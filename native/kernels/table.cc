// This target's dispatch table, compiled once per target and once for the reference.
#include "kernels/table.h"

namespace simdnn::SIMDNN_ISA {

const KernelTable table = {
#define KERNEL(name, parameters) SIMDNN_ISA::name,
#define OUT(T, name, length)
#define INOUT(T, name, length)
#define IN(T, name, length)
#define OPT_OUT(T, name, length)
#define OPT_INOUT(T, name, length)
#define OPT_IN(T, name, length)
#define OUT_ANY(name, length)
#define IN_ANY(name, length)
#define SIZE(name)
#define INT(name)
#define REAL(name)
#define COUNTER(name)
#define LAYOUT(name)
#include "kernels/kernels.def"
};

}  // namespace simdnn::SIMDNN_ISA
