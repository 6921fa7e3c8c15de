// A loop that moves as many bytes as a kernel, in vectors of the target's width, with ordinary or non-temporal stores. A kernel that does little arithmetic
// cannot be faster.
#include <cstring>
#include <memory>

#include "bench/bench.h"

namespace simdnn::bench {
namespace {

struct Arrays {
  std::vector<const float*> read;
  std::vector<float*> write, update;
};
using Stream = void (*)(const Arrays&, size_t begin, size_t end);

// The loop goes through the arrays in turn, in pieces of 1 KiB.
constexpr size_t kPiece = 256;
// Four vectors. The lengths of the arrays are multiples of it.
constexpr size_t kRound = 64;

#define DEFINE_STREAM(name, lanes, attributes, register_class, store)                                        \
  attributes void name(const Arrays& a, size_t begin, size_t end) {                                          \
    typedef float Vector __attribute__((vector_size(4 * (lanes)), may_alias));                               \
    Vector s0 = {}, s1 = {}, s2 = {}, s3 = {};                                                               \
    for (size_t piece = begin; piece < end; piece += kPiece) {                                               \
      const size_t stop = end - piece < kPiece ? end : piece + kPiece;                                       \
      for (const float* from : a.read) {                                                                     \
        for (size_t i = piece; i < stop; i += 4 * (lanes)) {                                                 \
          const Vector* v = reinterpret_cast<const Vector*>(from + i);                                       \
          s0 += v[0], s1 += v[1], s2 += v[2], s3 += v[3];                                                    \
        }                                                                                                    \
      }                                                                                                      \
      for (float* to : a.write) {                                                                            \
        for (size_t i = piece; i < stop; i += (lanes)) {                                                     \
          asm volatile(store " %1, %0" : "=m"(*reinterpret_cast<Vector*>(to + i)) : register_class(s0));     \
        }                                                                                                    \
      }                                                                                                      \
      for (float* to : a.update) {                                                                           \
        for (size_t i = piece; i < stop; i += (lanes)) {                                                     \
          Vector* const v = reinterpret_cast<Vector*>(to + i);                                               \
          const Vector changed = *v + s0;                                                                    \
          asm volatile(store " %1, %0" : "=m"(*v) : register_class(changed));                                \
        }                                                                                                    \
      }                                                                                                      \
    }                                                                                                        \
    asm volatile("" : : register_class(s0), register_class(s1), register_class(s2), register_class(s3));     \
  }

#if defined(__x86_64__)
DEFINE_STREAM(avx512, 16, __attribute__((target("avx512f"))), "v", "vmovaps")
DEFINE_STREAM(avx512_past_caches, 16, __attribute__((target("avx512f"))), "v", "vmovntps")
DEFINE_STREAM(avx2, 8, __attribute__((target("avx2"))), "x", "vmovaps")
DEFINE_STREAM(avx2_past_caches, 8, __attribute__((target("avx2"))), "x", "vmovntps")
DEFINE_STREAM(sse4, 4, , "x", "movaps")
DEFINE_STREAM(sse4_past_caches, 4, , "x", "movntps")
#else
void plain(const Arrays& a, size_t begin, size_t end) {
  float sums[8] = {};
  for (size_t piece = begin; piece < end; piece += kPiece) {
    const size_t stop = end - piece < kPiece ? end : piece + kPiece;
    for (const float* from : a.read) {
      for (size_t i = piece; i < stop; i += 8) {
        for (size_t j = 0; j < 8; ++j) sums[j] += from[i + j];
      }
    }
    for (float* to : a.write) {
      for (size_t i = piece; i < stop; ++i) to[i] = sums[i % 8];
    }
    for (float* to : a.update) {
      for (size_t i = piece; i < stop; ++i) to[i] = -to[i];
    }
  }
  asm volatile("" : : "r"(sums) : "memory");
}
#endif

std::vector<Stream> streams_of(const char* target) {
#if defined(__x86_64__)
  if (std::strcmp(target, "avx512") == 0) return {avx512, avx512_past_caches};
  if (std::strcmp(target, "avx2") == 0) return {avx2, avx2_past_caches};
  return {sse4, sse4_past_caches};
#else
  (void)target;
  return {plain};
#endif
}

}  // namespace

void row(const Bench& bench, const char* kernel, const std::string& shape, const Traffic& traffic, const Body& call) {
  const size_t n = (traffic.floats + kRound - 1) / kRound * kRound;
  std::vector<std::unique_ptr<Floats>> memory;
  const auto array = [&] {
    memory.push_back(std::make_unique<Floats>(n));
    return memory.back()->data();
  };
  Arrays arrays;
  for (int i = 0; i < traffic.reads; ++i) arrays.read.push_back(array());
  for (int i = 0; i < traffic.writes; ++i) arrays.write.push_back(array());
  for (int i = 0; i < traffic.updates; ++i) arrays.update.push_back(array());

  std::vector<Body> bodies = {call};
  Run run(bench.threads);
  for (Stream stream : streams_of(bench.target.name)) {
    bodies.push_back([&, stream] {
      parallel(run, n, 1024, static_cast<double>(n), [&](size_t begin, size_t end) { stream(arrays, begin, end); });
    });
  }
  const std::vector<double> seconds = best_seconds_of(bodies, 0.05);
  double limit = seconds[1];
  for (size_t i = 2; i < seconds.size(); ++i) limit = seconds[i] < limit ? seconds[i] : limit;
  const double lines = static_cast<double>(traffic.floats) / 16;
  const double bytes = 4.0 * static_cast<double>(traffic.floats) * (traffic.reads + traffic.writes + 2 * traffic.updates);
  std::printf("%-26s %-16s %11.3f us  limit %11.3f us %7.1f GB/s  share %4.0f%% %8.1f cycles a line\n", kernel,
              shape.c_str(), seconds[0] * 1e6, limit * 1e6, bytes / limit / 1e9, 100 * limit / seconds[0],
              seconds[0] * bench.clock / lines);
}

}  // namespace simdnn::bench
