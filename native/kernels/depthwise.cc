// Convolutions of each channel by itself, and their gradients. The output channels lie along the lanes; for several filters a channel, those of one channel.
#include "kernels/activate.h"
#include "kernels/convolution.h"
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

struct Depthwise {
  size_t batch, channels, multiplier;
  Axis rows, columns;

  size_t outputs() const { return channels * multiplier; }
  size_t image() const { return static_cast<size_t>(rows.size * columns.size) * channels; }
  size_t result() const { return static_cast<size_t>(rows.out * columns.out) * outputs(); }
  size_t filter() const { return static_cast<size_t>(rows.filter * columns.filter) * outputs(); }
  double work() const { return static_cast<double>(batch * result()) * (static_cast<double>(rows.filter) * static_cast<double>(columns.filter) + 4) / kLanes; }
};

// Lanes: n output channels from u on, and the input channel of the first.
struct Lanes {
  size_t u, n, c;
};

// Calls body(lanes) for all output channels: all filters of one channel or, with one filter a channel, those of neighbouring channels.
template <class Body>
HWY_INLINE void each_lanes(const Depthwise& g, Body body) {
  if (g.multiplier == 1) {
    for (size_t c = 0; c < g.channels; c += kLanes) body(Lanes{c, g.channels - c, c});
    return;
  }
  for (size_t c = 0; c < g.channels; ++c) {
    for (size_t q = 0; q < g.multiplier; q += kLanes) body(Lanes{c * g.multiplier + q, g.multiplier - q, c});
  }
}

// The pixel at p for these lanes.
HWY_INLINE VF pixel_of(const Depthwise& g, const float* p, const Lanes& lanes) {
  return g.multiplier == 1 ? load(kF, p + lanes.c, lanes.n) : hn::Set(kF, p[lanes.c]);
}

// Calls body(pixel, place) for the pixels of an image at which output (i, j) and the places of the filter meet, in ascending order of the places.
template <class Body>
HWY_INLINE void each_place(const Axis& rows, const Axis& columns, int64_t i, int64_t j, Body body) {
  for (int64_t k = 0; k < rows.filter; ++k) {
    int64_t row, column;
    if (!rows.meets(i, k, row)) continue;
    for (int64_t l = 0; l < columns.filter; ++l) {
      if (columns.meets(j, l, column)) body(static_cast<size_t>(row * columns.size + column), static_cast<size_t>(k * columns.filter + l));
    }
  }
}

// Calls body(n, i) for the rows i of the outputs of each image n, which threads share.
template <class Body>
HWY_INLINE void each_row(Run& run, size_t batch, const Axis& rows, double work, Body body) {
  const size_t each = static_cast<size_t>(rows.out);
  parallel(run, batch * each, 1, work, [&](size_t begin, size_t end) {
    for (size_t at = begin; at < end; ++at) body(at / each, static_cast<int64_t>(at % each));
  });
}

template <class Attributes>
HWY_INLINE Depthwise depthwise_of(size_t batch, size_t height, size_t width, size_t channels, size_t filter_height, size_t filter_width, size_t out_height,
                                  size_t out_width, size_t multiplier, const Attributes& attributes) {
  const Axes axes = axes_of(height, width, filter_height, filter_width, out_height, out_width, attributes);
  return {batch, channels, multiplier, axes.rows, axes.columns};
}

// The sum of the products of a place of the filter over the outputs of images [begin, end), for some lanes: a chain of MulAdd for each row of outputs, which are added in order.
HWY_INLINE VF sum_of_place(const Depthwise& g, const float* dy, const float* x, size_t begin, size_t end, int64_t k, int64_t l, const Lanes& lanes) {
  VF total = hn::Zero(kF);
  for (size_t n = begin; n < end; ++n) {
    for (int64_t i = 0; i < g.rows.out; ++i) {
      int64_t row, column;
      if (!g.rows.meets(i, k, row)) continue;
      const float* const pixels = x + n * g.image() + static_cast<size_t>(row * g.columns.size) * g.channels;
      const float* const gradients = dy + n * g.result() + static_cast<size_t>(i * g.columns.out) * g.outputs() + lanes.u;
      VF sum = hn::Zero(kF);
      for (int64_t j = 0; j < g.columns.out; ++j) {
        if (!g.columns.meets(j, l, column)) continue;
        const VF pixel = pixel_of(g, pixels + static_cast<size_t>(column) * g.channels, lanes);
        sum = hn::MulAdd(pixel, load(kF, gradients + static_cast<size_t>(j) * g.outputs(), lanes.n), sum);
      }
      total = hn::Add(total, sum);
    }
  }
  return total;
}

}  // namespace

// y[n, i, j, c, q] = act(bias[c, q] + sum over k and l of x[n, i s - p + k d, j s - p + l d, c] filter[k, l, c, q]) in [batch, out_height, out_width, channels, multiplier],
// over the places that lie in the image; bias may be null. y overlaps nothing. Each element is one chain of MulAdd from zero in ascending order of k and l; then the bias is
// added. Error: at most filter_height * filter_width + 1 roundings.
void depthwise_conv2d_forward(Run& run, float* y, const float* x, const float* filter, const float* bias, size_t batch, size_t height, size_t width, size_t channels,
                              size_t filter_height, size_t filter_width, size_t out_height, size_t out_width, size_t multiplier,
                              const DepthwiseConv2dForwardAttributes& attributes) {
  const Depthwise g = depthwise_of(batch, height, width, channels, filter_height, filter_width, out_height, out_width, multiplier, attributes);
  if (refuses(run, {g.rows, g.columns}) || batch == 0 || g.result() == 0) return;
  each_row(run, batch, g.rows, g.work(), [&](size_t n, int64_t i) __attribute__((always_inline)) {
    const float* const of_image = x + n * g.image();
    const size_t of_row = out_width * g.outputs();
    float* const row = y + n * g.result() + static_cast<size_t>(i) * of_row;
    for (int64_t j = 0; j < g.columns.out; ++j) {
      each_lanes(g, [&](const Lanes& lanes) __attribute__((always_inline)) {
        VF sum = hn::Zero(kF);
        each_place(g.rows, g.columns, i, j, [&](size_t pixel, size_t place) __attribute__((always_inline)) {
          sum = hn::MulAdd(pixel_of(g, of_image + pixel * channels, lanes), load(kF, filter + place * g.outputs() + lanes.u, lanes.n), sum);
        });
        if (bias != nullptr) sum = hn::Add(sum, load(kF, bias + lanes.u, lanes.n));
        store(sum, kF, row + static_cast<size_t>(j) * g.outputs() + lanes.u, lanes.n);
      });
    }
    activate(attributes.activation, {attributes.a, attributes.b}, row, of_row);
  });
}

// The gradient of depthwise_conv2d_forward by its filter. dfilter overlaps nothing. The order of the sum: the batch is divided into at most kMostParts parts by its size
// and the filter's, which are added in order; in each part the rows of outputs, each of which is a chain of MulAdd from zero, are added in order. Error: at most
// out_width + batch * out_height + kMostParts roundings.
void depthwise_conv2d_filter_gradient(Run& run, float* dfilter, const float* dy, const float* x, size_t batch, size_t height, size_t width, size_t channels,
                                      size_t filter_height, size_t filter_width, size_t out_height, size_t out_width, size_t multiplier,
                                      const ConvolutionAttributes& attributes) {
  const Depthwise g = depthwise_of(batch, height, width, channels, filter_height, filter_width, out_height, out_width, multiplier, attributes);
  if (refuses(run, {g.rows, g.columns}) || filter_height == 0 || filter_width == 0 || g.outputs() == 0) return;
  const size_t size = g.filter(), parts = parts_of(batch, size);
  if (batch == 0 || g.result() == 0 || g.image() == 0) {
    std::memset(dfilter, 0, size * sizeof(float));
    return;
  }
  float* const sums = parts > 1 ? scratch(Scratch::kBlocks, parts * size) : dfilter;
  const size_t places = filter_height * filter_width;
  parallel(run, parts * places, 1, g.work(), [&](size_t begin, size_t end) {
    for (size_t task = begin; task < end; ++task) {
      const size_t part = task / places, place = task % places;
      each_lanes(g, [&](const Lanes& lanes) __attribute__((always_inline)) {
        const VF sum = sum_of_place(g, dy, x, batch * part / parts, batch * (part + 1) / parts, static_cast<int64_t>(place / filter_width),
                                    static_cast<int64_t>(place % filter_width), lanes);
        store(sum, kF, sums + part * size + place * g.outputs() + lanes.u, lanes.n);
      });
    }
  });
  if (parts > 1) add_parts(run, dfilter, sums, parts, size);
}

// The gradient of depthwise_conv2d_forward by x: dx[n, h, w, c] is the sum of dy[n, i, j, c, q] filter[k, l, c, q] over q and all places where output (i, j) reads pixel
// (h, w) at (k, l). dx overlaps nothing. The order of the sum is descending k and l, and ascending q. With one filter a channel it is a chain of MulAdd, with a
// rounding for each place; with several it is a sum in double, with one rounding.
void depthwise_conv2d_image_gradient(Run& run, float* dx, const float* dy, const float* filter, size_t batch, size_t height, size_t width, size_t channels,
                                     size_t filter_height, size_t filter_width, size_t out_height, size_t out_width, size_t multiplier,
                                     const ConvolutionAttributes& attributes) {
  const Depthwise g = depthwise_of(batch, height, width, channels, filter_height, filter_width, out_height, out_width, multiplier, attributes);
  if (refuses(run, {g.rows, g.columns}) || batch == 0 || g.image() == 0) return;
  const size_t last = g.filter() == 0 || g.result() == 0 ? 0 : filter_height * filter_width;  // places of the filter, in descending order
  Axis rows = reversed(g.rows), columns = reversed(g.columns);
  if (last == 0) rows.filter = 0;
  each_row(run, batch, rows, g.work(), [&](size_t n, int64_t h) __attribute__((always_inline)) {
    const float* const gradients = dy + n * g.result();
    float* const row = dx + n * g.image() + static_cast<size_t>(h) * width * channels;
    for (int64_t w = 0; w < columns.out; ++w) {
      float* const to = row + static_cast<size_t>(w) * channels;
      if (multiplier == 1) {
        for (size_t c = 0; c < channels; c += kLanes) {
          VF sum = hn::Zero(kF);
          each_place(rows, columns, h, w, [&](size_t output, size_t place) __attribute__((always_inline)) {
            sum = hn::MulAdd(load(kF, gradients + output * channels + c, channels - c), load(kF, filter + (last - 1 - place) * channels + c, channels - c), sum);
          });
          store(sum, kF, to + c, channels - c);
        }
        continue;
      }
      for (size_t c = 0; c < channels; ++c) {
        double sum = 0;
        each_place(rows, columns, h, w, [&](size_t output, size_t place) __attribute__((always_inline)) {
          const float* const from = gradients + output * g.outputs() + c * multiplier;
          const float* const factors = filter + (last - 1 - place) * g.outputs() + c * multiplier;
          for (size_t q = 0; q < multiplier; ++q) sum += static_cast<double>(from[q]) * static_cast<double>(factors[q]);
        });
        to[c] = static_cast<float>(sum);
      }
    }
  });
}

}  // namespace simdnn::SIMDNN_ISA
