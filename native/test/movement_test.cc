// Copies, gathers, scatters, fills and conversions: bit for bit those of the reference, for any threads.
#include <cstring>

#include "test/test.h"

using simdnn::KernelTable;
using simdnn::Layout;
using simdnn::Run;
using simdnn::test::Buffer;
using simdnn::test::Context;
using simdnn::test::Random;

namespace {

constexpr size_t kSizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 100, 300001};

void fill(Buffer<float>& out, Random& random) { fill_corners(out, random); }
void fill(Buffer<int32_t>& out, Random& random) {
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<int32_t>(random.bits());
}
void fill(Buffer<uint32_t>& out, Random& random) {
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<uint32_t>(random.bits());
}

template <typename T>
void same(Context& t, Buffer<T>& actual, Buffer<T>& expected) {
  for (size_t i = 0; i < actual.size(); ++i) {
    if (std::memcmp(&actual[i], &expected[i], sizeof(T)) != 0 && !(actual[i] != actual[i] && expected[i] != expected[i])) {
      t.close(static_cast<double>(actual[i]), static_cast<double>(expected[i]), -1, "out", i);
    }
  }
}

// Calls step(table, run, out) with the reference, and with the kernel on 1 to 4 threads, each time with the same initial `out`.
template <typename T, class Step>
void compare(Context& t, size_t n, Random& random, Step step) {
  Buffer<T> start(t, n), expected(t, n);
  fill(start, random);
  std::memcpy(expected.data(), start.data(), n * sizeof(T));
  Run twin_run(1);
  step(t.reference, twin_run, expected.data());
  for (int threads = 1; threads <= 4; ++threads) {
    Buffer<T> out(t, n, random.below(16));
    std::memcpy(out.data(), start.data(), n * sizeof(T));
    Run run(threads);
    step(t.kernel, run, out.data());
    same(t, out, expected);
    t.check((run.fault.array() != nullptr) == (twin_run.fault.array() != nullptr), "a fault on one side only");
    t.check(run.fault.position() == twin_run.fault.position(), "another position of the fault");
    t.check(run.fault.value() == twin_run.fault.value() && run.fault.limit() == twin_run.fault.limit(), "another value");
    t.check(run.fault.array() == nullptr || std::strcmp(run.fault.array(), "index") == 0, "another array's fault");
  }
}

template <typename In, typename Out, class Step>
void element_wise(Context& t, Step step) {
  Random random(1);
  for (size_t n : kSizes) {
    t.where = "n = " + std::to_string(n);
    Buffer<In> x(t, n, random.below(16));
    fill(x, random);
    compare<Out>(t, n, random, [&](const KernelTable& table, Run& run, Out* out) { step(table, run, out, x.data(), n); });
  }
}

// Indices below `n`; with `bad` some of them are out of range.
void fill_index(Buffer<int32_t>& index, size_t n, bool bad, Random& random) {
  const int32_t wrong[] = {-1, static_cast<int32_t>(n), INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < index.size(); ++i) {
    index[i] = n == 0 || (bad && random.below(5) == 0) ? wrong[random.below(4)] : static_cast<int32_t>(random.below(n));
  }
}

struct Sizes {
  size_t outer, n, inner, count;
};
// clang-format off
constexpr Sizes kShapes[] = {{1, 1, 1, 1},  {1, 5, 7, 9},    {3, 4, 16, 5},   {2, 10, 33, 40}, {4, 7, 1, 3},
                             {1, 0, 3, 2},  {0, 3, 4, 5},    {2, 3, 0, 5},    {2, 3, 4, 0},    {1, 100, 65, 700},
                             {50, 10, 1, 1}, {3, 300, 8, 4000}, {1, 50, 100, 3000}};
// clang-format on

// step(table, run, out, x, index, sizes), with good and with bad indices.
template <typename T, class Length, class Step>
void indexed(Context& t, Length length, Step step) {
  Random random(2);
  for (const Sizes& s : kShapes) {
    for (bool bad : {false, true}) {
      t.where = std::to_string(s.outer) + " x " + std::to_string(s.n) + " x " + std::to_string(s.inner) + ", " +
                std::to_string(s.count) + (bad ? " indices, some bad" : " indices");
      const size_t indices = length.indices(s);
      Buffer<int32_t> index(t, indices, 1);
      fill_index(index, s.n, bad, random);
      Buffer<T> x(t, length.in(s), random.below(16));
      fill(x, random);
      compare<T>(t, length.out(s), random, [&](const KernelTable& table, Run& run, T* out) {
        step(table, run, out, x.data(), index.data(), s);
      });
    }
  }
}

struct Rows {
  static size_t indices(const Sizes& s) { return s.count; }
};
struct Elements {
  static size_t indices(const Sizes& s) { return s.outer * s.count * s.inner; }
};
template <class Kind>
struct Gather : Kind {
  static size_t in(const Sizes& s) { return s.outer * s.n * s.inner; }
  static size_t out(const Sizes& s) { return s.outer * s.count * s.inner; }
};
template <class Kind>
struct Scatter : Kind {
  static size_t in(const Sizes& s) { return s.outer * s.count * s.inner; }
  static size_t out(const Sizes& s) { return s.outer * s.n * s.inner; }
};

// Rows that are written by non-temporal stores have the same bits as others. A result that is not aligned to a vector is written by ordinary stores.
TEST(gather_rows_past_caches) {
  constexpr size_t rows = 50, columns = 1024, count = 4200;
  Random random(44);
  Buffer<uint32_t> x(t, rows * columns), past(t, count * columns), within(t, count * columns, 1);
  Buffer<int32_t> index(t, count);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<uint32_t>(random.below(1000000));
  for (size_t i = 0; i < count; ++i) index[i] = static_cast<int32_t>(random.below(rows));
  index[7] = -1;
  for (Buffer<uint32_t>* to : {&past, &within}) {
    Run run(2);
    t.kernel.gather_rows(run, to->data(), x.data(), index.data(), 1, rows, columns, count);
    t.check(run.fault.array() != nullptr && run.fault.position() == 7, "a bad index that is not reported");
  }
  t.check(std::memcmp(past.data(), within.data(), past.size() * sizeof(uint32_t)) == 0, "other rows past the caches");
}

}  // namespace

TEST(copy_strided) {
  Random random(3);
  // sizes, strides of out, strides of x, offsets
  struct Case {
    const char* what;
    Layout layout;
  };
  const auto layout = [](int rank, const size_t (&size)[4], const size_t (&out)[4], const size_t (&x)[4], size_t at_out = 0,
                         size_t at_x = 0) {
    Layout l;
    l.rank = rank;
    for (int d = 0; d < rank; ++d) l.size[d] = size[d], l.stride[0][d] = out[d], l.stride[1][d] = x[d];
    l.offset[0] = at_out, l.offset[1] = at_x;
    return l;
  };
  const Case cases[] = {
      {"a scalar", layout(0, {}, {}, {}, 2, 3)},
      {"nothing", layout(2, {3, 0}, {1, 1}, {1, 1})},
      {"a line", layout(1, {1000}, {1}, {1}, 0, 5)},
      {"a column", layout(1, {100}, {1}, {7}, 1, 2)},
      {"into a column", layout(1, {100}, {5}, {1}, 1, 2)},
      {"a repeated element", layout(1, {100}, {1}, {0})},
      {"repeated rows", layout(2, {9, 33}, {33, 1}, {0, 1})},
      {"a slice", layout(2, {20, 17}, {17, 1}, {40, 1}, 0, 11)},
      {"into a slice", layout(2, {20, 17}, {40, 1}, {17, 1}, 11, 0)},
      {"a small transposition", layout(2, {3, 2}, {2, 1}, {1, 3})},
      {"a transposition", layout(2, {65, 130}, {130, 1}, {1, 65})},
      {"a large transposition", layout(2, {517, 431}, {431, 1}, {1, 517})},
      {"a transposed slice", layout(2, {33, 47}, {50, 1}, {1, 40}, 3, 4)},
      {"permuted dimensions", layout(4, {3, 35, 2, 20}, {1400, 40, 20, 1}, {20, 120, 60, 1})},
      {"transposed planes", layout(3, {4, 37, 50}, {1850, 50, 1}, {1850, 1, 37})},
      {"the first dimension last", layout(3, {37, 3, 50}, {150, 50, 1}, {1, 1850, 37})},
  };
  for (const Case& c : cases) {
    t.where = c.what;
    Buffer<uint32_t> x(t, c.layout.extent(1), random.below(16));
    fill(x, random);
    compare<uint32_t>(t, c.layout.extent(0), random, [&](const KernelTable& table, Run& run, uint32_t* out) {
      table.copy_strided(run, out, x.data(), c.layout);
    });
  }
}

TEST(gather_rows) {
  indexed<uint32_t>(t, Gather<Rows>(), [](const KernelTable& table, Run& run, uint32_t* out, const uint32_t* x, const int32_t* index, const Sizes& s) {
    table.gather_rows(run, out, x, index, s.outer, s.n, s.inner, s.count);
  });
}

TEST(scatter_add_rows) {
  indexed<float>(t, Scatter<Rows>(), [](const KernelTable& table, Run& run, float* dx, const float* dy, const int32_t* index, const Sizes& s) {
    table.scatter_add_rows(run, dx, dy, index, s.outer, s.n, s.inner, s.count);
  });
}

TEST(gather) {
  indexed<uint32_t>(t, Gather<Elements>(), [](const KernelTable& table, Run& run, uint32_t* out, const uint32_t* x, const int32_t* index, const Sizes& s) {
    table.gather(run, out, x, index, s.outer, s.n, s.inner, s.count);
  });
}

TEST(scatter_add) {
  indexed<float>(t, Scatter<Elements>(), [](const KernelTable& table, Run& run, float* dx, const float* dy, const int32_t* index, const Sizes& s) {
    table.scatter_add(run, dx, dy, index, s.outer, s.n, s.inner, s.count);
  });
}

TEST(scatter_add_int) {
  indexed<int32_t>(t, Scatter<Elements>(), [](const KernelTable& table, Run& run, int32_t* dx, const int32_t* dy, const int32_t* index, const Sizes& s) {
    table.scatter_add_int(run, dx, dy, index, s.outer, s.n, s.inner, s.count);
  });
}

TEST(scatter) {
  indexed<uint32_t>(t, Scatter<Elements>(), [](const KernelTable& table, Run& run, uint32_t* out, const uint32_t* x, const int32_t* index, const Sizes& s) {
    table.scatter(run, out, x, index, s.outer, s.n, s.inner, s.count);
  });
}

TEST(where) {
  Random random(6);
  for (size_t n : {0, 1, 3, 4, 5, 8, 9, 16, 17, 33, 1000, 300000}) {
    t.where = "n=" + std::to_string(n);
    Buffer<uint32_t> a(t, n, 1), b(t, n, 2);
    Buffer<int32_t> condition(t, n, 3);
    fill(a, random);
    fill(b, random);
    for (size_t i = 0; i < n; ++i) condition[i] = random.below(2) == 0 ? 0 : static_cast<int32_t>(random.bits() | 1);
    compare<uint32_t>(t, n, random, [&](const KernelTable& table, Run& run, uint32_t* out) {
      table.where(run, out, condition.data(), a.data(), b.data(), n);
    });
  }
}

TEST(fill) {
  for (double value : {0.0, 1.5, 0.1, 1e-50}) {
    element_wise<float, float>(t, [value](const KernelTable& table, Run& run, float* out, const float*, size_t n) {
      table.fill(run, out, n, {value});
    });
  }
}

TEST(fill_int) {
  element_wise<int32_t, int32_t>(t, [](const KernelTable& table, Run& run, int32_t* out, const int32_t*, size_t n) {
    table.fill_int(run, out, n, {-7});
  });
}

TEST(float_to_int) {
  element_wise<float, int32_t>(t, [](const KernelTable& table, Run& run, int32_t* out, const float* x, size_t n) {
    table.float_to_int(run, out, x, n);
  });
  const float x[] = {2147483520.0f, 2147483648.0f, -2147483648.0f, -2147483904.0f, 1.99f, -1.99f};
  const int32_t expected[] = {2147483520, INT32_MIN, INT32_MIN, INT32_MIN, 1, -1};
  int32_t out[6];
  Run run(1);
  t.kernel.float_to_int(run, out, x, 6);
  t.check(std::memcmp(out, expected, sizeof out) == 0, "the ends of the range");
}

TEST(int_to_float) {
  element_wise<int32_t, float>(t, [](const KernelTable& table, Run& run, float* out, const int32_t* x, size_t n) {
    table.int_to_float(run, out, x, n);
  });
}

TEST(accumulate) {
  element_wise<float, float>(t, [](const KernelTable& table, Run& run, float* out, const float* x, size_t n) {
    table.accumulate(run, out, x, n);
  });
}

TEST(scale_rows) {
  Random random(4);
  for (size_t columns : {0, 1, 3, 16, 17, 33, 100}) {
    for (size_t rows : {0, 1, 2, 5, 1000}) {
      t.where = std::to_string(rows) + " x " + std::to_string(columns);
      Buffer<float> x(t, rows * columns, 3), scale(t, rows, 1);
      fill(x, random);
      fill(scale, random);
      compare<float>(t, rows * columns, random, [&](const KernelTable& table, Run& run, float* out) {
        table.scale_rows(run, out, x.data(), scale.data(), rows, columns);
      });
      compare<float>(t, rows * columns, random, [&](const KernelTable& table, Run& run, float* out) {
        table.scale_rows(run, out, out, scale.data(), rows, columns);  // in place
      });
    }
  }
}
