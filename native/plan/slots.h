// A kernel call as data: its arguments in slots, and a function that unpacks them again. Made for every
// line of kernels.def.
#pragma once
#include <cstddef>
#include <utility>

#include "kernels/table.h"

namespace simdnn {

union Slot {
  void* pointer;
  uint64_t size;  // a size or a counter
  int32_t integer;
  double real;
  const Layout* layout;
};

using Invoke = void (*)(const KernelTable& table, Run& run, const Slot* slots);

namespace slots {

template <typename T>
struct Unpack;
template <typename T>
struct Unpack<T*> {
  static T* from(const Slot& s) { return static_cast<T*>(s.pointer); }
};
template <>
struct Unpack<unsigned long> {  // size_t, and uint64_t where that is the same type
  static unsigned long from(const Slot& s) { return s.size; }
};
template <>
struct Unpack<unsigned long long> {
  static unsigned long long from(const Slot& s) { return s.size; }
};
template <>
struct Unpack<int32_t> {
  static int32_t from(const Slot& s) { return s.integer; }
};
template <>
struct Unpack<double> {
  static double from(const Slot& s) { return s.real; }
};
template <>
struct Unpack<const Layout&> {
  static const Layout& from(const Slot& s) { return *s.layout; }
};

template <typename... Arguments, size_t... Index>
void invoke(void (*kernel)(Run&, Arguments...), Run& run, const Slot* s, std::index_sequence<Index...>) {
  kernel(run, Unpack<Arguments>::from(s[Index])...);
}
template <typename... Arguments>
void invoke(void (*kernel)(Run&, Arguments...), Run& run, const Slot* s) {
  invoke(kernel, run, s, std::index_sequence_for<Arguments...>{});
}

}  // namespace slots

// Calls the kernel that `member` names in the table with the arguments in the slots.
template <auto member>
void invoke_kernel(const KernelTable& table, Run& run, const Slot* s) {
  slots::invoke(table.*member, run, s);
}

}  // namespace simdnn
