// The products of wide layers at each precision, with each unit for bfloat16 pairs that this machine has: times, and their ratios to float32's time.
#include <algorithm>
#include <iterator>
#include <vector>

#include "bench/layers.h"
#include "support/features.h"

namespace simdnn::bench {

namespace {

// The smallest layers that use a lower precision, and few rows of a wide layer. They show where a lower precision begins to pay.
constexpr Layer kSmall[] = {{"", 32, 64, 128}, {"", 32, 128, 128}, {"", 128, 64, 128}, {"", 8, 512, 512}, {"", 1, 512, 512}};

}  // namespace

SECTION(precision, "linear_forward", "linear_backward") {
  std::printf("%-16s %-8s %-12s %10s %10s %10s %10s %10s %6s %6s\n", "rows x in->out", "product", "unit", "highest us", "high us", "medium us", "GFLOP/s", "GFLOP/s", "high", "medium");
  for (int f = 0; f < feature_count; ++f) {
    const Feature& feature = features[f];
    if (std::string(feature.target) != bench.target.name || feature.unit == nullptr || !feature.supported()) continue;
    std::vector<Layer> layers(std::begin(kSmall), std::end(kSmall));
    layers.insert(layers.end(), std::begin(kLayers), std::end(kLayers));
    for (const Layer& l : layers) {
      if (l.in * l.out < 8192 || std::min(l.in, l.out) < 32) continue;  // stays float32 at every precision
      LayerData data(l);
      Run highest(bench.threads), high(bench.threads, Precision::kHigh, feature.unit), medium(bench.threads, Precision::kMedium, feature.unit);
      for (int op = 0; op < 3; ++op) {
        const std::vector<double> seconds =
            best_seconds_of({[&] { data.call(bench, highest, op); }, [&] { data.call(bench, high, op); }, [&] { data.call(bench, medium, op); }});
        const double flop = 2.0 * static_cast<double>(l.rows * l.in * l.out);
        char shape[40];
        std::snprintf(shape, sizeof shape, "%zux%zu->%zu", l.rows, l.in, l.out);
        std::printf("%-16s %-8s %-12s %10.1f %10.1f %10.1f %10.1f %10.1f %6.2f %6.2f\n", shape, kOps[op], feature.name, seconds[0] * 1e6, seconds[1] * 1e6, seconds[2] * 1e6,
                    flop / seconds[1] / 1e9, flop / seconds[2] / 1e9, seconds[1] / seconds[0], seconds[2] / seconds[0]);
        std::fflush(stdout);
      }
    }
  }
}

}  // namespace simdnn::bench
