// Element-wise arithmetic and comparisons with NumPy's broadcasting rules.
//
// out[i] = a[i] op b[i] over the row-major index space of `layout`; operand 0 is a, operand 1 is b, and out is contiguous. Strides are in elements; a
// stride of 0 repeats an operand. A layout of rank 0 has one element; one with a size of 0 has none.
// `out` may be exactly a or b where that operand is contiguous; otherwise nothing overlaps.
// add, sub, mul and div round once, as in IEEE 754. Comparisons give 1 or 0; with a NaN only `ne` gives 1.
// Integer arithmetic wraps. pow is described at its definition.
#include <math.h>  // not <cmath>, whose functions are inline

#include "kernels/rows.h"
#include "kernels/power.h"

namespace simdnn::SIMDNN_ISA {
namespace {

using U = hn::RebindToUnsigned<F>;
constexpr U kU;

HWY_INLINE VI unsigned_add(VI a, VI b) {
  return hn::BitCast(kI, hn::Add(hn::BitCast(kU, a), hn::BitCast(kU, b)));
}
HWY_INLINE VI unsigned_sub(VI a, VI b) {
  return hn::BitCast(kI, hn::Sub(hn::BitCast(kU, a), hn::BitCast(kU, b)));
}
HWY_INLINE VI unsigned_mul(VI a, VI b) {
  return hn::BitCast(kI, hn::Mul(hn::BitCast(kU, a), hn::BitCast(kU, b)));
}
template <class M>
HWY_INLINE VI one_where(M mask) {
  return hn::IfThenElseZero(hn::RebindMask(kI, mask), hn::Set(kI, 1));
}

// b, or a where a is NaN.
HWY_INLINE VF keep_nan(VF a, VF b) { return hn::IfThenElse(hn::Eq(a, a), b, a); }

// Applies a scalar function lane by lane, for operations that training seldom needs.
template <class V, class Function>
HWY_INLINE V by_lane(V a, V b, Function f) {
  constexpr hn::DFromV<V> d;
  alignas(64) hn::TFromV<V> as[kLanes], bs[kLanes];
  hn::Store(a, d, as);
  hn::Store(b, d, bs);
  for (size_t i = 0; i < kLanes; ++i) as[i] = f(as[i], bs[i]);
  return hn::Load(d, as);
}

// The remainder with the sign of b, as Python's %. It is exact, because C's fmod is.
inline float remainder_of(float a, float b) {
  const float rest = ::fmodf(a, b);
  return rest != 0 && (b < 0) != (rest < 0) ? rest + b : rest;
}

// As torch.floor_divide: (a - remainder) / b, so that a quotient just below a whole number is not rounded up to it.
inline float floor_divided(float a, float b) {
  if (b == 0) return a / b;
  const float rest = ::fmodf(a, b);
  float quotient = (a - rest) / b;
  if (rest != 0 && (b < 0) != (rest < 0)) quotient -= 1;
  if (quotient == 0) return ::copysignf(0, a / b);
  const float whole = ::floorf(quotient);
  return quotient - whole > 0.5f ? whole + 1 : whole;
}

// 0 where b is 0; -2^31 / -1 wraps to -2^31.
inline int32_t floor_divided_int(int32_t a, int32_t b) {
  if (b == 0) return 0;
  const int64_t wide = a, quotient = wide / b;
  return static_cast<int32_t>(static_cast<uint32_t>(wide % b != 0 && (b < 0) != (wide < 0) ? quotient - 1 : quotient));
}
inline int32_t remainder_of_int(int32_t a, int32_t b) {
  if (b == 0) return 0;
  const int64_t rest = static_cast<int64_t>(a) % b;
  return static_cast<int32_t>(rest != 0 && (b < 0) != (rest < 0) ? rest + b : rest);
}

// The operands of one row: at(i, n) is the vector that begins at element i, with n elements left in the row.
template <class D>
struct Contiguous {
  const hn::TFromD<D>* p;
  HWY_INLINE hn::Vec<D> at(size_t i, size_t n) const { return load(D(), p + i, n); }
};
template <class D>
struct Repeated {
  hn::Vec<D> value;
  HWY_INLINE hn::Vec<D> at(size_t, size_t) const { return value; }
};
template <class D>
struct Strided {
  const hn::TFromD<D>* p;
  size_t stride;
  HWY_INLINE hn::Vec<D> at(size_t i, size_t n) const {
    alignas(64) hn::TFromD<D> lanes[kLanes] = {};
    for (size_t k = 0; k < kLanes && k < n; ++k) lanes[k] = p[(i + k) * stride];
    return hn::Load(D(), lanes);
  }
};

template <class Op, typename R, class A, class B>
HWY_INLINE void row(R* out, A a, B b, size_t n) {
  constexpr hn::Rebind<R, F> d;
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) hn::StoreU(Op::apply(a.at(i, kLanes), b.at(i, kLanes)), d, out + i);
  if (i < n) store_tail(Op::apply(a.at(i, n - i), b.at(i, n - i)), d, out + i, n - i);
}

template <class Op, typename R, typename T>
void broadcast(Run& run, R* out, const T* a, const T* b, const Layout& operands) {
  using D = hn::Rebind<T, F>;
  const size_t count = operands.count();
  if (count == 0) return;
  const Layout layout = merged(operands);
  const size_t stride_a = row_stride(layout, 0), stride_b = row_stride(layout, 1);
  parallel(run, count, 64, static_cast<double>(count) * Op::kNanoseconds, [&](size_t begin, size_t end) {
    for_each_row(layout, begin, end, [&](size_t position, size_t at_a, size_t at_b, size_t n) {
      R* to = out + position;
      const Contiguous<D> line_a{a + at_a}, line_b{b + at_b};
      if (stride_a == 1 && stride_b == 1) {
        row<Op>(to, line_a, line_b, n);
      } else if (stride_a == 1 && stride_b == 0) {
        row<Op>(to, line_a, Repeated<D>{hn::Set(D(), b[at_b])}, n);
      } else if (stride_a == 0 && stride_b == 1) {
        row<Op>(to, Repeated<D>{hn::Set(D(), a[at_a])}, line_b, n);
      } else {
        row<Op>(to, Strided<D>{a + at_a, stride_a}, Strided<D>{b + at_b, stride_b}, n);
      }
    });
  });
}

}  // namespace

#define BINARY(name, T, R, ns, expression)                                               \
  namespace {                                                                            \
  struct name##_op {                                                                     \
    static constexpr double kNanoseconds = ns;                                           \
    template <class V>                                                                   \
    static HWY_INLINE auto apply(V a, V b) {                                             \
      return expression;                                                                 \
    }                                                                                    \
  };                                                                                     \
  }                                                                                      \
  void name(Run& run, R* out, const T* a, const T* b, const Layout& layout) {            \
    broadcast<name##_op>(run, out, a, b, layout);                                        \
  }

BINARY(add, float, float, 0.1, hn::Add(a, b))
BINARY(sub, float, float, 0.1, hn::Sub(a, b))
BINARY(mul, float, float, 0.1, hn::Mul(a, b))
BINARY(div, float, float, 0.2, hn::Div(a, b))
// NaN where either operand is NaN, as torch.maximum; of two zeros the first operand.
BINARY(maximum, float, float, 0.15, hn::IfThenElse(hn::Or(hn::Gt(b, a), hn::Not(hn::Eq(b, b))), keep_nan(a, b), a))
BINARY(minimum, float, float, 0.15, hn::IfThenElse(hn::Or(hn::Lt(b, a), hn::Not(hn::Eq(b, b))), keep_nan(a, b), a))
BINARY(maximum_int, int32_t, int32_t, 0.1, hn::Max(a, b))
BINARY(minimum_int, int32_t, int32_t, 0.1, hn::Min(a, b))
BINARY(eq, float, int32_t, 0.1, one_where(hn::Eq(a, b)))
BINARY(ne, float, int32_t, 0.1, one_where(hn::Not(hn::Eq(a, b))))  // Highway's Ne may be false for NaN
BINARY(lt, float, int32_t, 0.1, one_where(hn::Lt(a, b)))
BINARY(le, float, int32_t, 0.1, one_where(hn::Le(a, b)))
BINARY(gt, float, int32_t, 0.1, one_where(hn::Gt(a, b)))
BINARY(ge, float, int32_t, 0.1, one_where(hn::Ge(a, b)))
BINARY(add_int, int32_t, int32_t, 0.1, unsigned_add(a, b))
BINARY(sub_int, int32_t, int32_t, 0.1, unsigned_sub(a, b))
BINARY(mul_int, int32_t, int32_t, 0.1, unsigned_mul(a, b))
BINARY(eq_int, int32_t, int32_t, 0.1, one_where(hn::Eq(a, b)))
BINARY(ne_int, int32_t, int32_t, 0.1, one_where(hn::Not(hn::Eq(a, b))))
BINARY(lt_int, int32_t, int32_t, 0.1, one_where(hn::Lt(a, b)))
BINARY(le_int, int32_t, int32_t, 0.1, one_where(hn::Not(hn::Gt(a, b))))
BINARY(gt_int, int32_t, int32_t, 0.1, one_where(hn::Gt(a, b)))
BINARY(ge_int, int32_t, int32_t, 0.1, one_where(hn::Not(hn::Lt(a, b))))
BINARY(remainder, float, float, 5, by_lane(a, b, [](float x, float y) { return remainder_of(x, y); }))
BINARY(fmod, float, float, 5, by_lane(a, b, [](float x, float y) { return ::fmodf(x, y); }))
BINARY(floor_divide, float, float, 5, by_lane(a, b, [](float x, float y) { return floor_divided(x, y); }))
BINARY(remainder_int, int32_t, int32_t, 5, by_lane(a, b, [](int32_t x, int32_t y) { return remainder_of_int(x, y); }))
BINARY(floor_divide_int, int32_t, int32_t, 5, by_lane(a, b, [](int32_t x, int32_t y) { return floor_divided_int(x, y); }))
BINARY(atan2, float, float, 20, by_lane(a, b, [](float x, float y) {
         return static_cast<float>(::atan2(static_cast<double>(x), static_cast<double>(y)));
       }))
#undef BINARY

namespace {
struct pow_op {
  static constexpr double kNanoseconds = 1.4;
  static HWY_INLINE VF apply(VF a, VF b) { return power(a, b); }
};
}  // namespace

// C's pow: see power.h. Squares, the most frequent powers in losses, are computed by mul and have its bits.
void pow(Run& run, float* out, const float* a, const float* b, const Layout& layout) {
  Layout squares = layout;
  bool one_exponent = layout.count() > 0;
  for (int d = 0; d < layout.rank; ++d) {
    one_exponent = one_exponent && layout.stride[1][d] == 0;
    squares.stride[1][d] = layout.stride[0][d];
  }
  squares.offset[1] = layout.offset[0];
  if (one_exponent && b[layout.offset[1]] == 2.0f) return mul(run, out, a, a, squares);
  broadcast<pow_op>(run, out, a, b, layout);
}

}  // namespace simdnn::SIMDNN_ISA
