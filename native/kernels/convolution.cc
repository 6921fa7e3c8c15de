// Convolutions, and their gradients by the images, which are convolutions of dy with the reversed filter. The microkernel reads the windows in place.
#include "kernels/convolution.h"

#include <atomic>

#include "kernels/activate.h"
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

struct Convolution {
  float* y;
  const float* x;
  const float* panels;  // the filter, packed
  const float* bias;    // or null
  size_t batch, channels, outputs;
  Axis rows, columns;
  Unary activation;
  UnaryAttributes parameters;

  size_t filter_rows() const { return static_cast<size_t>(rows.filter * columns.filter) * channels; }
};

HWY_INLINE size_t panel_width(size_t outputs, size_t j) { return least(kTileColumns, (outputs - j + kLanes - 1) / kLanes * kLanes); }

// A packed filter [rows, outputs]: panels of kTileColumns outputs, or fewer whole vectors in the last, each with its rows one after the other. Output j, the first
// of a panel, begins at j * rows.
float* filter_memory(size_t rows, size_t outputs) { return scratch(Scratch::kPackB, rows * ((outputs + kLanes - 1) / kLanes * kLanes)); }

// Packs a filter; element (k, o) is filter[k * k_stride + o * o_stride].
void pack_filter(float* to, const float* filter, size_t rows, size_t k_stride, size_t outputs, size_t o_stride, size_t all_rows) {
  for (size_t j = 0; j < outputs; j += kTileColumns) {
    const size_t width = panel_width(outputs, j), n = least(width, outputs - j);
    float* panel = to + j * all_rows;
    for (size_t k = 0; k < rows; ++k, panel += width) {
      const float* const from = filter + k * k_stride + j * o_stride;
      for (size_t o = 0; o < n; ++o) panel[o] = from[o * o_stride];
      for (size_t o = n; o < width; ++o) panel[o] = 0;
    }
  }
}

// The rows of an image that a block of outputs reads, with zeros beside them if the convolution is padded.
struct Source {
  const float* rows;  // the row `first` of the image
  int64_t first, left;
  size_t stride;

  HWY_INLINE const float* at(int64_t row, int64_t column, size_t channels) const {
    return rows + static_cast<size_t>(row - first) * stride + static_cast<size_t>(column + left) * channels;
  }
};

// Outputs p + up * t of row o, for `pixels` values of t from t0 on, and output channels from j on.
struct Pixels {
  int64_t o, p, t0;
  size_t pixels, j;
};

// Each output is a sum over the places of the filter that lie in the image, in ascending order, and over their channels. Where padded.whole is false, there is one
// pixel, and each of its places is looked at.
HWY_INLINE void convolve_pixels(const Convolution& g, const Padding& padded, const Source& source, const Pixels& at, float* y, Sum& sum) {
  const size_t place = g.channels * sum.call.b_stride;
  const float* const panel = g.panels + at.j * g.filter_rows();
  const bool together = padded.whole && g.columns.up == 1 && (g.columns.dilation == 1 || g.columns.filter == 1);
  const int64_t column = at.p + g.columns.up * at.t0;
  sum.rows = at.pixels;
  sum.call.c = y + (static_cast<size_t>(at.o) * static_cast<size_t>(g.columns.out) + static_cast<size_t>(column)) * g.outputs + at.j;
  sum.begin(false);
  for (int64_t k = 0; k < g.rows.filter; ++k) {
    int64_t row;
    if (!g.rows.meets(at.o, k, row)) continue;
    const float* b = panel + static_cast<size_t>(k * g.columns.filter) * place;
    if (together) {
      sum.add<false>(source.at(row, g.columns.at(column, 0), g.channels), b, static_cast<size_t>(g.columns.filter) * g.channels);
      continue;
    }
    for (int64_t l = 0; l < g.columns.filter; ++l, b += place) {
      int64_t from;  // zeros beside the image may be at negative places
      if (!g.columns.lands(column, l, from) || (!padded.whole && (from < 0 || from >= g.columns.size))) continue;
      sum.add<false>(source.at(row, from, g.channels), b, g.channels);
    }
  }
  sum.end<false>(g.bias == nullptr ? nullptr : g.bias + at.j, g.activation == Unary::relu);
}

// Rows [o0, o1) of one image's outputs y.
void convolve_rows(const Convolution& g, const Padding& padded, const Source& source, float* y, int64_t o0, int64_t o1) {
  Sum sum;
  sum.call.a_stride = static_cast<size_t>(g.columns.stride) * g.channels;
  sum.call.c_stride = static_cast<size_t>(g.columns.up) * g.outputs;
  for (size_t j = 0; j < g.outputs; j += kTileColumns) {
    sum.columns = least(kTileColumns, g.outputs - j);
    sum.call.tail = sum.columns % kLanes;
    sum.call.b_stride = panel_width(g.outputs, j);
    for (int64_t o = o0; o < o1; ++o) {
      for (int64_t p = 0; p < g.columns.up && p < g.columns.out; ++p) {
        const size_t count = static_cast<size_t>((g.columns.out - p + g.columns.up - 1) / g.columns.up);
        const auto tile = [&](size_t t0, size_t pixels) __attribute__((always_inline)) {
          convolve_pixels(g, padded, source, {o, p, static_cast<int64_t>(t0), pixels, j}, y, sum);
        };
        if (padded.whole) {
          for_tiles(count, kTileRows, kTileRows, tile);
        } else {
          for (size_t t = 0; t < count; ++t) tile(t, 1);
        }
      }
    }
  }
}

// Outputs of a block of rows: the threads take blocks of images. Their rows of the image stay in the cache.
constexpr int64_t kBlockPixels = 512, kLeastBlockRows = 8;

void convolve(Run& run, const Convolution& g) {
  const Padding padded(g.columns);
  const int64_t wanted = kBlockPixels / g.columns.out + 1, block_rows = wanted < kLeastBlockRows ? kLeastBlockRows : wanted;
  const size_t blocks = static_cast<size_t>((g.rows.out + block_rows - 1) / block_rows), units = g.batch * blocks;
  const size_t image = static_cast<size_t>(g.rows.size * g.columns.size) * g.channels, row = static_cast<size_t>(padded.width) * g.channels;
  const size_t outputs = static_cast<size_t>(g.rows.out * g.columns.out) * g.outputs;
  const int64_t span = g.rows.last(block_rows) - g.rows.first(0) + 2;
  const size_t copied = padded.copied ? static_cast<size_t>(span < g.rows.size ? span : g.rows.size) * row : 0;
  float* const copies = copied == 0 ? nullptr : scratch(Scratch::kCopyA, least(units, static_cast<size_t>(run.threads)) * copied);
  std::atomic<size_t> next{0};
  const double work = static_cast<double>(g.batch) * static_cast<double>(outputs) * static_cast<double>(g.filter_rows() + 16) / (4 * kLanes);
  parallel(run, units, 1, work, [&](size_t begin, size_t end) {
    float* const copy = copied == 0 ? nullptr : copies + next.fetch_add(1, std::memory_order_relaxed) * copied;
    for (size_t unit = begin; unit < end; ++unit) {
      const size_t n = unit / blocks;
      const int64_t o0 = static_cast<int64_t>(unit % blocks) * block_rows, o1 = o0 + block_rows < g.rows.out ? o0 + block_rows : g.rows.out;
      Source source{g.x + n * image, 0, padded.left, row};
      if (copied != 0) {
        const int64_t first = g.rows.first(o0), last = g.rows.last(o1);
        source.first = first < 0 ? 0 : first;
        const int64_t stop = last < g.rows.size ? last + 1 : g.rows.size;
        if (source.first < stop) {
          padded.copy(copy, source.rows + static_cast<size_t>(source.first * g.columns.size) * g.channels, static_cast<size_t>(stop - source.first), static_cast<size_t>(g.columns.size), g.channels);
        }
        source.rows = copy;
      }
      float* const y = g.y + n * outputs;
      convolve_rows(g, padded, source, y, o0, o1);
      if (g.activation != Unary::relu) {
        const size_t of_row = static_cast<size_t>(g.columns.out) * g.outputs;
        activate(g.activation, g.parameters, y + static_cast<size_t>(o0) * of_row, static_cast<size_t>(o1 - o0) * of_row);
      }
    }
  });
}

// A convolution of nothing: each sum is empty.
void without_input(Convolution& g) {
  g.channels = 0;
  g.rows.size = g.rows.filter = g.columns.size = g.columns.filter = 0;
}

}  // namespace

// y[n, i, j, o] = act(bias[o] + sum over k, l, c of x[n, i s - p + k d, j s - p + l d, c] filter[k, l, c, o]) in [batch, out_height, out_width, out_channels], where x
// [batch, height, width, channels] is zero outside of the image; bias may be null. y overlaps nothing. Each element is a sum in ascending order of k, l and c, in chains
// of MulAdd of at most kSegmentSteps steps from zero, which are added in order; then the bias is added. Rows of the filter outside of the image are left out of it, and
// columns count as zeros. So an element's bits depend on its own image and the sizes of an image alone. Error: as of struct Product in gemm.h.
void conv2d_forward(Run& run, float* y, const float* x, const float* filter, const float* bias, size_t batch, size_t height, size_t width, size_t channels,
                    size_t filter_height, size_t filter_width, size_t out_height, size_t out_width, size_t out_channels, const Conv2dForwardAttributes& attributes) {
  const Axes axes = axes_of(height, width, filter_height, filter_width, out_height, out_width, attributes);
  if (refuses(run, axes) || batch == 0 || out_height == 0 || out_width == 0 || out_channels == 0) return;
  Convolution g{y, x, nullptr, bias, batch, channels, out_channels, axes.rows, axes.columns, attributes.activation, {attributes.a, attributes.b}};
  if (height == 0 || width == 0 || channels == 0 || filter_height == 0 || filter_width == 0) without_input(g);
  const size_t rows = g.filter_rows();
  float* const panels = filter_memory(rows, out_channels);
  pack_filter(panels, filter, rows, out_channels, out_channels, 1, rows);
  g.panels = panels;
  convolve(run, g);
}

// The gradient of conv2d_forward by x: dx[n, h, w, c] is the sum of dy[n, i, j, o] filter[k, l, c, o] over all places where output (i, j) reads pixel (h, w) at (k, l). It
// is the convolution of dy, with zeros between its pixels for strides, by the filter with both directions reversed: ascending i, j and o. Other rules are those of
// conv2d_forward.
void conv2d_image_gradient(Run& run, float* dx, const float* dy, const float* filter, size_t batch, size_t height, size_t width, size_t channels,
                           size_t filter_height, size_t filter_width, size_t out_height, size_t out_width, size_t out_channels,
                           const ConvolutionAttributes& attributes) {
  const Axes axes = axes_of(height, width, filter_height, filter_width, out_height, out_width, attributes);
  if (refuses(run, axes) || batch == 0 || height == 0 || width == 0 || channels == 0) return;
  Convolution g{dx, dy, nullptr, nullptr, batch, out_channels, channels, reversed(axes.rows), reversed(axes.columns), Unary::none, {}};
  if (out_height == 0 || out_width == 0 || out_channels == 0 || filter_height == 0 || filter_width == 0) without_input(g);
  const size_t rows = g.filter_rows(), places = rows == 0 ? 0 : filter_height * filter_width, place = channels * out_channels;
  float* const panels = filter_memory(rows, channels);
  for (size_t i = 0; i < places; ++i) {
    for (size_t j = 0; j < channels; j += kTileColumns) {
      // One panel of one place: its rows follow those of the places before in the panel.
      const size_t n = least(kTileColumns, channels - j), width_of = panel_width(channels, j);
      pack_filter(panels + j * rows + i * out_channels * width_of, filter + (places - 1 - i) * place + j * out_channels, out_channels, 1, n, out_channels, 0);
    }
  }
  g.panels = panels;
  convolve(run, g);
}

}  // namespace simdnn::SIMDNN_ISA
