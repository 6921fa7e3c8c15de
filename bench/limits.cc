// limits THREADS: measures this machine's limits and prints them as one line of JSON.
//   muladd  multiply-adds of float32 from registers, FLOP/s
//   read    reading memory, bytes/s
//   stream  rewriting three arrays in place while reading a fourth, as Adam does, bytes/s
// Each figure is the best of several windows, because other programs may use the machine.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif
typedef float Vector __attribute__((vector_size(kBytes)));
constexpr int kLanes = kBytes / sizeof(float);

// Twelve chains hide a latency of four cycles on two units, and leave registers of the sixteen for the operands.
constexpr int kChains = 12;
constexpr long kSteps = 1 << 20;

// Four arrays of 32 MiB, more than the cache of a desktop or a slice of a server's cache.
constexpr long kFloats = 8 << 20;

volatile float sink;

void multiply_adds() {
  Vector chain[kChains];
  for (int c = 0; c < kChains; ++c) chain[c] = Vector{} + 0.1f * c;
  const Vector x = Vector{} + 0.999f, y = Vector{} + 0.001f;
  for (long step = 0; step < kSteps; ++step) {
    for (int c = 0; c < kChains; ++c) chain[c] = chain[c] * x + y;
  }
  for (int c = 1; c < kChains; ++c) chain[0] += chain[c];
  sink = chain[0][0];
}

void read_all(const float* data, long n) {
  const Vector* at = reinterpret_cast<const Vector*>(data);
  Vector sum[8] = {};
  for (long i = 0; i + 8 <= n / kLanes; i += 8) {
    for (int j = 0; j < 8; ++j) sum[j] += at[i + j];
  }
  for (int j = 1; j < 8; ++j) sum[0] += sum[j];
  sink = sum[0][0];
}

void rewrite(float* __restrict p, float* __restrict m, float* __restrict v, const float* __restrict g, long n) {
  for (long i = 0; i < n; ++i) {
    m[i] = 0.9f * m[i] + 0.1f * g[i];
    v[i] = 0.5f * v[i] + 0.5f * g[i];
    p[i] -= m[i] * v[i];
  }
}

template <class Work>
double best_seconds(int threads, int windows, Work work) {
  double best = 1e9;
  for (int window = 0; window < windows; ++window) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> others;
    for (int t = 1; t < threads; ++t) others.emplace_back(work, t);
    work(0);
    for (std::thread& other : others) other.join();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::max(1, std::atoi(argv[1])) : 1;
  float* array[4];
  for (float*& a : array) {
    a = static_cast<float*>(std::aligned_alloc(64, kFloats * sizeof(float)));
    if (a == nullptr) return 1;
    std::fill(a, a + kFloats, 0.5f);
  }
  const long part = kFloats / threads / (8 * 16) * (8 * 16);  // whole unrolled steps of the widest vector
  const double muladd = best_seconds(threads, 12, [](int) { multiply_adds(); });
  const double read = best_seconds(threads, 6, [&](int t) {
    for (float* a : array) read_all(a + t * part, part);
  });
  const double stream = best_seconds(threads, 6, [&](int t) {
    const long at = t * part;
    rewrite(array[0] + at, array[1] + at, array[2] + at, array[3] + at, part);
  });
  const double bytes = static_cast<double>(part) * threads * sizeof(float);
  std::printf("{\"muladd\": %.4g, \"read\": %.4g, \"stream\": %.4g}\n", 2.0 * kLanes * kChains * kSteps * threads / muladd,
              4 * bytes / read, 7 * bytes / stream);
  for (float* a : array) std::free(a);
}
