// Our products beside those of OpenBLAS, oneDNN and libxsmm, if this machine has them. They are opened at run time, never linked. libxsmm is called only for the
// products for which it generates code: no transposed operand, and m n k up to 64^3.
#if __has_include(<dlfcn.h>)
#include <dlfcn.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "bench/layers.h"

namespace simdnn::bench {
namespace {

// c[m, n] = op(a) op(b), row by row; lda and ldb are the rows' lengths as stored.
struct Gemm {
  bool transpose_a, transpose_b;
  int m, n, k;
  const float *a, *b;
  float* c;
  int lda() const { return transpose_a ? m : k; }
  int ldb() const { return transpose_b ? k : n; }
};

Gemm gemm_of(LayerData& d, int op) {
  const int rows = static_cast<int>(d.layer.rows), in = static_cast<int>(d.layer.in), out = static_cast<int>(d.layer.out);
  float* const c = d.result.data();
  if (op == 0) return {false, true, rows, out, in, d.x.data(), d.weight.data(), c};
  if (op == 1) return {false, false, rows, in, out, d.dy.data(), d.weight.data(), c};
  return {true, false, out, in, rows, d.dy.data(), d.x.data(), c};
}

// The functions' types are those of the libraries' C headers.
using CblasSgemm = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);
using DnnlSgemm = int (*)(char, char, int64_t, int64_t, int64_t, float, const float*, int64_t, const float*, int64_t, float,
                          float*, int64_t);
using XsmmSgemm = void (*)(const char*, const char*, const int*, const int*, const int*, const float*, const float*,
                           const int*, const float*, const int*, const float*, float*, const int*);

struct Peer {
  const char* name;
  const char* const* files;  // the first that opens
  const char* function;
  const char* set_threads;  // void(int), or null
  bool (*call)(void* function, const Gemm& g);  // false: not for this shape
  void* loaded;
};

const char* const kOpenBlas[] = {"libopenblas.so.0", "libopenblas.so", "libopenblas.dylib", nullptr};
const char* const kOneDnn[] = {"libdnnl.so.3", "libdnnl.so.2", "libdnnl.so", "libdnnl.dylib", nullptr};
const char* const kXsmm[] = {"libxsmm.so", "libxsmm.dylib", nullptr};

Peer peers[] = {
    {"OpenBLAS", kOpenBlas, "cblas_sgemm", "openblas_set_num_threads",
     [](void* f, const Gemm& g) {
       constexpr int kRowMajor = 101, kPlain = 111, kTransposed = 112;
       reinterpret_cast<CblasSgemm>(f)(kRowMajor, g.transpose_a ? kTransposed : kPlain, g.transpose_b ? kTransposed : kPlain,
                                       g.m, g.n, g.k, 1, g.a, g.lda(), g.b, g.ldb(), 0, g.c, g.n);
       return true;
     },
     nullptr},
    {"oneDNN", kOneDnn, "dnnl_sgemm", "omp_set_num_threads",
     [](void* f, const Gemm& g) {
       return reinterpret_cast<DnnlSgemm>(f)(g.transpose_a ? 'T' : 'N', g.transpose_b ? 'T' : 'N', g.m, g.n, g.k, 1, g.a,
                                             g.lda(), g.b, g.ldb(), 0, g.c, g.n) == 0;
     },
     nullptr},
    {"libxsmm", kXsmm, "libxsmm_sgemm", nullptr,
     [](void* f, const Gemm& g) {  // column-major: C' = B' A'
       if (g.transpose_a || g.transpose_b || static_cast<double>(g.m) * g.n * g.k > 64.0 * 64 * 64) return false;
       const float one = 1, zero = 0;
       reinterpret_cast<XsmmSgemm>(f)("N", "N", &g.n, &g.m, &g.k, &one, g.b, &g.n, g.a, &g.k, &zero, g.c, &g.n);
       return true;
     },
     nullptr},
};

void load(Peer& peer, int threads) {
  void* library = nullptr;
  for (const char* const* file = peer.files; library == nullptr && *file != nullptr; ++file) library = dlopen(*file, RTLD_NOW);
  if (library == nullptr) return;
  peer.loaded = dlsym(library, peer.function);
  void* const set = peer.set_threads == nullptr ? nullptr : dlsym(library, peer.set_threads);
  if (set != nullptr) reinterpret_cast<void (*)(int)>(set)(threads);
}

}  // namespace

// Each round measures all libraries in turn, so that a drift of the machine's speed affects all of them. The best of the rounds counts.
SECTION(peers, "linear_forward", "linear_backward") {
  constexpr int kRounds = 3;
  constexpr size_t kPeers = std::size(peers);
  std::printf("%-8s %-16s %-8s %11s", "", "rows x in->out", "", "ours us");
  for (Peer& peer : peers) {
    load(peer, bench.threads);
    std::printf(" %11s", peer.loaded == nullptr ? "-" : peer.name);
  }
  std::printf("  the best / ours\n");
  for (const Layer& l : kLayers) {
    LayerData data(l);
    char shape[40];
    std::snprintf(shape, sizeof shape, "%zux%zu->%zu", l.rows, l.in, l.out);
    for (int op = 0; op < 3; ++op) {
      const Gemm g = gemm_of(data, op);
      double ours = 1e30, theirs[kPeers];
      std::fill(theirs, theirs + kPeers, 1e30);
      for (int round = 0; round < kRounds; ++round) {
        Run run(bench.threads);
        ours = std::min(ours, best_seconds([&] { data.call(bench, run, op); }, 0.03));
        for (size_t p = 0; p < kPeers; ++p) {
          if (peers[p].loaded == nullptr || !peers[p].call(peers[p].loaded, g)) continue;
          theirs[p] = std::min(theirs[p], best_seconds([&] { peers[p].call(peers[p].loaded, g); }, 0.03));
        }
      }
      std::printf("%-8s %-16s %-8s %11.3f", l.name, shape, kOps[op], ours * 1e6);
      for (const double seconds : theirs) {
        if (seconds < 1e30) {
          std::printf(" %11.3f", seconds * 1e6);
        } else {
          std::printf(" %11s", "");
        }
      }
      const double best = *std::min_element(theirs, theirs + kPeers);
      if (best < 1e30) std::printf("  %.2f", best / ours);
      std::printf("\n");
      std::fflush(stdout);
    }
  }
}

}  // namespace simdnn::bench
#endif
