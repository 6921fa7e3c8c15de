// A target may have only some kernels, and take all others from the target below it.
#include "test/test.h"

namespace simdnn::partial {
extern const KernelTable table;
void fill(Run&, float*, size_t, const FillAttributes&);
}  // namespace simdnn::partial

namespace simdnn::test {

TEST(own_kernels) {
  const KernelTable& below = SIMDNN_LEAST::table;
  t.check(partial::table.fill == partial::fill && partial::table.fill != below.fill, "its own kernel is not in its table");
  int taken = 0, all = 0;
#define NAME(name) taken += partial::table.name == below.name, ++all;
#include "generated/names.def"
  t.check(taken == all - 1, "another kernel is not the one of the target below");
}

}  // namespace simdnn::test
