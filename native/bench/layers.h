// The sizes of the linear layers whose products are measured.
#pragma once
#include <algorithm>

#include "bench/bench.h"

namespace simdnn::bench {

struct Layer {
  const char* name;
  size_t rows, in, out;
};

inline constexpr Layer kLayers[] = {
    {"small", 32, 13, 30},
    {"small", 32, 30, 25},
    {"small", 32, 25, 20},
    {"small", 32, 20, 15},
    {"small", 32, 15, 10},
    {"small", 32, 10, 5},
    {"middle", 128, 784, 512},
    {"middle", 128, 512, 512},
    {"middle", 1024, 256, 256},
    {"large", 256, 1024, 4096},
    {"large", 256, 4096, 4096},
    {"large", 256, 4096, 1000},
    {"thin", 128, 512, 10},
    {"thin", 1024, 256, 7},
    {"thin", 1024, 54, 256},
    {"odd", 31, 61, 53},
    {"odd", 127, 251, 241},
    {"batch 1", 1, 784, 512},
    {"batch 1", 1, 4096, 4096},
    {"in 1", 256, 1, 512},
    {"out 1", 256, 512, 1},
};
inline constexpr const char* kOps[] = {"forward", "dX", "dW"};

// The operands of one layer, and the call of our kernel for product `op` of kOps.
struct LayerData {
  explicit LayerData(const Layer& l)
      : layer(l), x(l.rows * l.in), weight(l.out * l.in), dy(l.rows * l.out),
        result(std::max({l.rows * l.out, l.rows * l.in, l.out * l.in})) {}

  void call(const Bench& bench, Run& run, int op) {
    const Layer& l = layer;
    if (op == 0) {
      bench.kernel.linear_forward(run, result.data(), x.data(), weight.data(), nullptr, l.rows, l.in, l.out, {});
    } else {
      bench.kernel.linear_backward(run, op == 1 ? result.data() : nullptr, op == 2 ? result.data() : nullptr, nullptr,
                                   dy.data(), x.data(), weight.data(), l.rows, l.in, l.out, {});
    }
  }

  Layer layer;
  Floats x, weight, dy, result;
};

}  // namespace simdnn::bench
