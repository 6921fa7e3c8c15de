// This target's dispatch table; compiled once for each target and once for the reference.
#include "kernels/table.h"

// A target with few kernels of its own takes all others from the target below it: simdnn_own_kernels in CMakeLists.txt names both.
#ifdef SIMDNN_BELOW
namespace simdnn::SIMDNN_BELOW {
extern const KernelTable table;
}
#endif

namespace simdnn::SIMDNN_ISA {

#ifdef SIMDNN_BELOW
const KernelTable table = [] {
  KernelTable all = SIMDNN_BELOW::table;
#define NAME(name) all.name = SIMDNN_ISA::name;
#include SIMDNN_OWN
  return all;
}();
#else
const KernelTable table = {
#define NAME(name) SIMDNN_ISA::name,
#include "generated/names.def"
};
#endif

}  // namespace simdnn::SIMDNN_ISA
