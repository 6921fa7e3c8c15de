// Bags of rows against their references: the same sums within one rounding for each term, and the same faults.
#include <cstring>

#include "test/row_sets.h"

namespace simdnn::test {
namespace {

struct Shape {
  size_t bags, count, rows, columns;
};
// clang-format off
const Shape kShapes[] = {{0, 0, 3, 4}, {0, 3, 3, 4}, {1, 0, 3, 4}, {3, 7, 5, 1}, {4, 9, 6, 7}, {5, 40, 10, 17}, {64, 900, 300, 64}, {2, 5, 3, 0}, {3, 4, 0, 2},
                         {2, 5, 900, 3}, {7, 60, 9, 40}};
// clang-format on

// Bags of unequal lengths, some of them empty; with `bad` one index or offset is invalid.
struct Bags {
  Buffer<int32_t> index, offsets;
  Bags(Context& t, const Shape& s, Random& random, int bad) : index(t, s.count, 1), offsets(t, s.bags, 2) {
    for (size_t i = 0; i < s.count; ++i) index[i] = s.rows == 0 ? 0 : static_cast<int32_t>(random.below(s.rows));
    for (size_t b = 1; b < s.bags; ++b) {
      const size_t left = s.count - static_cast<size_t>(offsets[b - 1]);
      offsets[b] = offsets[b - 1] + static_cast<int32_t>(random.below(2 * left / (s.bags - b) + 1));
      if (offsets[b] > static_cast<int32_t>(s.count)) offsets[b] = static_cast<int32_t>(s.count);
    }
    if (bad == 1 && s.count > 0) index[random.below(s.count)] = random.below(2) == 0 ? -1 : static_cast<int32_t>(s.rows);
    if (bad == 2 && s.bags > 1) offsets[s.bags / 2] = random.below(2) == 0 ? -1 : static_cast<int32_t>(s.count) + 1;
    if (bad == 3 && s.bags > 0) offsets[0] = 1;
  }
};

template <class Body>
void each_case(Context& t, Body body) {
  Random random(41);
  for (const Shape& s : kShapes) {
    for (int kind = 0; kind < 16; ++kind) {
      const int bad = kind / 4;
      t.where = std::to_string(s.bags) + " bags of " + std::to_string(s.count) + ", " + std::to_string(s.rows) + "x" +
                std::to_string(s.columns) + " kind=" + std::to_string(kind);
      Bags bags(t, s, random, bad);
      body(s, bags, (kind & 1) != 0, (kind & 2) != 0, random);
    }
  }
}

void same_fault(Context& t, const Run& run, const Run& reference) {
  t.check((run.fault.array() == nullptr) == (reference.fault.array() == nullptr), "a fault where there is none, or none where there is");
}

}  // namespace

TEST(embedding_bag_forward) {
  each_case(t, [&](const Shape& s, Bags& bags, bool mean, bool factored, Random& random) {
    Buffer<float> weight(t, s.rows * s.columns, 1), factors(t, s.count, 2), out(t, s.bags * s.columns, 3), expected(t, s.bags * s.columns);
    fill_normal(weight, random);
    fill_normal(factors, random);
    const float* const f = factored ? factors.data() : nullptr;
    const auto call = [&](const KernelTable& table, Run& run, float* to) {
      table.embedding_bag_forward(run, to, weight.data(), bags.index.data(), bags.offsets.data(), f, s.bags, s.count, s.rows, s.columns, {1, mean});
    };
    Run run, reference;
    call(t.kernel, run, out.data());
    call(t.reference, reference, expected.data());
    same_fault(t, run, reference);
    const double terms = static_cast<double>(s.count + 2);
    for (size_t i = 0; i < out.size(); ++i) t.close(out[i], expected[i], kEpsilon * terms * 4, "out", i);
    for (int threads = 2; threads <= 4; ++threads) {
      Buffer<float> again(t, out.size(), 1);
      Run with(threads);
      call(t.kernel, with, again.data());
      t.check(std::memcmp(out.data(), again.data(), out.size() * sizeof(float)) == 0, "bits depend on the threads");
    }
  });
}

TEST(embedding_bag_backward) {
  each_case(t, [&](const Shape& s, Bags& bags, bool mean, bool factored, Random& random) {
    Buffer<float> before(t, s.rows * s.columns), dy(t, s.bags * s.columns, 1), factors(t, s.count, 2);
    Buffer<float> dweight(t, before.size(), 3), expected(t, before.size());
    fill_normal(dy, random);
    fill_normal(factors, random);
    const float* const f = factored ? factors.data() : nullptr;
    const auto call = [&](const KernelTable& table, Run& run, Buffer<float>& to, bool overwrite) {
      for (size_t i = 0; i < to.size(); ++i) to[i] = before[i];
      table.embedding_bag_backward(run, to.data(), dy.data(), bags.index.data(), bags.offsets.data(), f, s.bags, s.count, s.rows, s.columns,
                                   {1, mean, overwrite});
    };
    for (bool overwrite : {false, true}) {
      fill_normal(before, random);
      Run run, reference;
      call(t.kernel, run, dweight, overwrite);
      call(t.reference, reference, expected, overwrite);
      same_fault(t, run, reference);
      const double terms = static_cast<double>(s.count + 2);
      for (size_t i = 0; i < dweight.size(); ++i) t.close(dweight[i], expected[i], kEpsilon * terms * 4, "dweight", i);
      for (int threads = 2; threads <= 4; ++threads) {
        Buffer<float> again(t, dweight.size(), 1);
        Run with(threads);
        call(t.kernel, with, again, overwrite);
        t.check(std::memcmp(dweight.data(), again.data(), again.size() * sizeof(float)) == 0, "bits depend on the threads");
      }
    }
    for (size_t i = 0; i < before.size(); ++i) before[i] = 0;
    Buffer<float> added(t, dweight.size());
    Run run;
    call(t.kernel, run, added, false);
    t.check(std::memcmp(dweight.data(), added.data(), added.size() * sizeof(float)) == 0, "other bits than added to zeros");
  });
}

TEST(embedding_bag_rows_backward) {
  int next = 0;
  each_case(t, [&](const Shape& s, Bags& bags, bool mean, bool accumulate, Random& random) {
    const int kind = next++ % kSetKinds;
    t.where += " set=" + std::to_string(kind);
    Buffer<float> before(t, s.rows * s.columns), dy(t, s.bags * s.columns, 1), factors(t, s.count, 2);
    Buffer<float> dweight(t, before.size(), 3), expected(t, before.size());
    Buffer<int32_t> set(t, 2 * s.rows + 1), touched(t, set.size(), 1), expected_touched(t, set.size());
    fill_normal(dy, random);
    fill_normal(factors, random);
    fill_set(set, s.rows, kind, random);
    const std::vector<bool> in = reference::rows_of(set.data(), s.rows);
    for (size_t i = 0; i < before.size(); ++i) before[i] = in[i / s.columns] ? static_cast<float>(random.normal()) : 0.0f;
    const auto call = [&](const KernelTable& table, Run& run, Buffer<float>& to, Buffer<int32_t>& rows) {
      for (size_t i = 0; i < to.size(); ++i) to[i] = before[i];
      for (size_t i = 0; i < set.size(); ++i) rows[i] = set[i];
      table.embedding_bag_rows_backward(run, to.data(), rows.data(), dy.data(), bags.index.data(), bags.offsets.data(), factors.data(), s.bags, s.count,
                                        s.rows, s.columns, {1, mean, accumulate});
    };
    Run run, reference;
    call(t.kernel, run, dweight, touched);
    call(t.reference, reference, expected, expected_touched);
    same_fault(t, run, reference);
    const double terms = static_cast<double>(s.count + 2);
    for (size_t i = 0; i < dweight.size(); ++i) t.close(dweight[i], expected[i], kEpsilon * terms * 4, "dweight", i);
    t.check(std::memcmp(touched.data(), expected_touched.data(), touched.size() * sizeof(int32_t)) == 0, "another set");
    for (int threads = 2; threads <= 4; ++threads) {
      Buffer<float> again(t, dweight.size(), 1);
      Run with(threads);
      call(t.kernel, with, again, touched);
      t.check(std::memcmp(dweight.data(), again.data(), again.size() * sizeof(float)) == 0, "bits depend on the threads");
      t.check(std::memcmp(touched.data(), expected_touched.data(), touched.size() * sizeof(int32_t)) == 0, "the set depends on the threads");
    }
    Buffer<float> added(t, dweight.size(), 1);
    for (size_t i = 0; i < added.size(); ++i) added[i] = accumulate ? before[i] : 0.0f;
    Run plain;
    t.kernel.embedding_bag_backward(plain, added.data(), dy.data(), bags.index.data(), bags.offsets.data(), factors.data(), s.bags, s.count, s.rows,
                                    s.columns, {1, mean, false});
    t.check(std::memcmp(dweight.data(), added.data(), added.size() * sizeof(float)) == 0, "other bits than added one by one");
  });
}

TEST(embedding_bag_factors_backward) {
  each_case(t, [&](const Shape& s, Bags& bags, bool, bool, Random& random) {
    Buffer<float> weight(t, s.rows * s.columns, 1), dy(t, s.bags * s.columns, 2), dfactors(t, s.count, 3), expected(t, s.count);
    fill_normal(weight, random);
    fill_normal(dy, random);
    const auto call = [&](const KernelTable& table, Run& run, float* to) {
      table.embedding_bag_factors_backward(run, to, dy.data(), weight.data(), bags.index.data(), bags.offsets.data(), s.bags, s.count, s.rows, s.columns, {1});
    };
    for (size_t i = 0; i < s.count; ++i) dfactors[i] = 7;
    Run run, reference;
    call(t.kernel, run, dfactors.data());
    call(t.reference, reference, expected.data());
    same_fault(t, run, reference);
    for (size_t i = 0; i < s.count; ++i) t.close(dfactors[i], expected[i], kEpsilon * std::fabs(expected[i]), "dfactors", i);
    for (int threads = 2; threads <= 4; ++threads) {
      Buffer<float> again(t, s.count, 1);
      Run with(threads);
      for (size_t i = 0; i < s.count; ++i) again[i] = 7;
      call(t.kernel, with, again.data());
      t.check(std::memcmp(dfactors.data(), again.data(), s.count * sizeof(float)) == 0, "bits depend on the threads");
    }
  });
}

// Gradients that are written by non-temporal stores have the same bits as others. Arrays that are not aligned to a vector are written by ordinary stores.
TEST(embedding_bags_past_caches) {
  constexpr size_t rows = 4100, columns = 1024, bags = 600, each = 7, count = bags * each;
  Buffer<float> dy(t, bags * columns), past(t, rows * columns), within(t, rows * columns, 1);
  Buffer<int32_t> index(t, count), offsets(t, bags), touched(t, 2 * rows + 1);
  Random random(43);
  fill_normal(dy, random);
  for (size_t i = 0; i < count; ++i) index[i] = static_cast<int32_t>(random.below(rows / 2));
  for (size_t b = 0; b < bags; ++b) offsets[b] = static_cast<int32_t>(b * each);
  Buffer<float>* const results[] = {&past, &within};
  for (Buffer<float>* to : results) {
    Run run;
    t.kernel.embedding_bag_backward(run, to->data(), dy.data(), index.data(), offsets.data(), nullptr, bags, count, rows, columns, {-1, false, true});
  }
  t.check(std::memcmp(past.data(), within.data(), past.size() * sizeof(float)) == 0, "other bits past the caches");
  for (Buffer<float>* to : results) {
    for (size_t i = 0; i < to->size(); ++i) (*to)[i] = 1;
    touched[0] = -1;
    Run run;
    t.kernel.embedding_bag_rows_backward(run, to->data(), touched.data(), dy.data(), index.data(), offsets.data(), nullptr, bags, count, rows, columns,
                                         {-1, false, false});
  }
  t.check(std::memcmp(past.data(), within.data(), past.size() * sizeof(float)) == 0, "other bits of marked rows past the caches");
}

}  // namespace simdnn::test
