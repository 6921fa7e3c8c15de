// Products of rounded operands: compared with their reference and with the products of the unrounded operands, and the same bits for any division of the work.
#include <cstring>
#include <vector>

#include "support/features.h"
#include "test/emulated_units.h"
#include "test/test.h"

namespace simdnn::test {
namespace {

struct How {
  Precision precision;
  const PairUnit* unit;
  std::string name;
  bool emulated;
};

// Each precision below float32 with each unit: float32's own units, the emulated ones, and those that this machine has for the target.
std::vector<How> lower(const Target& target) {
  std::vector<How> all;
  const auto both = [&](const PairUnit* unit, const std::string& by, bool emulated) {
    all.push_back({Precision::kHigh, unit, "high " + by, emulated});
    all.push_back({Precision::kMedium, unit, "medium " + by, emulated});
  };
  both(nullptr, "", false);
  both(&emulated_amx_bf16::unit, "by emulated amx_bf16 ", true);
  both(&emulated_avx512_bf16::unit, "by emulated avx512_bf16 ", true);
  both(&emulated_neon_bf16::unit, "by emulated neon_bf16 ", true);
  for (int i = 0; i < feature_count; ++i) {
    const Feature& feature = features[i];
    if (feature.unit != nullptr && std::strcmp(feature.target, target.name) == 0 && feature.supported()) both(feature.unit, "by " + std::string(feature.name) + " ", false);
  }
  return all;
}

// The largest error of a sum from rounding its operands, relative to the sum of its products' magnitudes. Rounding an operand to 8 bits has an error of up to 2^-8 of
// it. With a low part, which is rounded too, up to 2^-17 of that error is left; the omitted product of two low parts is up to 2^-16.
double share_of(Precision precision) { return precision == Precision::kMedium ? 0x1p-7 + 0x1p-16 : 0x1p-15; }

struct Shape {
  size_t m, n, k;
};
// Blocks of k in part and whole, columns in several blocks, rows in several groups; 16 KiB from row to row.
constexpr Shape kShapes[] = {{1, 64, 128}, {5, 129, 257}, {37, 600, 64}, {0, 128, 128}, {7, 128, 600}, {150, 96, 300}, {7, 128, 1024}, {20, 1024, 300}};
constexpr size_t kEmulatedShapes = 3;  // the emulated units get only the first shapes, because they take a hundred times as long

// The distributions of operands: normal; normal with magnitudes from 2^-20 to 2^20; and numbers whose roundings, and those of their low parts, are all off by nearly
// half a unit in the same direction.
enum class Distribution {
  kNormal,
  kScaled,
  kHalfway,
};
void fill(Buffer<float>& out, Distribution kind, Random& random) {
  for (size_t i = 0; i < out.size(); ++i) {
    const double x = random.normal();
    out[i] = static_cast<float>(kind == Distribution::kNormal   ? x
                                : kind == Distribution::kScaled ? std::ldexp(x, static_cast<int>(random.below(41)) - 20)
                                                                : 1 + 0x1p-8 - 0x1p-17 - 0x1p-23);
  }
}

struct Sides {
  bool transpose_a, transpose_b;
};

// The largest error from the float32 additions of k products, or of 3 k at "high". Random numbers are rounded in both directions, so their errors grow as the square
// root of k; equal numbers are all rounded in the same direction. A unit that rounds to odd, as bfmmla does, has errors of up to one unit in the last place instead of
// half a unit.
double additions_of(Distribution kind, const How& how, size_t k) {
  const double unit = how.unit == nullptr ? kEpsilon : 2 * kEpsilon;
  if (kind != Distribution::kHalfway) return unit * std::sqrt(static_cast<double>(k) + 4);
  return unit / 2 * static_cast<double>(how.precision == Precision::kHigh ? 3 * k : k);
}

void check_bound(Context& t, const Shape& s, Distribution kind, Sides sides, const How& how, Random& random) {
  t.where = how.name + std::to_string(s.m) + "x" + std::to_string(s.n) + "x" + std::to_string(s.k) + " kind " + std::to_string(static_cast<int>(kind));
  Buffer<float> a(t, s.m * s.k, 1), b(t, s.k * s.n, 2), c(t, s.m * s.n, 3), reference(t, s.m * s.n);
  fill(a, kind, random);
  fill(b, kind, random);
  const MatmulAttributes attributes{sides.transpose_a, sides.transpose_b, false};
  Run run(1, how.precision, how.unit);
  t.kernel.matmul(run, c.data(), a.data(), b.data(), s.m, s.n, s.k, attributes);
  t.reference.matmul(run, reference.data(), a.data(), b.data(), s.m, s.n, s.k, attributes);
  double all = 0;
  for (size_t i = 0; i < s.m; ++i) {
    for (size_t j = 0; j < s.n; ++j) {
      double sum = 0, magnitude = 0;
      for (size_t l = 0; l < s.k; ++l) {
        const double x = sides.transpose_a ? a[l * s.m + i] : a[i * s.k + l];
        const double term = x * (sides.transpose_b ? b[j * s.k + l] : b[l * s.n + j]);
        sum += term;
        magnitude += std::fabs(term);
      }
      const size_t at = i * s.n + j;
      const double own = additions_of(kind, how, s.k) * magnitude;
      t.close(c[at], reference[at], own, "c beside its reference", at);
      t.close(c[at], sum, share_of(how.precision) * magnitude + own, "c", at);
      all += (static_cast<double>(c[at]) - sum) / magnitude;
    }
  }
  // Roundings in both directions cancel, so that for normal operands the mean error is a small fraction of the bound.
  const double mean = s.m == 0 ? 0 : std::fabs(all) / static_cast<double>(s.m * s.n);
  t.check(kind != Distribution::kNormal || mean < share_of(how.precision) / 16, "the errors do not cancel");
}

// The same bits for any number of threads, whatever other rows there are and whether the product is written or added.
void check_bits(Context& t, const Shape& s, const How& how, Random& random) {
  t.where = how.name + "bits of " + std::to_string(s.m) + "x" + std::to_string(s.n) + "x" + std::to_string(s.k);
  Buffer<float> a(t, s.m * s.k), b(t, s.k * s.n), c(t, s.m * s.n), again(t, s.m * s.n);
  fill(a, Distribution::kScaled, random);
  fill(b, Distribution::kScaled, random);
  Run run(1, how.precision, how.unit);
  t.kernel.matmul(run, c.data(), a.data(), b.data(), s.m, s.n, s.k, {});
  const size_t bytes = s.m * s.n * sizeof(float);
  for (int threads = 2; threads <= 4; ++threads) {
    Run with(threads, how.precision, how.unit);
    t.kernel.matmul(with, again.data(), a.data(), b.data(), s.m, s.n, s.k, {});
    t.check(std::memcmp(c.data(), again.data(), bytes) == 0, "bits depend on the number of threads");
  }
  for (size_t i = 0; i < s.m; ++i) t.kernel.matmul(run, again.data() + i * s.n, a.data() + i * s.k, b.data(), 1, s.n, s.k, {});
  t.check(std::memcmp(c.data(), again.data(), bytes) == 0, "bits depend on the rows beside it");
  for (size_t i = 0; i < again.size(); ++i) again[i] = static_cast<float>(i) * 7.25f;
  t.kernel.matmul(run, again.data(), a.data(), b.data(), s.m, s.n, s.k, {false, false, true});
  for (size_t i = 0; i < c.size(); ++i) t.check(again[i] == static_cast<float>(i) * 7.25f + c[i], "accumulate is not c + product");
}

// If an operand has a number that is not finite, or the largest float32, in one operand, in both or next to zeros, results are infinite or NaN exactly where
// float32's are.
void check_specials(Context& t, const How& how) {
  constexpr float kInf = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();
  const float values[] = {kInf, -kInf, kNan, std::numeric_limits<float>::max(), 0, 1, -3};
  const size_t m = 7, n = 256, k = 64;
  Buffer<float> a(t, m * k), b(t, k * n), c(t, m * n), exact(t, m * n);
  for (size_t i = 0; i < a.size(); ++i) a[i] = i % k == 5 ? values[i / k] : 0;
  for (size_t i = 0; i < b.size(); ++i) b[i] = i / n == 5 ? values[i % 7] : 0;
  Run run(1, how.precision, how.unit), plain;
  t.kernel.matmul(run, c.data(), a.data(), b.data(), m, n, k, {});
  t.kernel.matmul(plain, exact.data(), a.data(), b.data(), m, n, k, {});
  for (size_t i = 0; i < c.size(); ++i) {
    t.where = how.name + "specials " + std::to_string(i / n) + ", " + std::to_string(i % n % 7);
    if (std::isfinite(exact[i])) {
      t.close(c[i], exact[i], 0x1p-7 * std::fabs(exact[i]), "c", i);
    } else {
      t.check(std::isnan(exact[i]) ? std::isnan(c[i]) : c[i] == exact[i], "not as in float32");
    }
  }
}

// A layer with bias and activation, also with packed weights.
void check_layer(Context& t, const How& how, size_t rows, size_t in, size_t out, Random& random) {
  t.where = how.name + "layer " + std::to_string(rows) + "x" + std::to_string(in) + "->" + std::to_string(out);
  Buffer<float> x(t, rows * in), w(t, out * in), bias(t, out), dy(t, rows * out), panels(t, packed(in, out));
  for (Buffer<float>* each : {&x, &w, &bias, &dy}) fill_normal(*each, random);
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::fmax(x[i], 0.0f);
  const double bound = 64 * kEpsilon * (8 + std::sqrt(static_cast<double>(rows + in + out)));
  const auto same = [&](Buffer<float>& actual, Buffer<float>& expected, const char* what) {
    for (size_t i = 0; i < actual.size(); ++i) t.close(actual[i], expected[i], bound, what, i);
  };
  Run run(1, how.precision, how.unit), two(2, how.precision, how.unit);
  LinearAttributes relu{};
  relu.activation = Unary::relu;
  Buffer<float> y(t, rows * out), y_twin(t, rows * out), y_packed(t, rows * out);
  t.kernel.linear_forward(run, y.data(), x.data(), w.data(), bias.data(), rows, in, out, relu);
  t.reference.linear_forward(run, y_twin.data(), x.data(), w.data(), bias.data(), rows, in, out, relu);
  same(y, y_twin, "y");
  t.kernel.linear_pack(run, panels.data(), w.data(), in, out);
  t.kernel.linear_forward_packed(two, y_packed.data(), x.data(), panels.data(), bias.data(), rows, in, out, relu);
  t.check(std::memcmp(y.data(), y_packed.data(), rows * out * sizeof(float)) == 0, "packed weights give other bits");
  Buffer<float> transposed(t, in * out);
  for (size_t i = 0; i < in * out; ++i) transposed[i] = w[i % out * in + i / out];
  t.kernel.dense_forward(two, y_packed.data(), x.data(), transposed.data(), bias.data(), rows, in, out, relu);
  t.check(std::memcmp(y.data(), y_packed.data(), rows * out * sizeof(float)) == 0, "transposed weights give other bits");
  LinearBackwardAttributes backward = accumulating(7);
  backward.activation = Unary::relu;
  struct {
    const KernelTable& table;
    Run& run;
    Buffer<float> dx, dw, db;
  } all[] = {{t.kernel, run, {t, rows * in}, {t, out * in}, {t, out}},
             {t.reference, run, {t, rows * in}, {t, out * in}, {t, out}},
             {t.kernel, two, {t, rows * in}, {t, out * in}, {t, out}}};
  for (auto& each : all) {
    for (Buffer<float>* out_of : {&each.dx, &each.dw, &each.db}) {
      for (size_t i = 0; i < out_of->size(); ++i) (*out_of)[i] = static_cast<float>(i % 5) - 2;
    }
    each.table.linear_backward(each.run, each.dx.data(), each.dw.data(), each.db.data(), dy.data(), x.data(), w.data(), rows, in, out, backward);
  }
  same(all[0].dx, all[1].dx, "dx");
  same(all[0].dw, all[1].dw, "dweight");
  t.check(std::memcmp(all[0].dx.data(), all[2].dx.data(), rows * in * sizeof(float)) == 0, "dx has other bits on two threads");
  t.check(std::memcmp(all[0].dw.data(), all[2].dw.data(), out * in * sizeof(float)) == 0, "dweight has other bits on two threads");
}

// A lower precision changes only products that are large enough.
void check_line(Context& t, const How& how, Random& random) {
  for (const size_t n : {31, 63, 64, 128}) {
    const size_t k = n == 31 ? 1000 : 128;
    Buffer<float> a(t, k), b(t, k * n), c(t, n), plain(t, n);
    fill_normal(a, random);
    fill_normal(b, random);
    Run run(1, how.precision, how.unit), highest;
    t.kernel.matmul(run, c.data(), a.data(), b.data(), 1, n, k, {});
    t.kernel.matmul(highest, plain.data(), a.data(), b.data(), 1, n, k, {});
    t.where = how.name + "line " + std::to_string(n);
    t.check((std::memcmp(c.data(), plain.data(), n * sizeof(float)) == 0) == (n < 64), "on the wrong side of the line");
  }
}

}  // namespace

TEST(matmul) {
  Random random(7);
  for (const How& how : lower(t.target)) {
    size_t shapes = 0;
    for (const Shape& s : kShapes) {
      if (how.emulated && ++shapes > kEmulatedShapes) break;
      for (const Distribution kind : {Distribution::kNormal, Distribution::kScaled, Distribution::kHalfway}) {
        for (const Sides sides : {Sides{false, false}, Sides{true, true}}) check_bound(t, s, kind, sides, how, random);
      }
      check_bits(t, s, how, random);
    }
    check_specials(t, how);
    check_line(t, how, random);
  }
}

TEST(linear_forward) {
  Random random(8);
  for (const How& how : lower(t.target)) {
    check_layer(t, how, 1, 130, 70, random);
    check_layer(t, how, 50, 300, 129, random);
    check_layer(t, how, 700, 64, 128, random);
  }
}

}  // namespace simdnn::test
