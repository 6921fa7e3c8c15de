#include <vector>

#include "kernels/table.h"

namespace simdnn::reference {
namespace {

// A depthwise convolution is a convolution with the same filter, spread over all pairs of channels with zeros between different ones.
std::vector<float> spread(const float* filter, size_t places, size_t channels, size_t multiplier) {
  const size_t outputs = channels * multiplier;
  std::vector<float> all(places * channels * outputs);
  for (size_t p = 0; p < places; ++p) {
    for (size_t u = 0; u < outputs; ++u) all[(p * channels + u / multiplier) * outputs + u] = filter[p * outputs + u];
  }
  return all;
}

}  // namespace

void depthwise_conv2d_forward(Run& run, float* y, const float* x, const float* filter, const float* bias, size_t batch, size_t height, size_t width, size_t channels,
                              size_t filter_height, size_t filter_width, size_t out_height, size_t out_width, size_t multiplier,
                              const DepthwiseConv2dForwardAttributes& a) {
  const std::vector<float> all = spread(filter, filter_height * filter_width, channels, multiplier);
  conv2d_forward(run, y, x, all.data(), bias, batch, height, width, channels, filter_height, filter_width, out_height, out_width, channels * multiplier,
                 {a.stride_height, a.stride_width, a.padding_top, a.padding_left, a.dilation_height, a.dilation_width, a.activation, a.a, a.b});
}

void depthwise_conv2d_filter_gradient(Run& run, float* dfilter, const float* dy, const float* x, size_t batch, size_t height, size_t width, size_t channels,
                                      size_t filter_height, size_t filter_width, size_t out_height, size_t out_width, size_t multiplier,
                                      const ConvolutionAttributes& attributes) {
  const size_t outputs = channels * multiplier, places = filter_height * filter_width;
  std::vector<float> all(places * channels * outputs);
  conv2d_filter_gradient(run, all.data(), dy, x, batch, height, width, channels, filter_height, filter_width, out_height, out_width, outputs, attributes);
  for (size_t p = 0; p < places; ++p) {
    for (size_t u = 0; u < outputs; ++u) dfilter[p * outputs + u] = all[(p * channels + u / multiplier) * outputs + u];
  }
}

void depthwise_conv2d_image_gradient(Run& run, float* dx, const float* dy, const float* filter, size_t batch, size_t height, size_t width, size_t channels,
                                     size_t filter_height, size_t filter_width, size_t out_height, size_t out_width, size_t multiplier,
                                     const ConvolutionAttributes& attributes) {
  const std::vector<float> all = spread(filter, filter_height * filter_width, channels, multiplier);
  conv2d_image_gradient(run, dx, dy, all.data(), batch, height, width, channels, filter_height, filter_width, out_height, out_width, channels * multiplier, attributes);
}

}  // namespace simdnn::reference
