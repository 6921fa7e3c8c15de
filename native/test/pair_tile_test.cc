// Tiles of bfloat16 pairs: on every machine the emulated units, and those that it has.
#include "support/pair_tile.h"

#include <cstring>
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
// Of two numbers that bfloat16 holds; of others their upper halves.
uint32_t pair_of(float low, float high) { return bits_of(low) >> 16 | (bits_of(high) & 0xffff0000u); }

// A tile with operands of its own. Behind the last pair of the last row nothing may be read.
class Operands {
 public:
  const size_t terms, pairs, rows;

  Operands(Context& t, size_t terms, size_t pairs, size_t rows, size_t gap)
      : terms(terms), pairs(pairs), rows(rows), a_stride(pairs + gap), a(t, terms * a_size(), gap % 5), b(t, terms * pairs * kPairColumns, 3),
        arranged_a(t, a.size(), gap % 5), arranged_b(t, b.size(), 3), sums(t, kPairRows * kPairColumns, 1) {
    for (size_t i = 0; i < a.size(); ++i) a[i] = pair_of(NAN, NAN);
    for (size_t i = 0; i < sums.size(); ++i) sums[i] = NAN;
    for (size_t i = 0; i < b.size(); ++i) b[i] = 0;
  }
  uint32_t& a_at(size_t t, size_t i, size_t p) { return a[t * a_size() + i * a_stride + p]; }
  uint32_t& b_at(size_t t, size_t p, size_t j) { return b[(t * pairs + p) * kPairColumns + j]; }
  float sum_at(size_t i, size_t j) { return sums[i * kPairColumns + j]; }

  // draw() is a number that bfloat16 holds.
  template <class Draw>
  void fill(Draw draw) {
    for (size_t t = 0; t < terms; ++t) {
      for (size_t p = 0; p < pairs; ++p) {
        for (size_t i = 0; i < rows; ++i) a_at(t, i, p) = pair_of(draw(), draw());
        for (size_t j = 0; j < kPairColumns; ++j) b_at(t, p, j) = pair_of(draw(), draw());
      }
    }
  }
  void multiply(const PairUnit& unit) {
    PairTile tile{{}, {}, a_stride, terms, pairs, rows, sums.data()};
    std::memcpy(arranged_a.data(), a.data(), a.size() * sizeof(uint32_t));
    std::memcpy(arranged_b.data(), b.data(), b.size() * sizeof(uint32_t));
    for (size_t t = 0; t < terms; ++t) {
      uint32_t *const of_a = arranged_a.data() + t * a_size(), *const of_b = arranged_b.data() + t * pairs * kPairColumns;
      if (unit.arrange_rows != nullptr) unit.arrange_rows(of_a, a_stride, rows, pairs);
      if (unit.arrange_columns != nullptr) unit.arrange_columns(of_b, pairs);
      tile.a[t] = of_a, tile.b[t] = of_b;
    }
    unit.begin();
    unit.multiply(tile);
    unit.end();
  }
  // In double, and the sum of magnitudes.
  void expected(size_t i, size_t j, double* sum, double* magnitude) {
    *sum = *magnitude = 0;
    for (size_t t = 0; t < terms; ++t) {
      for (size_t p = 0; p < pairs; ++p) {
        for (const bool high : {false, true}) {
          const double product = static_cast<double>(half_of(a_at(t, i, p), high)) * half_of(b_at(t, p, j), high);
          *sum += product;
          *magnitude += std::fabs(product);
        }
      }
    }
  }

 private:
  size_t a_size() const { return (kPairRows - 1) * a_stride + pairs; }
  const size_t a_stride;
  Buffer<uint32_t> a, b, arranged_a, arranged_b;
  Buffer<float> sums;
};

// Each product is exact, each sum of two rounds by at most 2^-24 of what has been added, in chains of any order.
void check_sums(Context& t, const PairUnit& unit, Random& random) {
  const std::string name = t.where;
  const auto draw = [&] { return half_of(bits_of(static_cast<float>(random.normal())), true); };
  const auto scaled = [&] { return half_of(bits_of(static_cast<float>(random.normal() * std::exp2(40 * random.uniform() - 20))), true); };
  for (const size_t terms : {1, 2, 3}) {
    for (const size_t pairs : {16, 48, 128}) {
      for (size_t rows = 1; rows <= kPairRows; rows += terms == 1 ? 1 : 5) {
        t.where = name + ", " + std::to_string(rows) + " rows, " + std::to_string(terms) + " x " + std::to_string(pairs) + " pairs";
        Operands o(t, terms, pairs, rows, rows % 3 * 8);
        if (rows % 2 != 0) o.fill(draw);
        else o.fill(scaled);
        o.multiply(unit);
        for (size_t i = 0; i < rows; ++i) {
          for (size_t j = 0; j < kPairColumns; ++j) {
            double sum, magnitude;
            o.expected(i, j, &sum, &magnitude);
            t.close(o.sum_at(i, j), sum, static_cast<double>(2 * terms * pairs) * 0x1p-24 * magnitude, "sum", i * kPairColumns + j);
          }
        }
      }
    }
  }
  t.where = name;
}

// Whole numbers small enough that nothing rounds: an index gone wrong shows itself.
void check_exact(Context& t, const PairUnit& unit, Random& random) {
  Operands o(t, 3, 32, 27, 4);
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
  Operands all(t, 2, 64, 32, 0), one(t, 2, 64, 1, 16);
  all.fill(draw);
  all.multiply(unit);
  for (size_t i = 0; i < all.rows; ++i) {
    for (size_t term = 0; term < 2; ++term) {
      for (size_t p = 0; p < 64; ++p) {
        one.a_at(term, 0, p) = all.a_at(term, i, p);
        for (size_t j = 0; j < kPairColumns; ++j) one.b_at(term, p, j) = all.b_at(term, p, j);
      }
    }
    one.multiply(unit);
    for (size_t j = 0; j < kPairColumns; ++j) t.check(bits_of(one.sum_at(0, j)) == bits_of(all.sum_at(i, j)), "bits depend on the place of a row");
  }
}

void check_specials(Context& t, const PairUnit& unit) {
  for (const float special : {HUGE_VALF, -HUGE_VALF, NAN}) {
    Operands o(t, 1, 16, 20, 0);
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
  Operands o(t, 1, 16, 1, 0);  // an operand below 2^-126 is zero, and so is a product
  o.fill([] { return 0.0f; });
  o.a_at(0, 0, 0) = pair_of(0x1p-127f, 0x1p-100f);
  for (size_t j = 0; j < kPairColumns; ++j) o.b_at(0, 0, j) = pair_of(0x1p100f, 0x1p-100f);
  o.multiply(unit);
  for (size_t j = 0; j < kPairColumns; ++j) t.check(o.sum_at(0, j) == 0, "a denormal number counts");
}

// A processor's instructions beside the functions that stand for them: the same bits.
void check_emulation(Context& t, const PairUnit& unit, const PairUnit& emulated, Random& random) {
  const auto scaled = [&] { return half_of(bits_of(static_cast<float>(random.normal() * std::exp2(80 * random.uniform() - 60))), true); };
  const float corners[] = {0, -0.0f, 1, -1, 0x1.fep127f, -0x1.fep127f, 0x1p127f, 0x1p64f, 0x1p-126f, -0x1p-127f, 0x1.02p-63f, HUGE_VALF, NAN};
  const auto corner = [&] { return random.below(2) != 0 ? scaled() : corners[random.below(sizeof corners / sizeof *corners)]; };
  for (size_t trial = 0; trial < 20; ++trial) {
    Operands o(t, 1 + trial % 3, trial % 2 != 0 ? 16 : 64, 1 + trial * 7 % kPairRows, trial % 4 * 4);
    if (trial < 10) o.fill(scaled);
    else o.fill(corner);
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
  check_specials(t, unit);
}

}  // namespace

TEST(pair_tiles) {
  if (t.target.table != &SIMDNN_LEAST::table) return;  // no target's kernels take part
  check_unit(t, emulated_amx_bf16::unit, "emulated amx_bf16");
  check_unit(t, emulated_avx512_bf16::unit, "emulated avx512_bf16");
  check_unit(t, emulated_neon_bf16::unit, "emulated neon_bf16");
  for (int i = 0; i < feature_count; ++i) {
    if (features[i].unit == nullptr || !features[i].supported()) continue;
    check_unit(t, *features[i].unit, features[i].name);
    Random random(32);
    if (std::strcmp(features[i].name, "neon_bf16") == 0) check_emulation(t, *features[i].unit, emulated_neon_bf16::unit, random);
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
