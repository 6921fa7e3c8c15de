// out = a op b over strided operands: the definition, one element at a time.
#include <cmath>

#include "kernels/table.h"

namespace simdnn::reference {
namespace {

template <typename R, typename T, class Op>
void broadcast(R* out, const T* a, const T* b, const Layout& layout, Op op) {
  const size_t count = layout.count();
  for (size_t i = 0; i < count; ++i) {
    size_t rest = i, at_a = layout.offset[0], at_b = layout.offset[1];
    for (int d = layout.rank - 1; d >= 0; --d) {
      at_a += rest % layout.size[d] * layout.stride[0][d];
      at_b += rest % layout.size[d] * layout.stride[1][d];
      rest /= layout.size[d];
    }
    out[i] = static_cast<R>(op(a[at_a], b[at_b]));
  }
}

uint32_t wrap(int32_t x) { return static_cast<uint32_t>(x); }

double floored(double a, double b) {
  if (b == 0) return a / b;
  const double rest = std::fmod(a, b), quotient = (a - rest) / b - (rest != 0 && (b < 0) != (rest < 0) ? 1 : 0);
  return quotient == 0 ? std::copysign(0.0, a / b) : std::nearbyint(quotient);
}
double modulo(double a, double b) {
  const float rest = static_cast<float>(std::fmod(a, b));  // zero where it is denormal and these are flushed
  return rest != 0 && (b < 0) != (rest < 0) ? rest + static_cast<float>(b) : rest;
}
int64_t floored_int(int64_t a, int64_t b) { return b == 0 ? 0 : a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }

}  // namespace

#define BINARY(name, T, R, expression)                                                         \
  void name(Run&, R* out, const T* a_, const T* b_, const Layout& layout) {                    \
    broadcast(out, a_, b_, layout, [](T a, T b) { return expression; });                       \
  }

BINARY(add, float, float, static_cast<double>(a) + b)
BINARY(sub, float, float, static_cast<double>(a) - b)
BINARY(mul, float, float, static_cast<double>(a) * b)
BINARY(div, float, float, a / b)  // not in double: 1e-45 / 3 would round twice
BINARY(pow, float, float, std::pow(static_cast<double>(a), static_cast<double>(b)))
BINARY(maximum, float, float, std::isnan(a) || a >= b ? a : b)
BINARY(minimum, float, float, std::isnan(a) || a <= b ? a : b)
BINARY(remainder, float, float, modulo(a, b))
BINARY(fmod, float, float, std::fmod(static_cast<double>(a), static_cast<double>(b)))
BINARY(floor_divide, float, float, floored(a, b))
BINARY(atan2, float, float, std::atan2(static_cast<double>(a), static_cast<double>(b)))
BINARY(maximum_int, int32_t, int32_t, a > b ? a : b)
BINARY(minimum_int, int32_t, int32_t, a < b ? a : b)
BINARY(floor_divide_int, int32_t, int32_t, static_cast<uint32_t>(floored_int(a, b)))
BINARY(remainder_int, int32_t, int32_t, b == 0 ? 0 : a - b * floored_int(a, b))
BINARY(eq, float, int32_t, a == b)
BINARY(ne, float, int32_t, a != b)
BINARY(lt, float, int32_t, a < b)
BINARY(le, float, int32_t, a <= b)
BINARY(gt, float, int32_t, a > b)
BINARY(ge, float, int32_t, a >= b)
BINARY(add_int, int32_t, int32_t, wrap(a) + wrap(b))
BINARY(sub_int, int32_t, int32_t, wrap(a) - wrap(b))
BINARY(mul_int, int32_t, int32_t, wrap(a) * wrap(b))
BINARY(eq_int, int32_t, int32_t, a == b)
BINARY(ne_int, int32_t, int32_t, a != b)
BINARY(lt_int, int32_t, int32_t, a < b)
BINARY(le_int, int32_t, int32_t, a <= b)
BINARY(gt_int, int32_t, int32_t, a > b)
BINARY(ge_int, int32_t, int32_t, a >= b)
#undef BINARY

}  // namespace simdnn::reference
