// Flushes denormal numbers, those between 0 and 2^-126 in magnitude, to zero. A processor leaves its fast path for each of them: a step takes up to ten times as
// long once probabilities, gradients or an optimizer's moments have decayed that far, and training does not need their values. So the arithmetic of
// every call treats a denormal operand as a zero of its sign, and returns such a zero for a denormal result. Operations that only move numbers (copies,
// selections, signs) keep denormal numbers. set_flush_denormal(false) turns it off for the process.
#pragma once
#include <atomic>
#include <cstdint>

namespace simdnn {

// A thread's floating-point control register, and the bits in it that flush: FTZ (results) and DAZ (operands); on arm64 FZ does both.
#if defined(__x86_64__) || defined(_M_X64)
using FloatControl = uint32_t;
constexpr FloatControl kFlushBits = 0x8040;
inline FloatControl float_control() { return __builtin_ia32_stmxcsr(); }
inline void set_float_control(FloatControl bits) { __builtin_ia32_ldmxcsr(bits); }
#elif defined(__aarch64__)
using FloatControl = uint64_t;
constexpr FloatControl kFlushBits = uint64_t{1} << 24;
inline FloatControl float_control() {
  FloatControl bits;
  asm volatile("mrs %0, fpcr" : "=r"(bits));
  return bits;
}
inline void set_float_control(FloatControl bits) { asm volatile("msr fpcr, %0" : : "r"(bits)); }
#else
using FloatControl = uint32_t;
constexpr FloatControl kFlushBits = 0;  // no known register: the system's setting stays
inline FloatControl float_control() { return 0; }
inline void set_float_control(FloatControl) {}
#endif

// The bits that the calls of this process set: kFlushBits, its initial value, or 0.
extern std::atomic<FloatControl> wanted_flush_bits;

inline bool flush_denormal() { return kFlushBits != 0 && wanted_flush_bits.load(std::memory_order_relaxed) != 0; }
// Takes effect for calls that begin from now on, on all threads.
inline void set_flush_denormal(bool on) { wanted_flush_bits.store(on ? kFlushBits : 0, std::memory_order_relaxed); }

// Sets the thread's handling of denormal numbers to what the process wants, and restores it at the end of the scope. Reading the register takes a few
// cycles, writing it about 20; a scope inside another one writes nothing.
class FlushDenormals {
 public:
  FlushDenormals() : before_(float_control()) {
    const FloatControl wanted = (before_ & ~kFlushBits) | wanted_flush_bits.load(std::memory_order_relaxed);
    changed_ = wanted != before_;
    if (changed_) set_float_control(wanted);
  }
  FlushDenormals(const FlushDenormals&) = delete;
  ~FlushDenormals() {
    if (changed_) set_float_control(before_);
  }

 private:
  FloatControl before_;
  bool changed_;
};

// Makes the thread handle denormal numbers like a thread whose register holds `bits`.
inline void flush_as(FloatControl bits) {
  const FloatControl mine = float_control();
  if (((mine ^ bits) & kFlushBits) != 0) set_float_control((mine & ~kFlushBits) | (bits & kFlushBits));
}

}  // namespace simdnn
