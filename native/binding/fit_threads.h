// How much of the processors the threads of fits get, beside JavaScript's thread.
#pragma once
#include <algorithm>
#include <chrono>

#include "binding/environment.h"
#include "support/workers.h"

namespace simdnn {

// The niceness of the threads of fits, so that the system prefers JavaScript's thread, with which they share the processors. While 1,000 fits run on two
// processors, it lowers the p99 of a 1 ms timer from 25 to 15 ms, and all fits together take 0.9 of the time (bench:many, a Zen 3).
constexpr int kFitNiceness = 5;

// For this long after a fit has begun, one thread of fits fewer works if at least kManyWaiting fits wait for each thread. This leaves JavaScript's thread a
// processor: while it begins one fit after the other without a pause, it never sleeps, and the system would give its processor to a thread of fits for one or
// several ticks of 4 ms. When fits begin at the pace of `turns.ts`, one in 10 ms, JavaScript's thread sleeps between them.
constexpr std::chrono::milliseconds kBeginning{4};
constexpr size_t kManyWaiting = 4;

// The number of threads of fits that work, at least one. A search that begins a small fit whenever one ends uses all of them.
inline int fit_threads(const Environment& here, const Workers& workers) {
  const bool many = workers.queued().load(std::memory_order_relaxed) >= kManyWaiting * static_cast<size_t>(here.threads);
  const bool begins = many && std::chrono::steady_clock::now() - here.sessions.fit_began < kBeginning;
  return begins ? std::max(1, here.threads - 1) : here.threads;
}

}  // namespace simdnn
