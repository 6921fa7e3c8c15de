// Convolutions as a share of the machine's peak rate of multiply-adds, and pooling as a share of the memory's bandwidth.
#include "bench/bench.h"

namespace simdnn::bench {
namespace {

// The layers of a small network for MNIST, a padded one of an image classifier, and a small image with many channels.
struct Layer {
  size_t batch, size, channels, filter, outputs, padding;

  size_t out() const { return size + 2 * padding - filter + 1; }
  size_t x() const { return batch * size * size * channels; }
  size_t y() const { return batch * out() * out() * outputs; }
  size_t weights() const { return filter * filter * channels * outputs; }
  ConvolutionAttributes at() const { return {1, 1, padding, padding, 1, 1}; }
  std::string text() const {
    const auto image = [](size_t n, size_t c) { return std::to_string(n) + "x" + std::to_string(n) + "x" + std::to_string(c); };
    return std::to_string(batch) + " " + image(size, channels) + " -> " + image(out(), outputs);
  }
};
constexpr Layer kLayers[] = {{128, 28, 1, 3, 8, 0}, {128, 13, 8, 3, 16, 0}, {8, 28, 64, 3, 64, 1}, {16, 7, 256, 3, 256, 1}};

void print(const Bench& bench, const Layer& layer, double products, const Body& call) {
  const double seconds = best_seconds(call), rate = 2 * static_cast<double>(layer.y()) * products / seconds;
  std::printf("%-36s %12.3f us %8.1f GFLOP/s %4.0f%%\n", layer.text().c_str(), seconds * 1e6, rate / 1e9, 100 * rate / bench.peak);
}

}  // namespace

SECTION(convolution, "conv2d_forward", "conv2d_filter_gradient", "conv2d_image_gradient") {
  for (int kernel = 0; kernel < 3; ++kernel) {
    const char* const names[] = {"conv2d_forward", "conv2d_filter_gradient", "conv2d_image_gradient"};
    std::printf("%s\n", names[kernel]);
    for (const Layer& l : kLayers) {
      Floats y(l.y()), x(l.x()), filter(l.weights());
      Run run(bench.threads);
      print(bench, l, static_cast<double>(l.filter * l.filter * l.channels), [&] {
        if (kernel == 0) {
          bench.kernel.conv2d_forward(run, y.data(), x.data(), filter.data(), nullptr, l.batch, l.size, l.size, l.channels, l.filter, l.filter, l.out(), l.out(), l.outputs,
                                      {1, 1, l.padding, l.padding, 1, 1, Unary::none, 0, 0});
        } else if (kernel == 1) {
          bench.kernel.conv2d_filter_gradient(run, filter.data(), y.data(), x.data(), l.batch, l.size, l.size, l.channels, l.filter, l.filter, l.out(), l.out(), l.outputs, l.at());
        } else {
          bench.kernel.conv2d_image_gradient(run, x.data(), y.data(), filter.data(), l.batch, l.size, l.size, l.channels, l.filter, l.filter, l.out(), l.out(), l.outputs, l.at());
        }
      });
    }
  }
}

SECTION(depthwise, "depthwise_conv2d_forward", "depthwise_conv2d_filter_gradient", "depthwise_conv2d_image_gradient") {
  const Layer l{8, 28, 64, 3, 64, 1};
  Floats y(l.y()), x(l.x()), filter(l.filter * l.filter * l.channels);
  Run run(bench.threads);
  const double products = static_cast<double>(l.filter * l.filter);
  print(bench, l, products, [&] {
    bench.kernel.depthwise_conv2d_forward(run, y.data(), x.data(), filter.data(), nullptr, l.batch, l.size, l.size, l.channels, l.filter, l.filter, l.out(), l.out(), 1,
                                          {1, 1, l.padding, l.padding, 1, 1, Unary::none, 0, 0});
  });
  print(bench, l, products, [&] {
    bench.kernel.depthwise_conv2d_filter_gradient(run, filter.data(), y.data(), x.data(), l.batch, l.size, l.size, l.channels, l.filter, l.filter, l.out(), l.out(), 1, l.at());
  });
  print(bench, l, products, [&] {
    bench.kernel.depthwise_conv2d_image_gradient(run, x.data(), y.data(), filter.data(), l.batch, l.size, l.size, l.channels, l.filter, l.filter, l.out(), l.out(), 1, l.at());
  });
}

// Windows of 2 x 2 that do not overlap.
#define POOLING_BENCH(name, traffic, ...)                                                 \
  BENCH(pooling, name) {                                                                  \
    for (size_t channels : {size_t{8}, size_t{64}}) {                                     \
      const size_t batch = 32, size = 26, out = 13;                                       \
      Floats x(batch * size * size * channels), y(batch * out * out * channels);          \
      [[maybe_unused]] Floats other(batch * size * size * channels);                      \
      Run run(bench.threads);                                                             \
      row(bench, #name, "32 26x26x" + std::to_string(channels), traffic, [&] {            \
        bench.kernel.name(run, __VA_ARGS__, batch, size, size, channels, 2, 2, out, out, {2, 2, 0, 0}); \
      });                                                                                 \
    }                                                                                     \
  }
#define IMAGES batch* size* size* channels
POOLING_BENCH(max_pool2d_forward, (Traffic{IMAGES, 1, 0}), y.data(), x.data())
POOLING_BENCH(max_pool2d_backward, (Traffic{IMAGES, 1, 1}), other.data(), y.data(), x.data())
POOLING_BENCH(avg_pool2d_forward, (Traffic{IMAGES, 1, 0}), y.data(), x.data())
POOLING_BENCH(avg_pool2d_backward, (Traffic{IMAGES, 0, 1}), x.data(), y.data())

}  // namespace simdnn::bench
