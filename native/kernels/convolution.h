// Where the windows of convolutions and poolings lie in their images.
#pragma once
#include "kernels/convolution_tile.h"
#include "kernels/simd.h"

namespace simdnn::SIMDNN_ISA {
namespace {

HWY_INLINE size_t least(size_t x, size_t y) { return x < y ? x : y; }

// One direction of an image. Output o and place k of the filter meet at the pixel at(o, k) / up, if that is an integer in [0, size). `up` is 1 in a convolution; in the
// gradient by an image, where the outputs are the pixels of the image, it is the stride.
struct Axis {
  int64_t size, out, filter;
  int64_t stride, padding, dilation, up;

  int64_t at(int64_t o, int64_t k) const { return o * stride - padding + k * dilation; }
  // The place at(o, k) / up, if it is an integer. It may lie outside of the image.
  bool lands(int64_t o, int64_t k, int64_t& pixel) const {
    pixel = at(o, k);
    if (up == 1) return true;  // a division would take as long as a segment of a small filter
    if (pixel % up != 0) return false;
    pixel /= up;
    return true;
  }
  // Whether they meet, and in which pixel.
  bool meets(int64_t o, int64_t k, int64_t& pixel) const { return lands(o, k, pixel) && pixel >= 0 && pixel < size; }
  // The first and the last pixel, or place outside of the image, that outputs [o0, o1) may read.
  int64_t first(int64_t o0) const { return floor(at(o0, 0)); }
  int64_t last(int64_t o1) const { return floor(at(o1 - 1, filter - 1)); }

 private:
  int64_t floor(int64_t numerator) const { return numerator >= 0 ? numerator / up : -((-numerator + up - 1) / up); }
};

// Sizes below this cannot overflow in Axis.
constexpr uint64_t kMostPlaces = uint64_t{1} << 30;

// The two directions of the images of a call. `attributes` are strides, paddings and dilations.
struct Axes {
  Axis rows, columns;
};
template <class Attributes>
HWY_INLINE Axes axes_of(size_t height, size_t width, size_t filter_height, size_t filter_width, size_t out_height, size_t out_width, const Attributes& a) {
  const auto axis = [](uint64_t size, uint64_t out, uint64_t filter, uint64_t stride, uint64_t padding, uint64_t dilation) __attribute__((always_inline)) {
    return Axis{static_cast<int64_t>(size), static_cast<int64_t>(out), static_cast<int64_t>(filter), static_cast<int64_t>(stride), static_cast<int64_t>(padding), static_cast<int64_t>(dilation), 1};
  };
  return {axis(height, out_height, filter_height, a.stride_height, a.padding_top, a.dilation_height),
          axis(width, out_width, filter_width, a.stride_width, a.padding_left, a.dilation_width)};
}

// The direction of the gradient by the image, a convolution of the outputs by the reversed filter.
HWY_INLINE Axis reversed(const Axis& f) { return {f.out, f.size, f.filter, 1, (f.filter - 1) * f.dilation - f.padding, f.dilation, f.stride}; }

// Refuses places that Axis cannot compute, and strides and dilations of 0.
HWY_INLINE bool refuses(Run& run, const Axes& axes) {
  const Axis* const both[] = {&axes.rows, &axes.columns};
  for (const Axis* axis : both) {
    const int64_t all[] = {axis->size, axis->out, axis->filter, axis->stride, axis->padding, axis->dilation};
    for (const int64_t n : all) {
      if (static_cast<uint64_t>(n) > kMostPlaces) {
        run.fault.refuse("sizes of images and filters, strides, dilations and paddings are at most 2^30");
        return true;
      }
    }
    if (axis->stride == 0 || axis->dilation == 0) {
      run.fault.refuse("strides and dilations are at least 1");
      return true;
    }
  }
  return false;
}

// The rows of an image with zeros beside them, so that windows lie inside of them.
struct Padding {
  int64_t left = 0, width = 0;  // columns of zeros before the image, and all columns
  bool whole = false;           // every window lies in these columns
  bool copied = false;          // they are a copy

  explicit Padding(const Axis& columns) {
    width = columns.size;
    if (columns.size == 0 || columns.filter == 0) return;
    const int64_t first = columns.first(0), last = columns.last(columns.out);
    const int64_t before = first < 0 ? -first : 0, behind = last < columns.size ? 0 : last - columns.size + 1;
    // Windows far away from the image would need more memory than the arrays of the call have.
    if (before + columns.size + behind > 4 * columns.size) return;
    whole = true;
    copied = before > 0 || behind > 0;
    left = before;
    width = before + columns.size + behind;
  }

  // Copies `rows` rows of an image with `size` columns.
  void copy(float* to, const float* from, size_t rows, size_t size, size_t channels) const {
    const size_t before = static_cast<size_t>(left) * channels, own = size * channels, all = static_cast<size_t>(width) * channels;
    for (size_t r = 0; r < rows; ++r, to += all, from += own) {
      std::memset(to, 0, before * sizeof(float));
      std::memcpy(to + before, from, own * sizeof(float));
      std::memset(to + before + own, 0, (all - before - own) * sizeof(float));
    }
  }
};

// A sum over segments, which calls the microkernel as often as it must.
class Sum {
 public:
  SegmentsCall call;
  size_t rows, columns;

  Sum() { call.relu = false; }
  // Begins a sum into call.c. With `adds` it is added to what C holds.
  HWY_INLINE void begin(bool adds) {
    call.count = 0;
    call.bias = nullptr;
    call.partial = adds;
    steps_ = 0;
  }
  template <bool kMajorK>
  HWY_INLINE void add(const float* a, const float* b, size_t k) {
    while (k > 0) {
      if (steps_ == kSegmentSteps || call.count == kMostSegments) flush<kMajorK>();
      const size_t n = least(k, kSegmentSteps - steps_);
      call.segments[call.count++] = {a, b, n};
      steps_ += n;
      k -= n;
      a += n * (kMajorK ? call.a_stride : 1);
      b += n * call.b_stride;
    }
  }
  template <bool kMajorK>
  HWY_INLINE void end(const float* bias, bool relu) {
    call.bias = bias;
    call.relu = relu;
    multiply_segments(call, rows, columns, kMajorK);
    call.relu = false;
  }

 private:
  size_t steps_ = 0;

  template <bool kMajorK>
  HWY_INLINE void flush() {
    multiply_segments(call, rows, columns, kMajorK);
    begin(true);
  }
};

// In gradients by the filter, with `size` elements, the images of a batch are summed in so many parts, which only the sizes decide, so that the bits are the same for any
// number of threads. All parts have at most kMostSums elements: 16 MiB.
constexpr size_t kMostParts = 16, kMostSums = size_t{1} << 22;
HWY_INLINE size_t parts_of(size_t batch, size_t size) {
  const size_t parts = least(kMostSums / size, least(batch, kMostParts));
  return parts < 1 ? 1 : parts;
}

// to[i] = the sum of the parts, in order.
inline void add_parts(Run& run, float* to, const float* from, size_t parts, size_t size) {
  parallel(run, size, kLanes, static_cast<double>(parts * size) / (2 * kLanes), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; i += kLanes) {
      VF total = load(kF, from + i, end - i);
      for (size_t part = 1; part < parts; ++part) total = hn::Add(total, load(kF, from + part * size + i, end - i));
      store(total, kF, to + i, end - i);
    }
  });
}

}  // namespace
}  // namespace simdnn::SIMDNN_ISA
