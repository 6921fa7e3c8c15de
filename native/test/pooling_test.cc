// Maxima and means over windows of images, and their gradients.
#include "test/windows.h"

namespace simdnn::test {
namespace {

struct Shape {
  size_t batch, height, width, channels, filter_height, filter_width, out_height, out_width;
  MaxPoolAttributes at;

  size_t x() const { return batch * height * width * channels; }
  size_t y() const { return batch * out_height * out_width * channels; }
  AvgPoolAttributes means(bool counts_all) const { return {at.stride_height, at.stride_width, at.padding_top, at.padding_left, counts_all}; }
};

const Shape kShapes[] = {
    {3, 26, 26, 8, 2, 2, 13, 13, {2, 2, 0, 0}},
    {2, 11, 11, 16, 2, 2, 5, 5, {2, 2, 0, 0}},   // a row and a column that are in no window
    {2, 7, 9, 19, 3, 3, 7, 9, {1, 1, 1, 1}},     // windows that overlap, and that leave the image
    {1, 8, 8, 33, 3, 2, 4, 4, {2, 2, 1, 1}},
    {2, 1, 12, 3, 1, 4, 1, 4, {1, 3, 0, 1}},
    {2, 3, 3, 2, 5, 5, 3, 3, {1, 1, 2, 2}},      // windows larger than the image
    {1, 3, 3, 5, 2, 2, 4, 4, {3, 3, 5, 5}},      // windows outside of it
    {0, 4, 4, 2, 2, 2, 2, 2, {2, 2, 0, 0}},      // nothing
    {2, 0, 4, 2, 2, 2, 2, 2, {2, 2, 0, 0}},
    {2, 4, 4, 0, 2, 2, 2, 2, {2, 2, 0, 0}},
    {2, 4, 4, 2, 0, 2, 2, 2, {2, 2, 0, 0}},
    {2, 4, 4, 2, 2, 2, 0, 2, {2, 2, 0, 0}},
};

// Calls body for each shape; its elements have equal numbers among them, and `special` ones.
template <class Body>
void each_shape(Context& t, uint64_t seed, bool special, Body body) {
  Random random(seed);
  for (const Shape& s : kShapes) {
    t.where = std::to_string(s.batch) + " of " + std::to_string(s.height) + "x" + std::to_string(s.width) + "x" + std::to_string(s.channels) + " by " +
              std::to_string(s.filter_height) + "x" + std::to_string(s.filter_width);
    Buffer<float> x(t, s.x(), 1), dy(t, s.y(), 3);
    fill_normal(x, random), fill_normal(dy, random);
    const float rare[] = {NAN, -INFINITY, INFINITY, 0.0f, -0.0f, 1.0f};
    for (size_t i = 0; special && i < x.size(); ++i) {
      if (random.below(2) == 0) x[i] = rare[random.below(6)];
      if (i < x.size() / 3) x[i] = rare[random.below(2)];  // windows without a number
    }
    body(s, x, dy);
  }
}

// A kernel refuses strides of 0 and sizes beyond what it can compute, and no others.
template <class Call>
void check_refusals(Context& t, Call call) {
  const Shape bad[] = {{0, 4, 4, 1, 2, 2, 2, 2, {0, 1, 0, 0}}, {0, 4, 4, 1, 2, 2, 2, 2, {1, 1, 0, SIZE_MAX}}, {0, 4, 4, 1, (size_t{1} << 30) + 1, 2, 2, 2, {1, 1, 0, 0}}};
  for (const Shape& s : bad) {
    Run run;
    call(run, s);
    t.check(run.fault.array() != nullptr, "is no fault");
  }
  Run run;
  call(run, {0, 4, 4, 1, 2, 2, 2, 2, {size_t{1} << 30, 1, 0, size_t{1} << 30}});
  t.check(run.fault.array() == nullptr, "is a fault");
}

}  // namespace

TEST(max_pool2d_forward) {
  for (const bool special : {false, true}) {
    each_shape(t, 61, special, [&](const Shape& s, Buffer<float>& x, Buffer<float>&) {
      Buffer<float> none(t, 0);
      const auto call = [&](const KernelTable& table, Run& run, float* y) {
        table.max_pool2d_forward(run, y, x.data(), s.batch, s.height, s.width, s.channels, s.filter_height, s.filter_width, s.out_height, s.out_width, s.at);
      };
      compare_windows(t, s.y(), none, none, 0, call);
      // The maximum is one of the numbers, bit for bit.
      Buffer<float> y(t, s.y()), expected(t, s.y());
      Run run;
      call(t.kernel, run, y.data());
      call(t.reference, run, expected.data());
      t.check(s.y() == 0 || std::memcmp(y.data(), expected.data(), s.y() * sizeof(float)) == 0, "other bits");
    });
  }
  check_refusals(t, [&](Run& run, const Shape& s) {
    t.kernel.max_pool2d_forward(run, nullptr, nullptr, s.batch, s.height, s.width, s.channels, s.filter_height, s.filter_width, s.out_height, s.out_width, s.at);
  });
}

TEST(max_pool2d_backward) {
  for (const bool special : {false, true}) {
    each_shape(t, 62, special, [&](const Shape& s, Buffer<float>& x, Buffer<float>& dy) {
      Buffer<float> one(t, 1);
      one[0] = 1;
      compare_windows(t, s.x(), dy, one, s.filter_height * s.filter_width, [&](const KernelTable& table, Run& run, float* dx) {
        table.max_pool2d_backward(run, dx, dy.data(), x.data(), s.batch, s.height, s.width, s.channels, s.filter_height, s.filter_width, s.out_height, s.out_width, s.at);
      });
    });
  }
  check_refusals(t, [&](Run& run, const Shape& s) {
    t.kernel.max_pool2d_backward(run, nullptr, nullptr, nullptr, s.batch, s.height, s.width, s.channels, s.filter_height, s.filter_width, s.out_height, s.out_width, s.at);
  });
}

TEST(avg_pool2d_forward) {
  for (const bool counts_all : {false, true}) {
    each_shape(t, 63, false, [&](const Shape& s, Buffer<float>& x, Buffer<float>&) {
      Buffer<float> one(t, 1);
      one[0] = 1;
      compare_windows(t, s.y(), x, one, s.filter_height * s.filter_width, [&](const KernelTable& table, Run& run, float* y) {
        table.avg_pool2d_forward(run, y, x.data(), s.batch, s.height, s.width, s.channels, s.filter_height, s.filter_width, s.out_height, s.out_width, s.means(counts_all));
      });
    });
  }
  check_refusals(t, [&](Run& run, const Shape& s) {
    t.kernel.avg_pool2d_forward(run, nullptr, nullptr, s.batch, s.height, s.width, s.channels, s.filter_height, s.filter_width, s.out_height, s.out_width, s.means(false));
  });
}

TEST(avg_pool2d_backward) {
  for (const bool counts_all : {false, true}) {
    each_shape(t, 64, false, [&](const Shape& s, Buffer<float>&, Buffer<float>& dy) {
      Buffer<float> one(t, 1);
      one[0] = 1;
      compare_windows(t, s.x(), dy, one, s.filter_height * s.filter_width, [&](const KernelTable& table, Run& run, float* dx) {
        table.avg_pool2d_backward(run, dx, dy.data(), s.batch, s.height, s.width, s.channels, s.filter_height, s.filter_width, s.out_height, s.out_width, s.means(counts_all));
      });
    });
  }
  check_refusals(t, [&](Run& run, const Shape& s) {
    t.kernel.avg_pool2d_backward(run, nullptr, nullptr, s.batch, s.height, s.width, s.channels, s.filter_height, s.filter_width, s.out_height, s.out_width, s.means(false));
  });
}

}  // namespace simdnn::test
