// tanh x over all floats.
#pragma once
#include "kernels/math.h"
#include "kernels/unroll.h"

namespace simdnn::SIMDNN_ISA {
namespace {
namespace math {

#if SIMDNN_AVX512
// Two registers serve as a table of 32 floats. A vector takes 11.4 cycles on an Intel Xeon, with a quotient as below 15.3, for which the divider is busy.
//
// |x| is in the interval 4 (e + 4) + i + 12 (mod 32), which its exponent e, at least -4, and the first two bits i of its mantissa give; all that is less than
// 2^-4 is in interval 11. In each interval tanh is a polynomial of t = |x| - centre, whose first coefficient is tanh of the centre. The centre is a float
// near the middle for which that coefficient is within 0.01 ulp of a float. The others are least squares of the relative error at 400 Chebyshev nodes, rounded
// to float. In interval 11 the polynomial is odd and its centre 0.
constexpr int kTanhDegree = 5;
struct alignas(64) TanhTable {
  float of[32];
};
constexpr TanhTable kTanhCentres{{2.24999261f, 2.7499969f, 3.2500031f, 3.75000453f, 4.5000515f, 5.50035429f, 6.49903774f, 7.50143051f, 8.74713898f,
                                  0.0f, 0.0f, 0.0f, 0.0703120455f, 0.0859374702f, 0.101562671f, 0.117187671f, 0.140625134f, 0.171874776f,
                                  0.203124985f, 0.234375417f, 0.281249583f, 0.343749642f, 0.406248927f, 0.468749434f, 0.562500596f, 0.687498987f,
                                  0.812497556f, 0.937498391f, 1.12500072f, 1.37500143f, 1.62499523f, 1.87499774f}};
constexpr TanhTable kTanhCoefficients[kTanhDegree + 1] = {
    {{0.978025794f, 0.991859674f, 0.996997654f, 0.998894453f, 0.999753237f, 0.999966621f, 0.99999547f, 0.999999404f,
      0.99999994f, 0.0f, 0.0f, 0.0f, 0.0701964051f, 0.0857265368f, 0.101214901f, 0.116654158f, 0.139705434f,
      0.170202091f, 0.200376704f, 0.230176106f, 0.274061203f, 0.330820799f, 0.385283053f, 0.437188327f, 0.509830415f,
      0.596372902f, 0.670965731f, 0.734070778f, 0.809301317f, 0.879827023f, 0.92534554f, 0.954045057f}},
    {{0.0434655473f, 0.0162143894f, 0.00599567965f, 0.00220987294f, 0.000493477564f, 6.6758832e-05f, 9.05886191e-06f,
      1.2201466e-06f, 1.01037038e-07f, 0.0f, 0.0f, 1.0f, 0.995072484f, 0.992650986f, 0.989755571f, 0.986391783f,
      0.980482399f, 0.971031249f, 0.959849179f, 0.947018981f, 0.924890459f, 0.890557587f, 0.851556957f, 0.808866382f,
      0.740072966f, 0.644339383f, 0.549804986f, 0.461140096f, 0.345031381f, 0.225904405f, 0.143735632f, 0.0897980258f}},
    {{-0.0425091907f, -0.0160814635f, -0.00597726135f, -0.00220726617f, -0.000492733903f, -6.66717751e-05f,
      -9.04735407e-06f, -1.21858807e-06f, -1.00357553e-07f, 0.0f, 0.0f, 0.0f, -0.0698505118f, -0.0850965306f,
      -0.100178011f, -0.115066707f, -0.136978716f, -0.16527155f, -0.192331418f, -0.21798113f, -0.25347656f,
      -0.294614941f, -0.328090429f, -0.353626907f, -0.377311438f, -0.384266466f, -0.368900359f, -0.338509589f,
      -0.279236317f, -0.198757976f, -0.133005559f, -0.0856714323f}},
    {{0.027088033f, 0.010546294f, 0.00396095263f, 0.00146827404f, 0.000328386406f, 4.44510842e-05f, 6.03331137e-06f,
      8.12397843e-07f, 6.70246862e-08f, 0.0f, 0.0f, -0.333332926f, -0.326787561f, -0.32358861f, -0.319779009f,
      -0.315374255f, -0.307690799f, -0.295547545f, -0.281410992f, -0.265498936f, -0.238828912f, -0.199387938f,
      -0.15744476f, -0.115020663f, -0.0543271378f, 0.0143858409f, 0.0642509982f, 0.0947766006f, 0.11097651f,
      0.0995717645f, 0.0751645789f, 0.0518019348f}},
    {{-0.0123859951f, -0.00514775421f, -0.0019779678f, -0.000739269773f, -0.000171973472f, -2.33057071e-05f,
      -3.16317778e-06f, -4.26073512e-07f, -3.73679399e-08f, 0.0f, 0.0f, 0.0f, 0.0462206006f, 0.056102965f, 0.0657559559f,
      0.0751417503f, 0.0886291713f, 0.105374128f, 0.120477267f, 0.1337488f, 0.149847791f, 0.16406846f, 0.169933721f,
      0.168084219f, 0.153263852f, 0.119445838f, 0.0798961595f, 0.0433567725f, 0.00367168849f, -0.0211123116f,
      -0.0251276717f, -0.0208499674f}},
    {{0.00397824962f, 0.00191521656f, 0.00077055837f, 0.000292656565f, 6.83077233e-05f, 9.28093141e-06f, 1.25614361e-06f,
      1.70146649e-07f, 1.46853925e-08f, 0.0f, 0.0f, 0.133030757f, 0.127807319f, 0.125122368f, 0.12194223f, 0.118288927f,
      0.11200881f, 0.102196679f, 0.091028668f, 0.0787931681f, 0.0592212938f, 0.0320866406f, 0.00602833694f,
      -0.017087426f, -0.0433290713f, -0.0615339577f, -0.0626847893f, -0.0530889854f, -0.032125324f, -0.00954507384f,
      0.00138794561f, 0.00460031535f}}};
constexpr float kTanhFirst = 0x1p-4f;
constexpr float kTanhLast = 9.5f;  // the polynomial there, as tanh from 9.02 on, is 1

HWY_INLINE VF lookup(const TanhTable& table, VI index) {
  return VF{_mm512_permutex2var_ps(_mm512_load_ps(table.of), index.raw, _mm512_load_ps(table.of + 16))};
}

// 0.99 ulp.
HWY_INLINE VF tanh(VF x) {
  const VF magnitude = at_most(hn::Abs(x), kTanhLast);
  // as integers, because the bits of nonnegative floats are in the order of the floats
  const VI below_first = hn::Sub(hn::BitCast(kI, hn::Set(kF, kTanhFirst)), hn::Set(kI, 1));
  const VI interval = hn::ShiftRight<21>(hn::Max(hn::BitCast(kI, magnitude), below_first));  // the table uses its five low bits
  const VF t = hn::Sub(magnitude, lookup(kTanhCentres, interval));
  VF y = lookup(kTanhCoefficients[kTanhDegree], interval);
  unroll<kTanhDegree>(SIMDNN_UNROLLED(i) { y = hn::MulAdd(y, t, lookup(kTanhCoefficients[kTanhDegree - 1 - i], interval)); });
  return hn::CopySign(y, x);
}
#else
// 2.61 / 2.67 ulp.
HWY_INLINE VF tanh(VF x) {
  const VF magnitude = at_most(hn::Abs(x), 10.0f);
  const VF y = expm1(hn::Add(magnitude, magnitude));
  return hn::CopySign(hn::Div(y, hn::Add(y, hn::Set(kF, 2.0f))), x);
}
#endif

}  // namespace math
}  // namespace
}  // namespace simdnn::SIMDNN_ISA
