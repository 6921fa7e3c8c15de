// Maxima and means over windows of images, and their gradients. The channels lie along the lanes.
#include "kernels/convolution.h"
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

struct Pooling {
  size_t batch, channels;
  Axis rows, columns;

  size_t image() const { return static_cast<size_t>(rows.size * columns.size) * channels; }
  size_t result() const { return static_cast<size_t>(rows.out * columns.out) * channels; }
};

template <class Attributes>
HWY_INLINE Pooling pooling_of(size_t batch, size_t height, size_t width, size_t channels, size_t filter_height, size_t filter_width, size_t out_height,
                              size_t out_width, const Attributes& a) {
  const ConvolutionAttributes places{a.stride_height, a.stride_width, a.padding_top, a.padding_left, 1, 1};
  const Axes axes = axes_of(height, width, filter_height, filter_width, out_height, out_width, places);
  return {batch, channels, axes.rows, axes.columns};
}

// The pixels [begin, end) of the image in the window of output o.
struct Span {
  int64_t begin, end;
};
HWY_INLINE Span span_of(const Axis& axis, int64_t o) {
  const int64_t first = axis.at(o, 0), behind = first + axis.filter;
  return {first < 0 ? 0 : first, behind < axis.size ? behind : axis.size};
}

// A window: its first pixel in the image, and its rows and columns there.
struct Window {
  size_t first, rows, columns;
};

// Calls body(window, output) for each window of image n, where `first` and `output` count floats from the beginning of all images and of all outputs.
template <class Body>
HWY_INLINE void each_window(const Pooling& g, size_t n, Body body) {
  if (g.result() == 0) return;
  size_t output = n * g.result();
  for (int64_t i = 0; i < g.rows.out; ++i) {
    const Span rows = span_of(g.rows, i);
    for (int64_t j = 0; j < g.columns.out; ++j, output += g.channels) {
      const Span columns = span_of(g.columns, j);
      Window window{0, 0, 0};
      if (rows.begin < rows.end && columns.begin < columns.end) {
        window.first = n * g.image() + static_cast<size_t>(rows.begin * g.columns.size + columns.begin) * g.channels;
        window.rows = static_cast<size_t>(rows.end - rows.begin);
        window.columns = static_cast<size_t>(columns.end - columns.begin);
      }
      body(window, output);
    }
  }
}

// Calls body(window, output, c, n) for the windows of image n and all lanes: the first channel, and the number of channels from there on. All windows of some channels follow
// one another, so that what follows from n is computed once.
template <class Body>
HWY_INLINE void each_lanes(const Pooling& g, size_t image, Body body) {
  for (size_t c = 0; c < g.channels; c += kLanes) {
    const size_t n = g.channels - c;
    each_window(g, image, [&](const Window& window, size_t output) __attribute__((always_inline)) { body(window, output, c, n); });
  }
}

// Calls body(p) with the pixels of a window, p counting floats from the beginning of all images.
template <class Body>
HWY_INLINE void each_pixel(const Pooling& g, const Window& window, Body body) {
  const size_t row = static_cast<size_t>(g.columns.size) * g.channels;
  size_t at = window.first;
  for (size_t k = 0; k < window.rows; ++k, at += row) {
    for (size_t l = 0; l < window.columns; ++l) body(at + l * g.channels);
  }
}

// Calls body(n) for each image.
template <class Body>
HWY_INLINE void each_image(Run& run, const Pooling& g, Body body) {
  const double places = static_cast<double>(g.rows.filter) * static_cast<double>(g.columns.filter);
  const double work = static_cast<double>(g.batch) * (static_cast<double>(g.image()) + static_cast<double>(g.result()) * places) / kLanes;
  parallel(run, g.batch, 1, work, [&](size_t begin, size_t end) {
    for (size_t n = begin; n < end; ++n) body(n);
  });
}

// Whether no pixel is in two windows.
HWY_INLINE bool are_disjoint(const Pooling& g) { return g.rows.stride >= g.rows.filter && g.columns.stride >= g.columns.filter; }

HWY_INLINE VF count_of(const Window& window, size_t all, bool counts_all) {
  return hn::Set(kF, static_cast<float>(counts_all ? all : window.rows * window.columns));
}

}  // namespace

// y[n, i, j, c] = the largest x[n, i s - p + k, j s - p + l, c] in [batch, out_height, out_width, channels], over the pixels of the window that lie in the image and are
// not NaN; -inf if there is none. Of a -0 and a 0 it is the first. y overlaps nothing. Exact.
void max_pool2d_forward(Run& run, float* y, const float* x, size_t batch, size_t height, size_t width, size_t channels, size_t filter_height, size_t filter_width,
                        size_t out_height, size_t out_width, const MaxPoolAttributes& attributes) {
  const Pooling g = pooling_of(batch, height, width, channels, filter_height, filter_width, out_height, out_width, attributes);
  if (refuses(run, {g.rows, g.columns}) || g.batch == 0 || g.result() == 0) return;
  each_image(run, g, [&](size_t image) __attribute__((always_inline)) {
    each_lanes(g, image, [&](const Window& window, size_t output, size_t c, size_t n) __attribute__((always_inline)) {
      VF best = hn::Inf(kF);
      best = hn::Neg(best);
      each_pixel(g, window, [&](size_t p) __attribute__((always_inline)) {
        const VF pixel = load(kF, x + p + c, n);
        best = hn::IfThenElse(hn::Gt(pixel, best), pixel, best);
      });
      store(best, kF, y + output + c, n);
    });
  });
}

// dx [batch, height, width, channels] = the sum of the elements of dy whose windows have their largest pixel there: the first of the largest, or the first pixel in the
// image if none is above -inf. dx overlaps nothing. The windows are added in ascending order; error: a rounding for each.
void max_pool2d_backward(Run& run, float* dx, const float* dy, const float* x, size_t batch, size_t height, size_t width, size_t channels, size_t filter_height,
                         size_t filter_width, size_t out_height, size_t out_width, const MaxPoolAttributes& attributes) {
  const Pooling g = pooling_of(batch, height, width, channels, filter_height, filter_width, out_height, out_width, attributes);
  if (refuses(run, {g.rows, g.columns}) || g.batch == 0 || g.image() == 0) return;
  const bool disjoint = are_disjoint(g);
  each_image(run, g, [&](size_t image) __attribute__((always_inline)) {
    std::memset(dx + image * g.image(), 0, g.image() * sizeof(float));
    each_lanes(g, image, [&](const Window& window, size_t output, size_t c, size_t n) __attribute__((always_inline)) {
      const VF gradient = load(kF, dy + output + c, n);
      VF best = hn::Inf(kF);
      best = hn::Neg(best);
      VI where = hn::Zero(kI), at = where;
      const VI one = hn::Set(kI, 1);
      each_pixel(g, window, [&](size_t p) __attribute__((always_inline)) {
        const VF pixel = load(kF, x + p + c, n);
        const auto larger = hn::Gt(pixel, best);
        best = hn::IfThenElse(larger, pixel, best);
        where = hn::IfThenElse(hn::RebindMask(kI, larger), at, where);
        at = hn::Add(at, one);
      });
      at = hn::Zero(kI);
      each_pixel(g, window, [&](size_t p) __attribute__((always_inline)) {
        VF share = hn::IfThenElseZero(hn::RebindMask(kF, hn::Eq(at, where)), gradient);
        if (!disjoint) share = hn::Add(load(kF, dx + p + c, n), share);
        store(share, kF, dx + p + c, n);
        at = hn::Add(at, one);
      });
    });
  });
}

// y[n, i, j, c] = the sum of x[n, i s - p + k, j s - p + l, c] over the pixels of the window that lie in the image, in ascending order of k and l, divided by their number
// or, with count_include_pad, by the size of the window. y overlaps nothing. Error: a rounding for each addition and one for the quotient.
void avg_pool2d_forward(Run& run, float* y, const float* x, size_t batch, size_t height, size_t width, size_t channels, size_t filter_height, size_t filter_width,
                        size_t out_height, size_t out_width, const AvgPoolAttributes& attributes) {
  const Pooling g = pooling_of(batch, height, width, channels, filter_height, filter_width, out_height, out_width, attributes);
  if (refuses(run, {g.rows, g.columns}) || g.batch == 0 || g.result() == 0) return;
  each_image(run, g, [&](size_t image) __attribute__((always_inline)) {
    each_lanes(g, image, [&](const Window& window, size_t output, size_t c, size_t n) __attribute__((always_inline)) {
      const VF count = count_of(window, filter_height * filter_width, attributes.count_include_pad);
      VF sum = hn::Zero(kF);
      each_pixel(g, window, [&](size_t p) __attribute__((always_inline)) { sum = hn::Add(sum, load(kF, x + p + c, n)); });
      store(hn::Div(sum, count), kF, y + output + c, n);
    });
  });
}

// dx [batch, height, width, channels] = the sum of dy / count over the windows in which a pixel lies, in ascending order, with the count of avg_pool2d_forward. dx overlaps
// nothing. Error: a rounding for each window and one for each quotient.
void avg_pool2d_backward(Run& run, float* dx, const float* dy, size_t batch, size_t height, size_t width, size_t channels, size_t filter_height, size_t filter_width,
                         size_t out_height, size_t out_width, const AvgPoolAttributes& attributes) {
  const Pooling g = pooling_of(batch, height, width, channels, filter_height, filter_width, out_height, out_width, attributes);
  if (refuses(run, {g.rows, g.columns}) || g.batch == 0 || g.image() == 0) return;
  each_image(run, g, [&](size_t image) __attribute__((always_inline)) {
    std::memset(dx + image * g.image(), 0, g.image() * sizeof(float));
    each_lanes(g, image, [&](const Window& window, size_t output, size_t c, size_t n) __attribute__((always_inline)) {
      const VF count = count_of(window, filter_height * filter_width, attributes.count_include_pad);
      const VF share = hn::Div(load(kF, dy + output + c, n), count);
      each_pixel(g, window, [&](size_t p) __attribute__((always_inline)) { store(hn::Add(load(kF, dx + p + c, n), share), kF, dx + p + c, n); });
    });
  });
}

}  // namespace simdnn::SIMDNN_ISA
