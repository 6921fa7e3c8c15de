// Gradients of convolutions by the filter: products of images and dy over all pixels, for which the microkernel reads the images in place.
#include "kernels/convolution.h"

#include <atomic>

#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

// Images of few pixels are summed in blocks of about this many pixels, so that sums are read and written less often.
constexpr size_t kPixelsOfBlock = 256;

struct FilterGradient {
  const float* dy;
  const float* x;
  size_t channels, outputs;
  Axis rows, columns;

  size_t row() const { return static_cast<size_t>(columns.filter) * channels * outputs; }  // elements of a row of the filter
  size_t image() const { return static_cast<size_t>(rows.size * columns.size) * channels; }
  size_t result() const { return static_cast<size_t>(rows.out * columns.out) * outputs; }
};

// Images [begin, end) in memory: those of the call or a copy with zeros beside them.
struct Images {
  const float* x;
  size_t stride, row_stride;  // from image to image, from row to row
  size_t begin, end;
};

// The columns of outputs [from, to) that read pixels of the image at column l of the filter.
struct Range {
  int64_t from, to;
};
HWY_INLINE Range outputs_at(const Axis& axis, int64_t l) {
  const int64_t shift = axis.padding - l * axis.dilation;  // output o reads pixel o * stride - shift
  const int64_t from = shift <= 0 ? 0 : (shift + axis.stride - 1) / axis.stride;
  const int64_t last = axis.size - 1 + shift;
  const int64_t to = last < 0 ? 0 : last / axis.stride + 1;
  return {from, to < axis.out ? to : axis.out};
}

// Elements of a row of the filter, and where their products begin: `count` neighbouring elements, which output 0 reads from `column` on, and the outputs that take part.
struct Elements {
  size_t count;
  int64_t column;
  Range range;
};

// Adds the products of the images to elements `to` of row k of the filter.
void add_products(const FilterGradient& g, const Images& images, int64_t k, const Elements& of, float* to, Sum& sum) {
  if (of.range.to <= of.range.from) return;
  const size_t pixels = static_cast<size_t>(of.range.to - of.range.from);
  const size_t first = static_cast<size_t>(of.range.from * g.columns.stride + of.column) * g.channels;
  for_tiles(of.count, kTileRows, kTileRows, [&](size_t r, size_t height) __attribute__((always_inline)) {
    for (size_t j = 0; j < g.outputs; j += kTileColumns) {
      sum.rows = height;
      sum.columns = least(kTileColumns, g.outputs - j);
      sum.call.tail = sum.columns % kLanes;
      sum.call.c = to + r * g.outputs + j;
      sum.begin(true);
      for (size_t n = images.begin; n < images.end; ++n) {
        const float* const x = images.x + (n - images.begin) * images.stride + first + r;
        const float* const dy = g.dy + n * g.result() + static_cast<size_t>(of.range.from) * g.outputs + j;
        for (int64_t o = 0; o < g.rows.out; ++o) {
          int64_t row;
          if (!g.rows.meets(o, k, row)) continue;
          sum.add<true>(x + static_cast<size_t>(row) * images.row_stride, dy + static_cast<size_t>(o * g.columns.out) * g.outputs, pixels);
        }
      }
      sum.end<true>(nullptr, false);
    }
  });
}

// Rows [k0, k1) of the filter's gradient from images [begin, end), written to `sums`. `copy` has room for a block of images, where they are padded.
void sum_images(const FilterGradient& g, const Padding& padded, size_t block, size_t begin, size_t end, int64_t k0, int64_t k1, float* copy, float* sums) {
  std::memset(sums + static_cast<size_t>(k0) * g.row(), 0, static_cast<size_t>(k1 - k0) * g.row() * sizeof(float));
  const bool together = padded.whole && (g.columns.dilation == 1 || g.columns.filter == 1);
  Sum sum;
  sum.call.a_stride = static_cast<size_t>(g.columns.stride) * g.channels;
  sum.call.b_stride = sum.call.c_stride = g.outputs;
  const size_t row = static_cast<size_t>(padded.width) * g.channels, height = static_cast<size_t>(g.rows.size);
  for (size_t n = begin; n < end; n += block) {
    Images images{g.x + n * g.image(), height * row, row, n, least(n + block, end)};
    if (padded.copied) {
      padded.copy(copy, images.x, (images.end - n) * height, static_cast<size_t>(g.columns.size), g.channels);
      images.x = copy;
    }
    for (int64_t k = k0; k < k1; ++k) {
      float* const to = sums + static_cast<size_t>(k) * g.row();
      const Range all{0, g.columns.out};
      if (together) {
        add_products(g, images, k, {static_cast<size_t>(g.columns.filter) * g.channels, g.columns.at(0, 0) + padded.left, all}, to, sum);
        continue;
      }
      for (int64_t l = 0; l < g.columns.filter; ++l) {
        const Elements place{g.channels, g.columns.at(0, l) + padded.left, padded.whole ? all : outputs_at(g.columns, l)};
        add_products(g, images, k, place, to + static_cast<size_t>(l) * g.channels * g.outputs, sum);
      }
    }
  }
}

}  // namespace

// The gradient of conv2d_forward by its filter: dfilter[k, l, c, o] is the sum over n, i, j of dy[n, i, j, o] x[n, i s - p + k d, j s - p + l d, c]. dfilter overlaps
// nothing. The order of the sum: the batch is divided into at most kMostParts parts by its size and the filter's, which are added in order; in each part the images follow
// one another, and in them the pixels, in chains of MulAdd of at most kSegmentSteps steps, which are added in order. Error: at most kSegmentSteps + batch *
// out_height * out_width / kSegmentSteps + kMostParts roundings, relative to the sum of |dy * x|.
void conv2d_filter_gradient(Run& run, float* dfilter, const float* dy, const float* x, size_t batch, size_t height, size_t width, size_t channels,
                            size_t filter_height, size_t filter_width, size_t out_height, size_t out_width, size_t out_channels,
                            const ConvolutionAttributes& attributes) {
  const Axes axes = axes_of(height, width, filter_height, filter_width, out_height, out_width, attributes);
  if (refuses(run, axes) || filter_height == 0 || filter_width == 0 || channels == 0 || out_channels == 0) return;
  const FilterGradient g{dy, x, channels, out_channels, axes.rows, axes.columns};
  const size_t size = filter_height * g.row();
  if (batch == 0 || height == 0 || width == 0 || out_height == 0 || out_width == 0) {
    std::memset(dfilter, 0, size * sizeof(float));
    return;
  }
  const Padding padded(g.columns);
  const size_t parts = parts_of(batch, size);
  const size_t pixels = out_height * out_width, block = least(pixels < kPixelsOfBlock ? kPixelsOfBlock / pixels : 1, batch);
  const size_t copied = padded.copied ? block * height * static_cast<size_t>(padded.width) * channels : 0;
  const size_t tasks = parts > 1 ? parts : filter_height;
  float* const copies = copied == 0 ? nullptr : scratch(Scratch::kCopyA, least(tasks, static_cast<size_t>(run.threads)) * copied);
  float* const sums = parts > 1 ? scratch(Scratch::kBlocks, parts * size) : dfilter;
  std::atomic<size_t> next{0};
  const double work = static_cast<double>(batch * pixels) * static_cast<double>(size) / (4 * kLanes);
  parallel(run, tasks, 1, work, [&](size_t begin, size_t end) {
    float* const copy = copied == 0 ? nullptr : copies + next.fetch_add(1, std::memory_order_relaxed) * copied;
    if (parts == 1) return sum_images(g, padded, block, 0, batch, static_cast<int64_t>(begin), static_cast<int64_t>(end), copy, dfilter);
    for (size_t part = begin; part < end; ++part) {
      sum_images(g, padded, block, batch * part / parts, batch * (part + 1) / parts, 0, g.rows.filter, copy, sums + part * size);
    }
  });
  if (parts > 1) add_parts(run, dfilter, sums, parts, size);
}

}  // namespace simdnn::SIMDNN_ISA
