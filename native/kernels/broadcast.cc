// Element-wise arithmetic and comparisons with NumPy's broadcasting.
//
// out[i] = a[i] op b[i] over the row-major index space of `layout`: operand 0 is a, operand 1 is b, out is
// contiguous. Strides are in elements, 0 repeats an operand; rank 0 is one element, a size of 0 none.
// `out` may be exactly a or b where that operand is contiguous; otherwise nothing overlaps.
// add sub mul div round once, as IEEE 754 does. Comparisons give 1 or 0; with a NaN only `ne` gives 1.
// Integers wrap. pow has its own contract.
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

// The operands of one row: at(i, n) is the vector of elements i... with n left in the row.
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
#undef BINARY

namespace {
struct pow_op {
  static constexpr double kNanoseconds = 1.4;
  static HWY_INLINE VF apply(VF a, VF b) { return power(a, b); }
};
}  // namespace

// C's pow: see power.h. Squares, which losses ask for most, go through mul and have the same bits.
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
