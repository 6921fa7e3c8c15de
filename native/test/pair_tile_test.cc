// Tiles of bfloat16 pairs, by the emulated units on every machine, and by the units that the machine has.
#include "support/pair_tile.h"

#include <cstring>
#include <utility>
#include <vector>

#include "support/features.h"
#include "test/emulated_units.h"
#include "test/test.h"

namespace simdnn::test {
namespace {

uint32_t bits_of(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
float half_of(uint32_t pair, bool high) {
  const uint32_t bits = high ? pair & 0xffff0000u : pair << 16;
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}
// A pair of two bfloat16 numbers; other floats are truncated to their upper halves.
uint32_t pair_of(float low, float high) { return bits_of(low) >> 16 | (bits_of(high) & 0xffff0000u); }

// A tile with its operands, which have one or two parts. The memory behind the last pair of the last row must not be read.
class Operands {
 public:
  const bool split;
  const size_t pairs, rows;

  Operands(Context& t, bool split, size_t pairs, size_t rows, size_t gap)
      : split(split), pairs(pairs), rows(rows), a_stride(pairs + gap), a(t, parts() * a_size(), gap % 5), b(t, parts() * b_size(), 3), arranged_a(t, a.size(), gap % 5),
        arranged_b(t, b.size(), 3), begun(kPairRows * kPairColumns), sums(t, (kPairRows - 1) * sums_stride + kPairColumns, 1) {
    for (size_t i = 0; i < a.size(); ++i) a[i] = pair_of(NAN, NAN);
    for (size_t i = 0; i < b.size(); ++i) b[i] = 0;
  }
  size_t parts() const { return split ? 2 : 1; }
  uint32_t& a_at(size_t part, size_t i, size_t p) { return a[part * a_size() + i * a_stride + p]; }
  uint32_t& b_at(size_t part, size_t p, size_t j) { return b[part * b_size() + p * kPairColumns + j]; }
  float sum_at(size_t i, size_t j) { return sums[i * sums_stride + j]; }

  // draw() returns a number that bfloat16 represents exactly.
  template <class Draw>
  void fill(Draw draw) {
    for (size_t part = 0; part < parts(); ++part) {
      for (size_t p = 0; p < pairs; ++p) {
        for (size_t i = 0; i < rows; ++i) a_at(part, i, p) = pair_of(draw(), draw());
        for (size_t j = 0; j < kPairColumns; ++j) b_at(part, p, j) = pair_of(draw(), draw());
      }
    }
  }
  // The initial sums; without them the sums start from zero.
  void begin_with(const std::vector<float>& from) {
    begun = from;
    continues = true;
  }
  void multiply(const PairUnit& unit, bool exchanges = false) {
    std::memcpy(arranged_a.data(), a.data(), a.size() * sizeof(uint32_t));
    std::memcpy(arranged_b.data(), b.data(), b.size() * sizeof(uint32_t));
    for (size_t i = 0; i < sums.size(); ++i) sums[i] = NAN;
    for (size_t at = 0; at < begun.size() && continues; ++at) sums[at / kPairColumns * sums_stride + at % kPairColumns] = begun[at];
    for (size_t part = 0; part < parts(); ++part) {
      if (unit.arrange_rows != nullptr) unit.arrange_rows(arranged_a.data() + part * a_size(), a_stride, rows, pairs);
      if (unit.arrange_columns != nullptr) unit.arrange_columns(arranged_b.data() + part * b_size(), pairs);
    }
    const uint32_t *const low_a = split ? arranged_a.data() + a_size() : nullptr, *const low_b = split ? arranged_b.data() + b_size() : nullptr;
    unit.begin();
    unit.multiply({arranged_a.data(), arranged_b.data(), low_a, low_b, a_stride, pairs, rows, sums.data(), sums_stride, exchanges, continues});
    unit.end();
  }
  // The sums in double, and the sums of the products' magnitudes.
  void expected(size_t i, size_t j, double* sum, double* magnitude) {
    *sum = continues ? begun[i * kPairColumns + j] : 0;
    *magnitude = std::fabs(*sum);
    for (size_t term = 0; term < (split ? 3 : 1); ++term) {
      for (size_t p = 0; p < pairs; ++p) {
        for (const bool high : {false, true}) {
          const double product = static_cast<double>(half_of(a_at(term == 2, i, p), high)) * half_of(b_at(term == 1, p, j), high);
          *sum += product;
          *magnitude += std::fabs(product);
        }
      }
    }
  }

 private:
  size_t a_size() const { return (kPairRows - 1) * a_stride + pairs; }
  size_t b_size() const { return pairs * kPairColumns; }
  static constexpr size_t sums_stride = kPairColumns + 5;
  const size_t a_stride;
  bool continues = false;
  Buffer<uint32_t> a, b, arranged_a, arranged_b;
  std::vector<float> begun;
  Buffer<float> sums;
};

// Products are exact, and each addition has an error of at most 2^-24 of the partial sum, whatever the order of the additions.
void check_sums(Context& t, const PairUnit& unit, Random& random) {
  const std::string name = t.where;
  const auto draw = [&] { return half_of(bits_of(static_cast<float>(random.normal())), true); };
  const auto scaled = [&] { return half_of(bits_of(static_cast<float>(random.normal() * std::exp2(40 * random.uniform() - 20))), true); };
  for (const bool split : {false, true}) {
    for (const size_t pairs : {16, 48, 128}) {
      for (size_t rows = 1; rows <= kPairRows; rows += split ? 5 : 1) {
        t.where = name + ", " + std::to_string(rows) + " rows of " + std::to_string(pairs) + " pairs" + (split ? ", split" : "");
        Operands o(t, split, pairs, rows, rows % 3 * 8);
        if (rows % 2 != 0) o.fill(draw);
        else o.fill(scaled);
        if (rows % 4 < 2) {
          std::vector<float> begun(kPairRows * kPairColumns);
          for (float& x : begun) x = static_cast<float>(random.normal());
          o.begin_with(begun);
        }
        o.multiply(unit);
        for (size_t i = 0; i < rows; ++i) {
          for (size_t j = 0; j < kPairColumns; ++j) {
            double sum, magnitude;
            o.expected(i, j, &sum, &magnitude);
            t.close(o.sum_at(i, j), sum, static_cast<double>(2 * (split ? 3 : 1) * pairs + 1) * 0x1p-24 * magnitude, "sum", i * kPairColumns + j);
          }
        }
      }
    }
  }
  t.where = name;
}

// Integers so small that nothing is rounded, so that any difference is a wrong index.
void check_exact(Context& t, const PairUnit& unit, Random& random) {
  Operands o(t, true, 32, 27, 4);
  o.begin_with(std::vector<float>(kPairRows * kPairColumns, 5));
  o.fill([&] { return static_cast<float>(random.below(33)) - 16; });
  o.multiply(unit);
  for (size_t i = 0; i < o.rows; ++i) {
    for (size_t j = 0; j < kPairColumns; ++j) {
      double sum, magnitude;
      o.expected(i, j, &sum, &magnitude);
      t.check(o.sum_at(i, j) == sum, "a sum of whole numbers is not exact");
    }
  }
}

// The same row at two places of tiles of different heights.
void check_place(Context& t, const PairUnit& unit, Random& random) {
  const auto draw = [&] { return half_of(bits_of(static_cast<float>(random.normal())), true); };
  Operands all(t, true, 64, 32, 0), one(t, true, 64, 1, 16);
  all.fill(draw);
  all.multiply(unit);
  for (size_t i = 0; i < all.rows; ++i) {
    for (size_t part = 0; part < 2; ++part) {
      for (size_t p = 0; p < 64; ++p) {
        one.a_at(part, 0, p) = all.a_at(part, i, p);
        for (size_t j = 0; j < kPairColumns; ++j) one.b_at(part, p, j) = all.b_at(part, p, j);
      }
    }
    one.multiply(unit);
    for (size_t j = 0; j < kPairColumns; ++j) t.check(bits_of(one.sum_at(0, j)) == bits_of(all.sum_at(i, j)), "bits depend on the place of a row");
  }
}

// With rows and columns exchanged the transposed tile has the same bits. A chain that is interrupted after some pairs and continued has the same bits too.
void check_chains(Context& t, const PairUnit& unit, Random& random) {
  const auto draw = [&] { return half_of(bits_of(static_cast<float>(random.normal())), true); };
  for (const bool split : {false, true}) {
    Operands all(t, split, 64, 32, 0), exchanged(t, split, 64, 32, 16), begun(t, split, 32, 32, 8), rest(t, split, 32, 32, 8);
    all.fill(draw);
    for (size_t part = 0; part < all.parts(); ++part) {
      for (size_t p = 0; p < 64; ++p) {
        Operands& half = p < 32 ? begun : rest;
        for (size_t i = 0; i < 32; ++i) {
          exchanged.a_at(part, i, p) = all.b_at(part, p, i);
          exchanged.b_at(part, p, i) = all.a_at(part, i, p);
          half.a_at(part, i, p % 32) = all.a_at(part, i, p);
          half.b_at(part, p % 32, i) = all.b_at(part, p, i);
        }
      }
    }
    all.multiply(unit);
    exchanged.multiply(unit, true);
    begun.multiply(unit);
    std::vector<float> sums;
    for (size_t at = 0; at < kPairRows * kPairColumns; ++at) sums.push_back(begun.sum_at(at / kPairColumns, at % kPairColumns));
    rest.begin_with(sums);
    rest.multiply(unit);
    for (size_t i = 0; i < 32; ++i) {
      for (size_t j = 0; j < 32; ++j) {
        const uint32_t bits = bits_of(all.sum_at(i, j));
        t.check(split || bits == bits_of(rest.sum_at(i, j)), "bits depend on where a chain stops");
        t.check(bits == bits_of(exchanged.sum_at(j, i)), "bits depend on which operand is the rows'");
      }
    }
  }
}

void check_specials(Context& t, const PairUnit& unit) {
  for (const float special : {HUGE_VALF, -HUGE_VALF, NAN}) {
    Operands o(t, false, 16, 20, 0);
    o.fill([] { return 1.0f; });
    o.a_at(0, 17, 5) = pair_of(1, special);
    o.b_at(0, 5, 3) = pair_of(2, 0);
    o.multiply(unit);
    for (size_t i = 0; i < o.rows; ++i) {
      for (size_t j = 0; j < kPairColumns; ++j) {
        const float sum = o.sum_at(i, j);
        t.check(i != 17 ? sum == 32 : (j == 3 || std::isnan(special) ? std::isnan(sum) : sum == special), "infinity or NaN");
      }
    }
  }
  Operands o(t, false, 16, 1, 0);  // an operand below 2^-126 counts as zero, and so does a product below it
  o.fill([] { return 0.0f; });
  o.a_at(0, 0, 0) = pair_of(0x1p-127f, 0x1p-100f);
  for (size_t j = 0; j < kPairColumns; ++j) o.b_at(0, 0, j) = pair_of(0x1p100f, 0x1p-100f);
  o.multiply(unit);
  for (size_t j = 0; j < kPairColumns; ++j) t.check(o.sum_at(0, j) == 0, "a denormal number counts");
}

// The processor's instructions give the same bits as the functions that emulate them.
void check_emulation(Context& t, const PairUnit& unit, const PairUnit& emulated, Random& random) {
  const auto scaled = [&] { return half_of(bits_of(static_cast<float>(random.normal() * std::exp2(80 * random.uniform() - 60))), true); };
  const float corners[] = {0, -0.0f, 1, -1, 0x1.fep127f, -0x1.fep127f, 0x1p127f, 0x1p64f, 0x1p-126f, -0x1p-127f, 0x1.02p-63f, HUGE_VALF, NAN};
  const auto corner = [&] { return random.below(2) != 0 ? scaled() : corners[random.below(sizeof corners / sizeof *corners)]; };
  for (size_t trial = 0; trial < 20; ++trial) {
    Operands o(t, trial % 3 == 0, trial % 2 != 0 ? 16 : 64, 1 + trial * 7 % kPairRows, trial % 4 * 4);
    if (trial < 10) o.fill(scaled);
    else o.fill(corner);
    if (trial % 4 < 2) {
      std::vector<float> begun(kPairRows * kPairColumns);
      for (float& x : begun) x = scaled();
      o.begin_with(begun);
    }
    o.multiply(emulated);
    std::vector<float> expected;
    for (size_t at = 0; at < o.rows * kPairColumns; ++at) expected.push_back(o.sum_at(at / kPairColumns, at % kPairColumns));
    o.multiply(unit);
    for (size_t at = 0; at < expected.size(); ++at) {
      const float sum = o.sum_at(at / kPairColumns, at % kPairColumns);
      t.check(std::isnan(expected[at]) ? std::isnan(sum) : bits_of(sum) == bits_of(expected[at]), "not the bits of the emulation");
    }
  }
}

void check_unit(Context& t, const PairUnit& unit, const char* name) {
  t.where = name;
  Random random(31);
  check_sums(t, unit, random);
  check_exact(t, unit, random);
  check_place(t, unit, random);
  check_chains(t, unit, random);
  check_specials(t, unit);
}

}  // namespace

TEST(pair_tiles) {
  if (t.target.table != &SIMDNN_LEAST::table) return;  // the test calls no target's kernels, so it runs once
  const std::pair<const char*, const PairUnit&> emulated[] = {
      {"amx_bf16", emulated_amx_bf16::unit}, {"avx512_bf16", emulated_avx512_bf16::unit}, {"neon_bf16", emulated_neon_bf16::unit}};
  for (const auto& [name, unit] : emulated) check_unit(t, unit, ("emulated " + std::string(name)).c_str());
  for (int i = 0; i < feature_count; ++i) {
    if (features[i].unit == nullptr || !features[i].supported()) continue;
    check_unit(t, *features[i].unit, features[i].name);
    for (const auto& [name, unit] : emulated) {
      Random random(32);
      if (std::strcmp(features[i].name, name) == 0) check_emulation(t, *features[i].unit, unit, random);
    }
  }
}

TEST(features) {
  t.check(find_feature("sse4") == nullptr && find_feature("") == nullptr && find_feature("amx") == nullptr, "a feature that is none");
  for (int i = 0; i < feature_count; ++i) {
    t.where = features[i].name;
    t.check(find_feature(features[i].name) == &features[i], "not found by its name");
    const bool runs = features[i].supported();
    t.check(runs == features[i].supported(), "another answer to the same question");
    const Target* target = find_target(features[i].target);
    t.check(!runs || (target != nullptr && target->supported()), "runs without its target");
  }
}

}  // namespace simdnn::test
