#include <cmath>
#include <vector>

#include "kernels/table.h"

namespace simdnn::reference {
namespace {

struct Sizes {
  size_t batch, height, width, channels, filter_height, filter_width, out_height, out_width;
};

// Calls body(element of y, elements of x in its window, in ascending order) for every element of y.
template <class Attributes, class Body>
void each_window(const Sizes& s, const Attributes& a, Body body) {
  size_t output = 0;
  for (size_t n = 0; n < s.batch; ++n) {
    for (size_t i = 0; i < s.out_height; ++i) {
      for (size_t j = 0; j < s.out_width; ++j) {
        for (size_t c = 0; c < s.channels; ++c) {
          std::vector<size_t> window;
          for (size_t k = 0; k < s.filter_height; ++k) {
            for (size_t l = 0; l < s.filter_width; ++l) {
              // Pixels above and to the left of the image wrap around, and are not below its size either.
              const size_t row = i * a.stride_height + k - a.padding_top, column = j * a.stride_width + l - a.padding_left;
              if (row < s.height && column < s.width) window.push_back(((n * s.height + row) * s.width + column) * s.channels + c);
            }
          }
          body(output++, window);
        }
      }
    }
  }
}

void put(float* to, const std::vector<double>& sums) {
  for (size_t i = 0; i < sums.size(); ++i) to[i] = static_cast<float>(sums[i]);
}

}  // namespace

void max_pool2d_forward(Run&, float* y, const float* x, size_t batch, size_t height, size_t width, size_t channels, size_t filter_height, size_t filter_width,
                        size_t out_height, size_t out_width, const MaxPoolAttributes& attributes) {
  each_window(Sizes{batch, height, width, channels, filter_height, filter_width, out_height, out_width}, attributes, [&](size_t output, const std::vector<size_t>& window) {
    y[output] = -INFINITY;
    for (const size_t at : window) {
      if (x[at] > y[output]) y[output] = x[at];
    }
  });
}

void max_pool2d_backward(Run&, float* dx, const float* dy, const float* x, size_t batch, size_t height, size_t width, size_t channels, size_t filter_height,
                         size_t filter_width, size_t out_height, size_t out_width, const MaxPoolAttributes& attributes) {
  std::vector<double> sums(batch * height * width * channels);
  each_window(Sizes{batch, height, width, channels, filter_height, filter_width, out_height, out_width}, attributes, [&](size_t output, const std::vector<size_t>& window) {
    if (window.empty()) return;
    size_t largest = window[0];
    for (const size_t at : window) {
      if (x[at] > (x[largest] > -INFINITY ? x[largest] : -INFINITY)) largest = at;
    }
    sums[largest] += dy[output];
  });
  put(dx, sums);
}

void avg_pool2d_forward(Run&, float* y, const float* x, size_t batch, size_t height, size_t width, size_t channels, size_t filter_height, size_t filter_width,
                        size_t out_height, size_t out_width, const AvgPoolAttributes& attributes) {
  each_window(Sizes{batch, height, width, channels, filter_height, filter_width, out_height, out_width}, attributes, [&](size_t output, const std::vector<size_t>& window) {
    double sum = 0;
    for (const size_t at : window) sum += x[at];
    y[output] = static_cast<float>(sum / static_cast<double>(attributes.count_include_pad ? filter_height * filter_width : window.size()));
  });
}

void avg_pool2d_backward(Run&, float* dx, const float* dy, size_t batch, size_t height, size_t width, size_t channels, size_t filter_height, size_t filter_width,
                         size_t out_height, size_t out_width, const AvgPoolAttributes& attributes) {
  std::vector<double> sums(batch * height * width * channels);
  each_window(Sizes{batch, height, width, channels, filter_height, filter_width, out_height, out_width}, attributes, [&](size_t output, const std::vector<size_t>& window) {
    for (const size_t at : window) sums[at] += static_cast<double>(dy[output]) / static_cast<double>(attributes.count_include_pad ? filter_height * filter_width : window.size());
  });
  put(dx, sums);
}

}  // namespace simdnn::reference
