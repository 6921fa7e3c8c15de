// Convolutions of images and their gradients against references with double accumulators.
#include "test/windows.h"

namespace simdnn::test {
namespace {

struct Shape {
  size_t batch, height, width, channels, filter_height, filter_width, out_height, out_width, out_channels;
  ConvolutionAttributes at;

  size_t x() const { return batch * height * width * channels; }
  size_t y() const { return batch * out_height * out_width * out_channels; }
  size_t filter() const { return filter_height * filter_width * channels * out_channels; }
};

// Strides, paddings, dilations.
ConvolutionAttributes places(size_t stride_height, size_t stride_width, size_t top, size_t left, size_t dilation_height = 1, size_t dilation_width = 1) {
  return {stride_height, stride_width, top, left, dilation_height, dilation_width};
}

const Shape kShapes[] = {
    {2, 28, 28, 1, 3, 3, 26, 26, 8, places(1, 1, 0, 0)},
    {3, 13, 13, 8, 3, 3, 11, 11, 16, places(1, 1, 0, 0)},
    {2, 9, 11, 3, 3, 3, 9, 11, 5, places(1, 1, 1, 1)},          // padded to the same size
    {2, 9, 12, 4, 3, 5, 5, 6, 33, places(2, 2, 1, 2)},          // strides
    {1, 10, 7, 2, 2, 3, 4, 3, 3, places(3, 2, 1, 0)},           // strides beyond the filter, rows that are not read
    {2, 12, 12, 3, 3, 2, 8, 10, 4, places(1, 1, 0, 0, 2, 2)},   // dilations
    {1, 9, 10, 5, 3, 3, 9, 10, 7, places(1, 1, 2, 2, 2, 2)},
    {2, 11, 9, 2, 2, 3, 5, 4, 6, places(2, 2, 1, 2, 3, 2)},     // all of them
    {4, 1, 20, 3, 1, 4, 1, 17, 9, places(1, 1, 0, 0)},          // one dimension
    {1, 1, 300, 2, 1, 3, 1, 300, 2, places(1, 1, 0, 1)},
    {3, 5, 5, 40, 3, 3, 3, 3, 20, places(1, 1, 0, 0)},          // a sum of more steps than one chain has
    {1, 6, 6, 300, 1, 1, 6, 6, 64, places(1, 1, 0, 0)},
    {2, 3, 3, 2, 5, 5, 3, 3, 4, places(1, 1, 2, 2)},            // a filter larger than the image
    {2, 2, 2, 3, 7, 7, 2, 2, 4, places(1, 1, 3, 3)},
    {1, 3, 2, 2, 2, 2, 4, 5, 3, places(1, 1, 40, 50)},          // windows outside of the image
    {1, 3, 2, 2, 2, 2, 4, 5, 3, places(20, 30, 0, 0)},
    {2, 4, 4, 2, 3, 2, 3, 4, 3, places(1, 1, 1, 1, 500, 500)},
    {1, 4, 4, 1, 9, 9, 4, 4, 1, places(1, 1, 12, 12, 3, 3)},    // more places than a call of the microkernel has segments
    {40, 4, 4, 2, 2, 2, 3, 3, 3, places(1, 1, 0, 0)},           // more images than parts
    {0, 4, 4, 2, 2, 2, 3, 3, 3, places(1, 1, 0, 0)},            // nothing
    {2, 0, 4, 2, 2, 2, 3, 3, 3, places(1, 1, 1, 1)},
    {2, 4, 4, 0, 2, 2, 3, 3, 3, places(1, 1, 0, 0)},
    {2, 4, 4, 2, 0, 2, 3, 3, 3, places(1, 1, 0, 0)},
    {2, 4, 4, 2, 2, 2, 0, 3, 3, places(1, 1, 0, 0)},
    {2, 4, 4, 2, 2, 2, 3, 3, 0, places(1, 1, 0, 0)},
};

std::string text(const Shape& s) {
  const auto at = [](size_t a, size_t b) { return std::to_string(a) + "x" + std::to_string(b); };
  return std::to_string(s.batch) + " of " + at(s.height, s.width) + "x" + std::to_string(s.channels) + ", filter " + at(s.filter_height, s.filter_width) + " to " +
         at(s.out_height, s.out_width) + "x" + std::to_string(s.out_channels) + ", stride " + at(s.at.stride_height, s.at.stride_width) + ", padding " +
         at(s.at.padding_top, s.at.padding_left) + ", dilation " + at(s.at.dilation_height, s.at.dilation_width);
}

Conv2dForwardAttributes with_activation(const ConvolutionAttributes& at, Unary activation, double a = 0) {
  return {at.stride_height, at.stride_width, at.padding_top, at.padding_left, at.dilation_height, at.dilation_width, activation, a, 0};
}

void forward(const KernelTable& table, Run& run, float* y, float* x, float* filter, float* bias, const Shape& s, const Conv2dForwardAttributes& attributes) {
  table.conv2d_forward(run, y, x, filter, bias, s.batch, s.height, s.width, s.channels, s.filter_height, s.filter_width, s.out_height, s.out_width, s.out_channels,
                       attributes);
}

// A kernel refuses sizes whose places it could not compute.
template <class Call>
void check_refusals(Context& t, Call call) {
  const size_t most = size_t{1} << 30;
  const Shape bad[] = {{0, 4, 4, 1, 2, 2, 3, 3, 1, places(0, 1, 0, 0)}, {0, 4, 4, 1, 2, 2, 3, 3, 1, places(1, 1, 0, 0, 1, 0)}, {0, 4, 4, 1, 2, 2, 3, 3, 1, places(1, most + 1, 0, 0)}, {0, 4, 4, 1, 2, 2, 3, 3, 1, places(1, 1, SIZE_MAX, 0)}, {0, most + 1, 4, 1, 2, 2, 3, 3, 1, places(1, 1, 0, 0)}, {0, 4, 4, 0, 2, most + 1, 3, 3, 1, places(1, 1, 0, 0)}};
  for (const Shape& s : bad) {
    Run run;
    call(run, s);
    t.check(run.fault.array() != nullptr, "is no fault");
  }
  Run run;
  call(run, {0, 4, 4, 1, 2, 2, 3, 3, 1, places(most, 1, most, 0, 1, most)});
  t.check(run.fault.array() == nullptr, "is a fault");
}

}  // namespace

TEST(conv2d_forward) {
  Random random(51);
  size_t misaligned = 0;
  for (const Shape& s : kShapes) {
    t.where = text(s);
    Buffer<float> x(t, s.x(), ++misaligned % 5), filter(t, s.filter(), 3), bias(t, s.out_channels, 1);
    fill_normal(x, random), fill_normal(filter, random), fill_normal(bias, random);
    const Conv2dForwardAttributes attributes[] = {with_activation(s.at, Unary::none), with_activation(s.at, Unary::relu), with_activation(s.at, Unary::elu, 1)};
    const size_t k = s.filter_height * s.filter_width * s.channels;
    for (const Conv2dForwardAttributes& a : attributes) {
      for (float* b : {bias.data(), static_cast<float*>(nullptr)}) {
        compare_windows(t, s.y(), x, filter, k, [&](const KernelTable& table, Run& run, float* y) { forward(table, run, y, x.data(), filter.data(), b, s, a); });
      }
    }
    // Each image by itself has the bits that it has in the batch.
    Buffer<float> all(t, s.y()), one(t, s.y());
    Run run;
    forward(t.kernel, run, all.data(), x.data(), filter.data(), bias.data(), s, attributes[1]);
    Shape single = s;
    single.batch = 1;
    for (size_t n = 0; n < s.batch; ++n) {
      forward(t.kernel, run, one.data() + n * single.y(), x.data() + n * single.x(), filter.data(), bias.data(), single, attributes[1]);
    }
    t.check(s.y() == 0 || std::memcmp(all.data(), one.data(), s.y() * sizeof(float)) == 0, "bits depend on the batch");
  }
  check_refusals(t, [&](Run& run, const Shape& s) { forward(t.kernel, run, nullptr, nullptr, nullptr, nullptr, s, with_activation(s.at, Unary::none)); });
}

TEST(conv2d_filter_gradient) {
  Random random(52);
  const auto gradient = [](const KernelTable& table, Run& run, float* dfilter, float* dy, float* x, const Shape& s) {
    table.conv2d_filter_gradient(run, dfilter, dy, x, s.batch, s.height, s.width, s.channels, s.filter_height, s.filter_width, s.out_height, s.out_width, s.out_channels, s.at);
  };
  for (const Shape& s : kShapes) {
    t.where = text(s);
    Buffer<float> x(t, s.x(), 1), dy(t, s.y(), 3);
    fill_normal(x, random), fill_normal(dy, random);
    compare_windows(t, s.filter(), x, dy, s.batch * s.out_height * s.out_width,
                    [&](const KernelTable& table, Run& run, float* out) { gradient(table, run, out, dy.data(), x.data(), s); });
  }
  check_refusals(t, [&](Run& run, const Shape& s) {
    Buffer<float> out(t, 64);
    gradient(t.kernel, run, out.data(), nullptr, nullptr, s);
  });
}

TEST(conv2d_image_gradient) {
  Random random(53);
  const auto gradient = [](const KernelTable& table, Run& run, float* dx, float* dy, float* filter, const Shape& s) {
    table.conv2d_image_gradient(run, dx, dy, filter, s.batch, s.height, s.width, s.channels, s.filter_height, s.filter_width, s.out_height, s.out_width, s.out_channels, s.at);
  };
  for (const Shape& s : kShapes) {
    t.where = text(s);
    Buffer<float> dy(t, s.y(), 1), filter(t, s.filter(), 3);
    fill_normal(dy, random), fill_normal(filter, random);
    compare_windows(t, s.x(), dy, filter, s.filter_height * s.filter_width * s.out_channels,
                    [&](const KernelTable& table, Run& run, float* out) { gradient(table, run, out, dy.data(), filter.data(), s); });
  }
  check_refusals(t, [&](Run& run, const Shape& s) { gradient(t.kernel, run, nullptr, nullptr, nullptr, s); });
}

TEST(depthwise_conv2d_forward) {
  Random random(54);
  for (const Shape& s : kShapes) {
    for (const size_t multiplier : {size_t{1}, std::min(s.out_channels, size_t{18})}) {
      t.where = text(s) + " by " + std::to_string(multiplier);
      const size_t outputs = s.channels * multiplier;
      Buffer<float> x(t, s.x(), 1), filter(t, s.filter_height * s.filter_width * outputs, 3), bias(t, outputs, 1);
      fill_normal(x, random), fill_normal(filter, random), fill_normal(bias, random);
      const Conv2dForwardAttributes elu = with_activation(s.at, Unary::elu, 1);
      for (float* b : {bias.data(), static_cast<float*>(nullptr)}) {
        compare_windows(t, s.batch * s.out_height * s.out_width * outputs, x, filter, s.filter_height * s.filter_width, [&](const KernelTable& table, Run& run, float* y) {
          table.depthwise_conv2d_forward(run, y, x.data(), filter.data(), b, s.batch, s.height, s.width, s.channels, s.filter_height, s.filter_width, s.out_height, s.out_width,
                                         multiplier,
                                         {elu.stride_height, elu.stride_width, elu.padding_top, elu.padding_left, elu.dilation_height, elu.dilation_width, Unary::elu, 1, 0});
        });
      }
    }
  }
}

TEST(depthwise_conv2d_filter_gradient) {
  Random random(55);
  for (const Shape& s : kShapes) {
    for (const size_t multiplier : {size_t{1}, std::min(s.out_channels, size_t{18})}) {
      t.where = text(s) + " by " + std::to_string(multiplier);
      const size_t outputs = s.channels * multiplier, windows = s.batch * s.out_height * s.out_width;
      Buffer<float> x(t, s.x(), 1), dy(t, windows * outputs, 3);
      fill_normal(x, random), fill_normal(dy, random);
      compare_windows(t, s.filter_height * s.filter_width * outputs, x, dy, windows, [&](const KernelTable& table, Run& run, float* out) {
        table.depthwise_conv2d_filter_gradient(run, out, dy.data(), x.data(), s.batch, s.height, s.width, s.channels, s.filter_height, s.filter_width, s.out_height, s.out_width,
                                               multiplier, s.at);
      });
    }
  }
}

TEST(depthwise_conv2d_image_gradient) {
  Random random(56);
  for (const Shape& s : kShapes) {
    for (const size_t multiplier : {size_t{1}, std::min(s.out_channels, size_t{18})}) {
      t.where = text(s) + " by " + std::to_string(multiplier);
      const size_t outputs = s.channels * multiplier;
      Buffer<float> dy(t, s.batch * s.out_height * s.out_width * outputs, 1), filter(t, s.filter_height * s.filter_width * outputs, 3);
      fill_normal(dy, random), fill_normal(filter, random);
      compare_windows(t, s.x(), dy, filter, s.filter_height * s.filter_width * multiplier, [&](const KernelTable& table, Run& run, float* out) {
        table.depthwise_conv2d_image_gradient(run, out, dy.data(), filter.data(), s.batch, s.height, s.width, s.channels, s.filter_height, s.filter_width, s.out_height,
                                              s.out_width, multiplier, s.at);
      });
    }
  }
}

}  // namespace simdnn::test
