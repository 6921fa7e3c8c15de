#include <algorithm>

#include "kernels/activate.h"
#include "kernels/parameter_gradients.h"
#include "kernels/gemm.h"

namespace simdnn::SIMDNN_ISA {
namespace {

struct Activation {
  Unary function;
  UnaryAttributes parameters;
  const float* y;  // for the gradient: the function's values, laid out as C
};

void activate_epilogue(const Product& g, size_t i0, size_t i1, size_t j0, size_t j1) {
  const Activation& f = *static_cast<const Activation*>(g.epilogue_context);
  if (j1 - j0 == g.n) {
    activate(f.function, f.parameters, g.c + i0 * g.n, (i1 - i0) * g.n);
  } else {
    for (size_t i = i0; i < i1; ++i) activate(f.function, f.parameters, g.c + i * g.n + j0, j1 - j0);
  }
}

void differentiate_epilogue(const Product& g, size_t i0, size_t i1, size_t j0, size_t j1) {
  const Activation& f = *static_cast<const Activation*>(g.epilogue_context);
  if (j1 - j0 == g.n) {
    differentiate(f.function, f.parameters, g.c + i0 * g.n, f.y + i0 * g.n, (i1 - i0) * g.n);
  } else {
    for (size_t i = i0; i < i1; ++i) {
      differentiate(f.function, f.parameters, g.c + i * g.n + j0, f.y + i * g.n + j0, j1 - j0);
    }
  }
}

void forward(Run& run, Product& g, float* y, const float* x, const float* bias, size_t rows, size_t in, size_t out,
             const LinearAttributes& attributes) {
  g.c = y;
  g.c_stride = out;
  g.a = operand(x, rows, in, false);
  g.m = rows;
  g.n = out;
  g.k = in;
  g.precision = precision_of(run, in, out);
  g.bias = bias;
  g.relu = attributes.activation == Unary::relu;
  const Activation f{attributes.activation, {attributes.a, attributes.b}, nullptr};
  if (attributes.activation != Unary::none && !g.relu) {
    g.epilogue = activate_epilogue;
    g.epilogue_context = &f;
  }
  multiply(run, g);
}

}  // namespace

// y[rows, out] = act(x[rows, in] weight[out, in]^T + bias); bias may be null. y overlaps nothing.
// The order of the sums and their error are those of struct Product in gemm.h. The activation adds its own error; its bits are those of the separate kernel.
void linear_forward(Run& run, float* y, const float* x, const float* weight, const float* bias, size_t rows, size_t in,
                    size_t out, const LinearAttributes& attributes) {
  Product g{};
  g.b = operand(weight, out, in, false);
  forward(run, g, y, x, bias, rows, in, out, attributes);
}

// Packs weight[out, in] into panels, in the order in which linear_forward_packed reads them, which depends on the target. Nothing overlaps.
void linear_pack(Run&, float* panels, const float* weight, size_t in, size_t out) {
  const size_t all = packed(in, out);
  if (out == 1 || in == 0) {  // copied unpacked, because linear_forward_packed passes it to linear_forward then
    std::copy_n(weight, out * in, panels);
    std::fill_n(panels + out * in, all - out * in, 0.0f);
    return;
  }
  std::fill_n(panels, all, 0.0f);
  pack_operand(operand(weight, out, in, false), out, in, panels);
}

// linear_forward, bit for bit, with a weight that linear_pack has packed.
void linear_forward_packed(Run& run, float* y, const float* x, const float* panels, const float* bias, size_t rows,
                           size_t in, size_t out, const LinearAttributes& attributes) {
  if (out == 1 || in == 0) return linear_forward(run, y, x, panels, bias, rows, in, out, attributes);
  Product g{};
  g.b = {panels, 1, 1};
  g.packed = true;
  forward(run, g, y, x, bias, rows, in, out, attributes);
}

// y[rows, out] = act(x[rows, in] weight[in, out] + bias): linear_forward, bit for bit, with a transposed weight. The bits of its product are those of matmul.
void dense_forward(Run& run, float* y, const float* x, const float* weight, const float* bias, size_t rows, size_t in,
                   size_t out, const LinearAttributes& attributes) {
  Product g{};
  g.b = operand(weight, out, in, true);
  forward(run, g, y, x, bias, rows, in, out, attributes);
}

// dx[rows, in] = dy weight, dweight[out, in] = dy^T x, dbias[out] = sums of dy's columns. Each is written, or added to where its `accumulate_` flag is set, and
// null where it is not wanted. With an `activation` f, x is f(u), and dx, after any accumulation, is multiplied by f'(u). f must be a function whose gradient
// needs only f(u): relu, sigmoid, tanh. The outputs overlap nothing. The order and error of the sums: for dx and dweight see struct Product in gemm.h, for dbias
// parameter_gradients.h.
void linear_backward(Run& run, float* dx, float* dweight, float* dbias, const float* dy, const float* x,
                     const float* weight, size_t rows, size_t in, size_t out,
                     const LinearBackwardAttributes& attributes) {
  if (dx != nullptr) {
    Product g{};
    g.c = dx;
    g.c_stride = in;
    g.a = operand(dy, rows, out, false);
    g.b = operand(weight, in, out, true);
    g.m = rows;
    g.n = in;
    g.k = out;
    g.precision = precision_of(run, in, out);
    g.accumulate = attributes.accumulate_dx;
    const Activation f{attributes.activation, {attributes.a, attributes.b}, x};
    if (attributes.activation == Unary::relu) {
      g.gate = x;
    } else if (attributes.activation != Unary::none) {
      g.epilogue = differentiate_epilogue;
      g.epilogue_context = &f;
    }
    multiply(run, g);
  }
  if (dweight != nullptr &&
      multiply_dweight(run, dweight, dbias, operand(dy, out, rows, true), x, rows, in, out, attributes)) {
    dbias = nullptr;
  }
  if (dbias != nullptr) bias_sums(run, dbias, dy, rows, out, attributes.accumulate_dbias);
}

}  // namespace simdnn::SIMDNN_ISA
