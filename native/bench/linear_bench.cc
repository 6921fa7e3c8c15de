// The three products of a linear layer without bias and activation, as a share of the machine's peak rate.
#include <initializer_list>
#include <iterator>
#include <memory>
#include <utility>

#include "bench/layers.h"

namespace simdnn::bench {
namespace {

double seconds_of(const Bench& bench, const Layer& l, int op) {
  LayerData data(l);
  Run run(bench.threads);
  return best_seconds([&] { data.call(bench, run, op); });
}

}  // namespace

SECTION(linear, "linear_forward", "linear_backward") {
  std::printf("%-8s %-16s", "", "rows x in->out");
  for (const char* op : kOps) std::printf(" %9s us  GFLOP/s  peak", op);
  std::printf("\n");
  double flop_sum = 0, seconds_sum[3] = {};
  for (const Layer* l = kLayers; l != std::end(kLayers); ++l) {
    const double flop = 2.0 * static_cast<double>(l->rows * l->in * l->out);
    char shape[40];
    std::snprintf(shape, sizeof shape, "%zux%zu->%zu", l->rows, l->in, l->out);
    std::printf("%-8s %-16s", l->name, shape);
    flop_sum += flop;
    for (int op = 0; op < 3; ++op) {
      const double seconds = seconds_of(bench, *l, op);
      seconds_sum[op] += seconds;
      std::printf(" %12.3f %8.1f %4.0f%%", seconds * 1e6, flop / seconds / 1e9, 100 * flop / seconds / bench.peak);
    }
    std::printf("\n");
    if (l + 1 == std::end(kLayers) || l[1].name != l->name) {
      std::printf("%-8s %-16s", l->name, "sum");
      for (double& sum : seconds_sum) {
        std::printf(" %12.3f %8.1f %4.0f%%", sum * 1e6, flop_sum / sum / 1e9, 100 * flop_sum / sum / bench.peak);
        sum = 0;
      }
      std::printf("\n");
      flop_sum = 0;
    }
    std::fflush(stdout);
  }
}

// One layer within a chain of layers: linear_forward, beside linear_forward_columns, which reads columns and writes columns and rows.
BENCH(columns, linear_forward_columns) {
  std::printf("%-16s %12s %12s %8s\n", "rows x in->out", "forward us", "columns us", "ratio");
  for (const size_t rows : {1, 8, 16, 32, 64, 128, 256}) {
    for (const auto& [in, out] : {std::pair<size_t, size_t>{13, 30}, {30, 25}, {20, 15}, {10, 5}, {64, 64}, {128, 32}, {128, 128}}) {
      Floats x(rows * in), weight(out * in), y(rows * out), x_columns(padded(in) * padded(rows)), y_columns(padded(out) * padded(rows));
      Run run(bench.threads);
      const double forward = best_seconds(
          [&] {
            bench.kernel.linear_forward(run, y.data(), x.data(), weight.data(), nullptr, rows, in, out, {Unary::relu});
          },
          0.05);
      const double columns = best_seconds(
          [&] {
            bench.kernel.linear_forward_columns(run, y.data(), y_columns.data(), x.data(), x_columns.data(), weight.data(), nullptr,
                                                rows, in, out, {Unary::relu});
          },
          0.05);
      char shape[40];
      std::snprintf(shape, sizeof shape, "%zux%zu->%zu", rows, in, out);
      std::printf("%-16s %12.3f %12.3f %8.2f\n", shape, forward * 1e6, columns * 1e6, forward / columns);
    }
  }
}

// linear_forward beside linear_forward_packed, and the time of packing the weight, which is done once.
SECTION(packed, "linear_forward_packed", "linear_pack") {
  std::printf("%-16s %12s %12s %8s %12s\n", "rows x in->out", "forward us", "packed us", "ratio", "pack us");
  for (const auto& [in, out] : {std::pair<size_t, size_t>{13, 30}, {30, 25}, {10, 5}, {784, 512}, {512, 512}, {512, 10}, {1024, 1024}, {1024, 4096}}) {
    for (const size_t rows : {1, 4, 8, 32, 256}) {
      Floats x(rows * in), weight(out * in), y(rows * out), panels(packed(in, out));
      Run run(bench.threads);
      const std::vector<double> seconds = best_seconds_of(
          {[&] {
             bench.kernel.linear_forward(run, y.data(), x.data(), weight.data(), nullptr, rows, in, out, {Unary::relu});
           },
           [&] {
             bench.kernel.linear_forward_packed(run, y.data(), x.data(), panels.data(), nullptr, rows, in, out,
                                                {Unary::relu});
           },
           [&] { bench.kernel.linear_pack(run, panels.data(), weight.data(), in, out); }},
          0.05);
      char shape[40];
      std::snprintf(shape, sizeof shape, "%zux%zu->%zu", rows, in, out);
      std::printf("%-16s %12.3f %12.3f %8.2f %12.3f\n", shape, seconds[0] * 1e6, seconds[1] * 1e6, seconds[0] / seconds[1], seconds[2] * 1e6);
    }
  }
}

// dense_forward against the three calls that it replaces: the product, the bias by broadcasting, and relu.
BENCH(dense, dense_forward) {
  std::printf("%-16s %12s %12s %8s\n", "rows x in->out", "apart us", "dense us", "ratio");
  for (const auto& [in, out] : {std::pair<size_t, size_t>{13, 30}, {30, 25}, {10, 5}, {54, 256}, {784, 512}, {512, 10}}) {
    for (const size_t rows : {1, 32, 128, 1024}) {
      Floats x(rows * in), weight(in * out), bias(out), c(rows * out), sum(rows * out), y(rows * out);
      Layout layout;  // the bias below each row
      layout.rank = 2;
      layout.size[0] = rows, layout.size[1] = out;
      layout.stride[0][0] = out, layout.stride[0][1] = 1;
      layout.stride[1][0] = 0, layout.stride[1][1] = 1;
      Run run(bench.threads);
      const std::vector<double> seconds = best_seconds_of(
          {[&] {
             bench.kernel.matmul(run, c.data(), x.data(), weight.data(), rows, out, in, {});
             bench.kernel.add(run, sum.data(), c.data(), bias.data(), layout);
             bench.kernel.relu_forward(run, y.data(), sum.data(), rows * out, {});
           },
           [&] {
             bench.kernel.dense_forward(run, y.data(), x.data(), weight.data(), bias.data(), rows, in, out, {Unary::relu});
           }},
          0.05);
      char shape[40];
      std::snprintf(shape, sizeof shape, "%zux%zu->%zu", rows, in, out);
      std::printf("%-16s %12.3f %12.3f %8.2f\n", shape, seconds[0] * 1e6, seconds[1] * 1e6, seconds[0] / seconds[1]);
    }
  }
}

// The same comparison for linear_backward with relu's derivative, from columns to columns.
BENCH(backward_columns, linear_backward_columns) {
  std::printf("%-16s %12s %12s %8s\n", "rows x in->out", "backward us", "columns us", "ratio");
  for (const size_t rows : {1, 8, 16, 32, 64, 128, 256}) {
    for (const auto& [in, out] : {std::pair<size_t, size_t>{13, 30}, {30, 25}, {25, 20}, {20, 15}, {15, 10}, {10, 5}, {60, 60}, {100, 40}, {40, 100}, {64, 64}}) {
      Floats x(rows * in), weight(out * in), dy(rows * out), dx(rows * in), dweight(out * in), dbias(out);
      Floats dy_columns(padded(out) * padded(rows)), x_columns(padded(in) * padded(rows)), dx_columns(padded(in) * padded(rows));
      Run run(bench.threads);
      const std::vector<double> seconds = best_seconds_of(
          {[&] {
             bench.kernel.linear_backward(run, dx.data(), dweight.data(), dbias.data(), dy.data(), x.data(), weight.data(), rows, in,
                                          out, {Unary::relu});
           },
           [&] {
             bench.kernel.linear_backward_columns(run, nullptr, dx_columns.data(), dweight.data(), dbias.data(), dy.data(),
                                                  dy_columns.data(), x.data(), x_columns.data(), weight.data(), rows,
                                                  in, out, {Unary::relu});
           }},
          0.05);
      char shape[40];
      std::snprintf(shape, sizeof shape, "%zux%zu->%zu", rows, in, out);
      std::printf("%-16s %12.3f %12.3f %8.2f\n", shape, seconds[0] * 1e6, seconds[1] * 1e6, seconds[0] / seconds[1]);
    }
  }
}

// The six layers of the lecture's network one after the other, as in a training step, where the code of all their products has to fit into the instruction cache.
SECTION(layers, "linear_forward_columns", "linear_backward", "linear_backward_columns") {
  constexpr size_t kSizes[] = {13, 30, 25, 20, 15, 10, 5}, kRows = 32, kCount = std::size(kSizes) - 1;
  struct Values {
    explicit Values(size_t n) : rows(n * kRows), columns(padded(n) * padded(kRows)) {}
    Floats rows, columns;
  };
  struct Parameters {
    Parameters(size_t in, size_t out) : weight(in * out), bias(out), dweight(in * out), dbias(out) {}
    Floats weight, bias, dweight, dbias;
  };
  std::vector<std::unique_ptr<Values>> y, dy;
  std::vector<std::unique_ptr<Parameters>> p;
  for (const size_t n : kSizes) {
    y.push_back(std::make_unique<Values>(n));
    dy.push_back(std::make_unique<Values>(n));
  }
  for (size_t i = 0; i < kCount; ++i) p.push_back(std::make_unique<Parameters>(kSizes[i], kSizes[i + 1]));
  Run run(bench.threads);
  const auto forward = [&] {
    for (size_t i = 0; i < kCount; ++i) {
      const bool first = i == 0, last = i + 1 == kCount;
      bench.kernel.linear_forward_columns(run, y[i + 1]->rows.data(), last ? nullptr : y[i + 1]->columns.data(), y[i]->rows.data(),
                                          first ? nullptr : y[i]->columns.data(), p[i]->weight.data(), p[i]->bias.data(), kRows,
                                          kSizes[i], kSizes[i + 1], {last ? Unary::none : Unary::relu});
    }
  };
  const auto in_rows = [&] {
    for (size_t i = kCount; i-- > 0;) {
      bench.kernel.linear_backward(run, i == 0 ? nullptr : dy[i]->rows.data(), p[i]->dweight.data(), p[i]->dbias.data(),
                                   dy[i + 1]->rows.data(), y[i]->rows.data(), p[i]->weight.data(), kRows, kSizes[i],
                                   kSizes[i + 1], {i == 0 ? Unary::none : Unary::relu});
    }
  };
  const auto in_columns = [&] {
    for (size_t i = kCount; i-- > 0;) {
      const bool first = i == 0, last = i + 1 == kCount;
      bench.kernel.linear_backward_columns(run, nullptr, first ? nullptr : dy[i]->columns.data(), p[i]->dweight.data(),
                                           p[i]->dbias.data(), dy[i + 1]->rows.data(), last ? nullptr : dy[i + 1]->columns.data(),
                                           y[i]->rows.data(), first ? nullptr : y[i]->columns.data(), p[i]->weight.data(), kRows,
                                           kSizes[i], kSizes[i + 1], {Unary::relu});
    }
  };
  const std::vector<double> seconds = best_seconds_of({forward, in_rows, in_columns}, 0.3);
  std::printf("forward %.3f us, backward %.3f in rows and %.3f in columns\n", seconds[0] * 1e6, seconds[1] * 1e6, seconds[2] * 1e6);
}

}  // namespace simdnn::bench
