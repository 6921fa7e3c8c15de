// The published vectors of Philox4x32-10; the same bits as the reference; distributions.
#include <algorithm>
#include <cstring>

#include "reference/philox.h"
#include "support/denormals.h"
#include "test/test.h"

using simdnn::KernelTable;
using simdnn::Run;
using simdnn::reference::philox;
using simdnn::test::Buffer;
using simdnn::test::Context;
using simdnn::test::kEpsilon;
using simdnn::test::Random;

namespace {

constexpr size_t kSizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 100, 100003};

// Compares make(table, run, out, n, seed, offset) with the reference, for several numbers of threads and positions in the stream.
template <class Make>
void stream(Context& t, double bound, Make make) {
  Random random(1);
  for (size_t n : kSizes) {
    for (uint64_t offset : {uint64_t{0}, uint64_t{0xfffffffd}, uint64_t{1} << 52}) {
      t.where = "n " + std::to_string(n) + ", offset " + std::to_string(offset);
      const uint64_t seed = random.bits() >> 11;
      Buffer<float> expected(t, n), one(t, n);
      Run run(1);
      make(t.reference, run, expected.data(), n, seed, offset);
      make(t.kernel, run, one.data(), n, seed, offset);
      for (size_t i = 0; i < n; ++i) t.close(one[i], expected[i], bound * (1 + std::fabs(expected[i])), "out", i);
      for (int threads = 2; threads <= 4; ++threads) {
        Buffer<float> more(t, n, random.below(16));
        Run parallel_run(threads);
        make(t.kernel, parallel_run, more.data(), n, seed, offset);
        t.check(std::memcmp(more.data(), one.data(), n * sizeof(float)) == 0, "bits depend on the threads");
      }
      if (n > 8) {
        Buffer<float> later(t, n - 8, 3);
        make(t.kernel, run, later.data(), n - 8, seed, offset + 2);
        t.check(std::memcmp(later.data(), one.data() + 8, (n - 8) * sizeof(float)) == 0, "bits depend on the place");
      }
    }
  }
}

// The largest distance between the empirical distribution of x and `distribution`.
template <class Distribution>
double kolmogorov(Buffer<float>& x, Distribution distribution) {
  std::sort(x.data(), x.data() + x.size());
  double largest = 0;
  const double n = static_cast<double>(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const double f = distribution(x[i]), below = static_cast<double>(i) / n;
    largest = std::max(largest, std::max(f - below, below + 1 / n - f));
  }
  return largest;
}

constexpr size_t kMany = 1000000;
constexpr double kKolmogorov = 1.95 / 1000;  // exceeded once in a thousand seeds with kMany numbers

}  // namespace

TEST(fill_uniform) {
  const auto equal = [&](const simdnn::reference::Philox& a, const simdnn::reference::Philox& b) {
    t.check(std::memcmp(&a, &b, sizeof a) == 0, "a published vector of Philox4x32-10");
  };
  const uint32_t ones = 0xffffffff;
  equal(philox({{0, 0, 0, 0}}, 0, 0), {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  equal(philox({{ones, ones, ones, ones}}, ones, ones), {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  equal(philox({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0),
        {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
  float first[4];
  Run run(1);
  t.kernel.fill_uniform(run, first, 4, {0, 0, 0, 1});
  const uint32_t words[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  for (size_t i = 0; i < 4; ++i) t.close(first[i], (words[i] >> 8) * 0x1p-24, 0, "the first vector", i);

  const double ranges[][2] = {{0, 1}, {-0.3, 0.7}, {-2, 0}, {5, 5}, {16777215, 16777216}, {-1e-45, 0}, {1e30, 3e38}};
  for (const auto& range : ranges) {
    simdnn::set_flush_denormal(range[0] != -1e-45);  // where denormal numbers are flushed, this range is empty
    stream(t, 0, [&](const KernelTable& table, Run& run, float* out, size_t n, uint64_t seed, uint64_t offset) {
      table.fill_uniform(run, out, n, {seed, offset, range[0], range[1]});
      for (size_t i = 0; i < n; ++i) {
        t.check(out[i] >= static_cast<float>(range[0]) && (out[i] < static_cast<float>(range[1]) || range[0] == range[1]),
                "outside the range");
      }
    });
  }
  simdnn::set_flush_denormal(true);
  t.where = "distribution";
  Buffer<float> x(t, kMany);
  t.kernel.fill_uniform(run, x.data(), kMany, {42, 7, 0, 1});
  t.check(kolmogorov(x, [](double v) { return v; }) < kKolmogorov, "not uniform");
}

TEST(fill_normal) {
  stream(t, 3e-7, [](const KernelTable& table, Run& run, float* out, size_t n, uint64_t seed, uint64_t offset) {
    table.fill_normal(run, out, n, {seed, offset, 0, 1});
  });
  stream(t, 1e-6, [](const KernelTable& table, Run& run, float* out, size_t n, uint64_t seed, uint64_t offset) {
    table.fill_normal(run, out, n, {seed, offset, -3, 2});
  });
  t.where = "distribution";
  Buffer<float> x(t, kMany);
  Run run(1);
  t.kernel.fill_normal(run, x.data(), kMany, {42, 7, 0, 1});
  double product = 0;  // the two numbers of a pair have the same radius, but independent signs
  size_t beyond3 = 0, beyond4 = 0;
  for (size_t i = 0; i < kMany; ++i) {
    product += i % 2 != 0 ? static_cast<double>(x[i]) * x[i - 1] : 0;
    beyond3 += std::fabs(x[i]) > 3;
    beyond4 += std::fabs(x[i]) > 4;
  }
  t.close(product / (kMany / 2), 0, 4 / std::sqrt(kMany / 2.0), "the mean of x[2 i] * x[2 i + 1]");
  t.close(beyond3, 2699.8, 4 * std::sqrt(2699.8), "numbers beyond 3");
  t.close(beyond4, 63.3, 4 * std::sqrt(63.3), "numbers beyond 4");
  t.check(kolmogorov(x, [](double v) { return std::erfc(-v * 0.7071067811865476) / 2; }) < kKolmogorov, "not normal");
}

TEST(dropout) {
  Random random(2);
  Buffer<float> x(t, 100003);
  fill_corners(x, random);
  for (double p : {0.0, 0.1, 0.5, 0.99999999, 1.0}) {
    stream(t, 0, [&](const KernelTable& table, Run& run, float* out, size_t n, uint64_t seed, uint64_t offset) {
      // the same part of x for the same part of the stream
      table.dropout(run, out, x.data() + x.size() - n, n, {p, seed, offset});
    });
  }
  t.where = "p";
  for (size_t i = 0; i < x.size(); ++i) x[i] = 1;
  Buffer<float> y(t, x.size());
  Run run(1);
  for (double p : {0.0, 0.1, 0.5, 0.9, 1.0}) {
    t.kernel.dropout(run, y.data(), x.data(), x.size(), {p, 1, 2});
    double kept = 0;
    for (size_t i = 0; i < y.size(); ++i) {
      t.check(y[i] == 0 || y[i] == static_cast<float>(1 / (1 - p)), "neither dropped nor scaled");
      kept += y[i] != 0;
    }
    const double n = static_cast<double>(x.size());
    t.close(kept, n * (1 - p), 4 * std::sqrt(n * p * (1 - p)), "the number kept");
    std::memcpy(y.data(), x.data(), x.size() * sizeof(float));
    t.kernel.dropout(run, y.data(), y.data(), y.size(), {p, 1, 2});
    double in_place = 0;
    for (size_t i = 0; i < y.size(); ++i) in_place += y[i] != 0;
    t.check(in_place == kept, "in place");
  }
}

TEST(random_permutation) {
  for (size_t n : {0, 1, 2, 3, 5, 16, 17, 100, 10007}) {
    t.where = "n = " + std::to_string(n);
    Buffer<int32_t> out(t, n, 3), expected(t, n);
    Run run(1);
    t.kernel.random_permutation(run, out.data(), n, {123456789012, 77});
    t.reference.random_permutation(run, expected.data(), n, {123456789012, 77});
    t.check(std::memcmp(out.data(), expected.data(), n * sizeof(int32_t)) == 0, "not the reference's order");
    std::sort(out.data(), out.data() + n);
    for (size_t i = 0; i < n; ++i) t.close(out[i], static_cast<double>(i), 0, "sorted", i);
  }

  t.where = "all orders of 4 are equally likely";
  constexpr int kTrials = 48000;
  int counts[256] = {};
  for (int trial = 0; trial < kTrials; ++trial) {
    int32_t order[4];
    Run run(1);
    t.kernel.random_permutation(run, order, 4, {9, static_cast<uint64_t>(trial)});
    ++counts[order[0] * 64 + order[1] * 16 + order[2] * 4 + order[3]];
  }
  double chi_squared = 0;
  int orders = 0;
  for (int count : counts) {
    if (count == 0) continue;
    ++orders;
    chi_squared += (count - kTrials / 24.0) * (count - kTrials / 24.0) / (kTrials / 24.0);
  }
  t.check(orders == 24, "not every order appears");
  t.check(chi_squared < 49.7, "unequal");  // exceeded once in a thousand with 23 degrees of freedom

  // 2^32 mod i of the 2^32 words are drawn again: several thousand in three million exchanges.
  t.where = "words are drawn again";
  constexpr size_t kLarge = 3000000;
  Buffer<int32_t> out(t, kLarge), expected(t, kLarge);
  Run run(1);
  t.kernel.random_permutation(run, out.data(), kLarge, {5, 0});
  t.reference.random_permutation(run, expected.data(), kLarge, {5, 0});
  t.check(std::memcmp(out.data(), expected.data(), kLarge * sizeof(int32_t)) == 0, "not the reference's order");
}
