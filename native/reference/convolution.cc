#include <vector>

#include "kernels/table.h"
#include "reference/activate.h"

namespace simdnn::reference {
namespace {

// Calls body(element of y, element of x, element of the filter) for every product of a convolution: conv2d_forward's definition, written out.
struct Sizes {
  size_t batch, height, width, channels, filter_height, filter_width, out_height, out_width, out_channels;
};
template <class Attributes, class Body>
void each_product(const Sizes& s, const Attributes& a, Body body) {
  for (size_t n = 0; n < s.batch; ++n) {
    for (size_t i = 0; i < s.out_height; ++i) {
      for (size_t j = 0; j < s.out_width; ++j) {
        for (size_t k = 0; k < s.filter_height; ++k) {
          for (size_t l = 0; l < s.filter_width; ++l) {
            // Pixels above and to the left of the image wrap around, and are not below its size either.
            const size_t row = i * a.stride_height + k * a.dilation_height - a.padding_top;
            const size_t column = j * a.stride_width + l * a.dilation_width - a.padding_left;
            if (row >= s.height || column >= s.width) continue;
            for (size_t c = 0; c < s.channels; ++c) {
              for (size_t o = 0; o < s.out_channels; ++o) {
                body(((n * s.out_height + i) * s.out_width + j) * s.out_channels + o, ((n * s.height + row) * s.width + column) * s.channels + c,
                     ((k * s.filter_width + l) * s.channels + c) * s.out_channels + o);
              }
            }
          }
        }
      }
    }
  }
}

void put(float* to, const std::vector<double>& sums) {
  for (size_t i = 0; i < sums.size(); ++i) to[i] = static_cast<float>(sums[i]);
}

}  // namespace

void conv2d_forward(Run& run, float* y, const float* x, const float* filter, const float* bias, size_t batch, size_t height, size_t width, size_t channels,
                    size_t filter_height, size_t filter_width, size_t out_height, size_t out_width, size_t out_channels, const Conv2dForwardAttributes& attributes) {
  const Sizes sizes{batch, height, width, channels, filter_height, filter_width, out_height, out_width, out_channels};
  std::vector<double> sums(batch * out_height * out_width * out_channels);
  for (size_t i = 0; i < sums.size(); ++i) sums[i] = bias == nullptr ? 0 : bias[i % out_channels];
  each_product(sizes, attributes, [&](size_t of_y, size_t of_x, size_t of_filter) { sums[of_y] += static_cast<double>(x[of_x]) * filter[of_filter]; });
  put(y, sums);
  activate(run, y, sums.size(), attributes.activation, {attributes.a, attributes.b});
}

void conv2d_filter_gradient(Run&, float* dfilter, const float* dy, const float* x, size_t batch, size_t height, size_t width, size_t channels,
                            size_t filter_height, size_t filter_width, size_t out_height, size_t out_width, size_t out_channels,
                            const ConvolutionAttributes& attributes) {
  const Sizes sizes{batch, height, width, channels, filter_height, filter_width, out_height, out_width, out_channels};
  std::vector<double> sums(filter_height * filter_width * channels * out_channels);
  each_product(sizes, attributes, [&](size_t of_y, size_t of_x, size_t of_filter) { sums[of_filter] += static_cast<double>(x[of_x]) * dy[of_y]; });
  put(dfilter, sums);
}

void conv2d_image_gradient(Run&, float* dx, const float* dy, const float* filter, size_t batch, size_t height, size_t width, size_t channels,
                           size_t filter_height, size_t filter_width, size_t out_height, size_t out_width, size_t out_channels,
                           const ConvolutionAttributes& attributes) {
  const Sizes sizes{batch, height, width, channels, filter_height, filter_width, out_height, out_width, out_channels};
  std::vector<double> sums(batch * height * width * channels);
  each_product(sizes, attributes, [&](size_t of_y, size_t of_x, size_t of_filter) { sums[of_x] += static_cast<double>(dy[of_y]) * filter[of_filter]; });
  put(dx, sums);
}

}  // namespace simdnn::reference
