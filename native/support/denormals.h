// Denormal numbers, those between 0 and 2^-126, as zero. A processor leaves its fast path for each of them, so that a step takes up to
// ten times as long once probabilities, gradients or an optimizer's moments have decayed that far, and they carry no information that
// training needs. The arithmetic of every call therefore takes such an operand for a zero of its sign, and gives such a zero for a result that
// would be one; what only moves numbers (copies, selections, signs) moves these too. Off for the process after set_flush_denormal(false).
#pragma once
#include <atomic>
#include <cstdint>

namespace simdnn {

// A thread's floating-point control register, and its bits that flush: FTZ (results) and DAZ (operands), on arm64 FZ for both.
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
constexpr FloatControl kFlushBits = 0;  // nothing to be set: as the system has it
inline FloatControl float_control() { return 0; }
inline void set_float_control(FloatControl) {}
#endif

// kFlushBits or 0: what calls of this process shall do. Its initial value is kFlushBits.
extern std::atomic<FloatControl> wanted_flush_bits;

inline bool flush_denormal() { return kFlushBits != 0 && wanted_flush_bits.load(std::memory_order_relaxed) != 0; }
// For calls that begin from now on, on all threads.
inline void set_flush_denormal(bool on) { wanted_flush_bits.store(on ? kFlushBits : 0, std::memory_order_relaxed); }

// Until the end of its scope the thread's arithmetic does what the process wants; then again what it did before. Reading the register takes
// some cycles, setting it about 20: a scope inside another one sets nothing.
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

// Makes the thread's arithmetic treat denormal numbers as a thread whose register holds `bits`.
inline void flush_as(FloatControl bits) {
  const FloatControl mine = float_control();
  if (((mine ^ bits) & kFlushBits) != 0) set_float_control((mine & ~kFlushBits) | (bits & kFlushBits));
}

}  // namespace simdnn
