#include <algorithm>
#include <cstring>

#include "test/test.h"

namespace simdnn::test {
namespace {

struct Layer {
  Buffer<float> weight, bias, panels, twin_panels;

  Layer(Context& t, size_t in, size_t out, Random& random)
      : weight(t, out * in, 1), bias(t, out, 2), panels(t, packed(in, out), 3), twin_panels(t, packed(in, out)) {
    fill_normal(weight, random);
    fill_normal(bias, random);
    Run run(1);
    t.kernel.linear_pack(run, panels.data(), weight.data(), in, out);
    t.reference.linear_pack(run, twin_panels.data(), weight.data(), in, out);
  }
};

// linear_forward_packed gives the bits of linear_forward for any number of threads.
void check_packed(Context& t, size_t rows, size_t in, size_t out, Unary activation, Random& random) {
  t.where = std::to_string(rows) + "x" + std::to_string(in) + "->" + std::to_string(out) + " activation " +
            std::to_string(static_cast<int>(activation));
  Layer layer(t, in, out, random);
  Buffer<float> x(t, rows * in, 1), y(t, rows * out, 3), expected(t, rows * out), reference(t, rows * out);
  fill_normal(x, random);
  const float* const bias = (rows + out) % 3 == 0 ? nullptr : layer.bias.data();
  Run one(1);
  t.kernel.linear_forward(one, expected.data(), x.data(), layer.weight.data(), bias, rows, in, out,
                          {activation, 0.5, 2});
  for (const int threads : {1, 2, 3}) {
    std::fill_n(y.data(), y.size(), 3e38f);
    Run run(threads);
    t.kernel.linear_forward_packed(run, y.data(), x.data(), layer.panels.data(), bias, rows, in, out,
                                   {activation, 0.5, 2});
    t.check(std::memcmp(y.data(), expected.data(), y.size() * sizeof(float)) == 0, "differs from linear_forward");
  }
  if (activation != Unary::none) return;
  t.reference.linear_forward_packed(one, reference.data(), x.data(), layer.twin_panels.data(), bias, rows, in, out, {});
  const double bound = kEpsilon * 6 * static_cast<double>(in + 3);  // loose: linear_forward's test has the tight one
  for (size_t i = 0; i < y.size(); ++i) t.close(y[i], reference[i], bound, "y", i);
}

}  // namespace

TEST(linear_forward_packed) {
  Random random(6);
  for (const size_t rows : {1, 2, 5, 14, 33}) {
    for (const size_t in : {1, 13, 64, 257, 520}) {
      for (const size_t out : {1, 2, 15, 32, 37, 100}) {
        check_packed(t, rows, in, out, (rows + in + out) % 2 == 0 ? Unary::relu : Unary::none, random);
      }
    }
  }
  // More columns than one block has, rows that are copied to avoid cache-set conflicts, blocks of k whose partial sums are in scratch, and work for several threads.
  check_packed(t, 50, 1024, 600, Unary::none, random);
  check_packed(t, 3, 300, 1024, Unary::tanh, random);
  check_packed(t, 200, 300, 40, Unary::relu, random);
  check_packed(t, 257, 520, 40, Unary::relu, random);  // a few more rows than are multiplied with a panel at a time
  for (int function = 1; function < kUnaryCount; ++function) {
    check_packed(t, 3, 7, 19, static_cast<Unary>(function), random);
  }
  for (const size_t none : {0, 1, 2}) {
    check_packed(t, none != 0 ? 3 : 0, none != 1 ? 4 : 0, none != 2 ? 5 : 0, Unary::relu, random);
  }
}

// The panels depend on the weight alone: no element comes from other memory.
TEST(linear_pack) {
  Random random(7);
  for (const size_t in : {0, 1, 13, 64, 257}) {
    for (const size_t out : {0, 1, 5, 16, 33, 100}) {
      t.where = std::to_string(in) + "->" + std::to_string(out);
      Buffer<float> weight(t, out * in, 1), panels(t, packed(in, out), 1), again(t, packed(in, out));
      fill_normal(weight, random);
      std::fill_n(panels.data(), panels.size(), 3e38f);
      Run run(1);
      t.kernel.linear_pack(run, panels.data(), weight.data(), in, out);
      t.kernel.linear_pack(run, again.data(), weight.data(), in, out);
      t.check(std::memcmp(panels.data(), again.data(), panels.size() * sizeof(float)) == 0, "other bits the second time");
      std::vector<float> left(panels.data(), panels.data() + panels.size()), wanted(weight.data(), weight.data() + weight.size());
      std::sort(left.begin(), left.end());
      std::sort(wanted.begin(), wanted.end());
      t.check(std::includes(left.begin(), left.end(), wanted.begin(), wanted.end()), "a weight is missing");
      t.check(std::find(left.begin(), left.end(), 3e38f) == left.end(), "not written whole");
    }
  }
}

}  // namespace simdnn::test
