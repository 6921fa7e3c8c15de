#include "reference/unary.h"

namespace simdnn::reference {

#define UNARY(name)                                                                                          \
  void name##_forward(Run&, float* y, const float* x, size_t n, const UnaryAttributes& attributes) {         \
    const unary::name f{attributes};                                                                         \
    for (size_t i = 0; i < n; ++i) y[i] = static_cast<float>(f.value(x[i]));                                 \
  }                                                                                                          \
  void name##_backward(Run&, float* dx, const float* dy, const float* x, const float*, size_t n,             \
                       const UnaryAttributes& attributes) {                                                  \
    const unary::name f{attributes};                                                                         \
    for (size_t i = 0; i < n; ++i) dx[i] = static_cast<float>(dy[i] * f.derivative(x[i]));                   \
  }
#include "generated/unary.def"

}  // namespace simdnn::reference
