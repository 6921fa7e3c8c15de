// Reads the JavaScript arguments of a kernel in the order of its description, and checks everything on which memory safety depends: types, integers and lengths.
// It uses plain Node-API calls, because the C++ wrapper takes four times as long to read a typed array.
#pragma once
#include <napi.h>

#include <cmath>
#include <cstdio>
#include <string>

#include "support/layout.h"
#include "support/run.h"

namespace simdnn {

// Thrown by checks. The function that JavaScript has called converts it to a JavaScript exception.
struct ArgumentError {
  enum JavaScriptClass {
    kType,   // TypeError
    kRange,  // RangeError
  } javascript_class;
  std::string message;
};

void throw_argument_error(napi_env env, const ArgumentError& error);

// The error for a fault that a kernel has reported.
ArgumentError fault_error(const char* kernel, const Fault& fault);

// An element type of native/descriptions/describe.mjs, and which typed arrays are accepted for it. generated/calls.inc has one for each type.
struct ElementType {
  const char* expected;  // its name in an error: "a Float32Array"
  uint32_t arrays;       // a bit for each napi_typedarray_type

  bool accepts(napi_typedarray_type type) const { return (arrays >> type & 1) != 0; }
};

template <typename T>
struct Array {
  T* data = nullptr;
  size_t length = 0;
  bool present = false;
  size_t argument = 0;  // its position among the arguments
};

class Reader {
 public:
  static constexpr size_t kMaxArguments = 24;

  // Reads the arguments with which JavaScript has called a function of the addon.
  Reader(napi_env env, napi_callback_info info, const char* kernel) : env_(env), kernel_(kernel) {
    count_ = kMaxArguments;
    napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr);
    if (count_ > kMaxArguments) count_ = kMaxArguments;
  }
  // Reads the arguments of a recorded call, which are the elements of a JavaScript array from index `first` on.
  Reader(napi_env env, napi_value array, uint32_t first, const char* kernel) : env_(env), kernel_(kernel) {
    uint32_t length = 0;
    napi_get_array_length(env, array, &length);
    for (uint32_t i = first; i < length && count_ < kMaxArguments; ++i) {
      napi_get_element(env, array, i, &values_[count_++]);
    }
  }

  template <typename T>
  Array<T> array(const char* name, const ElementType& element) {
    napi_typedarray_type type;
    Array<T> out;
    void* data = nullptr;
    const bool known = next_ < count_ && napi_get_typedarray_info(env_, values_[next_], &type, &out.length, &data,
                                                                  nullptr, nullptr) == napi_ok;
    if (!known || !element.accepts(type)) refuse(ArgumentError::kType, name, element.expected);
    out.argument = next_++;
    if (data == nullptr) out.length = 0;
    out.data = static_cast<T*>(data);
    out.present = true;
    return out;
  }
  template <typename T>
  Array<T> optional_array(const char* name, const ElementType& element) {
    if (is_nullish()) {
      ++next_;
      return {};
    }
    return array<T>(name, element);
  }

  Count size(const char* name) { return static_cast<size_t>(integer(name, 0, 9007199254740991.0)); }
  int32_t int32(const char* name) {
    return static_cast<int32_t>(integer(name, -2147483648.0, 2147483647.0));
  }
  uint64_t counter(const char* name) { return static_cast<uint64_t>(integer(name, 0, 9007199254740991.0)); }
  double real(const char* name) {
    double value = 0;
    if (next_ >= count_ || napi_get_value_double(env_, values_[next_], &value) != napi_ok) {
      refuse(ArgumentError::kType, name, "a number");
    }
    ++next_;
    return value;
  }
  Layout layout(const char* name);
  // Reads one of `count` enumerators, or the bits of `count` flags.
  template <typename Enumeration>
  Enumeration choice(const char* name, int32_t count) {
    return static_cast<Enumeration>(integer(name, 0, count - 1.0));
  }
  uint32_t flags(const char* name, int count) { return static_cast<uint32_t>(integer(name, 0, (1 << count) - 1.0)); }

  // Throws if the array is shorter than `needed`, the number of elements that the kernel accesses. `formula` is the text of `needed` for the message.
  template <typename T>
  void fits(const Array<T>& array, const char* name, const char* formula, size_t needed) {
    if (array.present && array.length < needed) refuse_short(name, formula, needed, array.length, array.argument);
  }

 private:
  std::string prefix(const char* name) const;
  std::string describe(size_t argument) const;
  // These throw "expected ..., got ...", for the next argument and for an array that is too short.
  [[noreturn]] void refuse(ArgumentError::JavaScriptClass javascript_class, const char* name, const char* expected) const;
  [[noreturn]] void refuse_short(const char* name, const char* formula, size_t needed, size_t length,
                                 size_t argument) const;

  bool is_nullish() const {
    if (next_ >= count_) return true;
    napi_valuetype type;
    return napi_typeof(env_, values_[next_], &type) == napi_ok && (type == napi_null || type == napi_undefined);
  }

  // Reads an integer in [low, high]. Throws for any other number, also for NaN and fractions.
  double integer(const char* name, double low, double high) {
    const double value = real(name);
    if (!(value >= low && value <= high) || value != std::trunc(value)) {
      --next_;
      char expected[64];
      std::snprintf(expected, sizeof expected, "an integer from %.0f to %.0f", low, high);
      refuse(ArgumentError::kRange, name, expected);
    }
    return value;
  }

  napi_env env_;
  const char* kernel_;
  napi_value values_[kMaxArguments];
  size_t count_ = 0;
  size_t next_ = 0;
};

}  // namespace simdnn
