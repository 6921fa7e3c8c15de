// Reads a kernel's JavaScript arguments in the order of kernels.def and checks what memory safety needs:
// kinds, integers, lengths. Plain Node-API calls: a typed array costs a quarter of what it does through
// the C++ wrapper.
#pragma once
#include <napi.h>

#include <cmath>
#include <string>

#include "support/layout.h"
#include "support/run.h"

namespace simdnn {

// Thrown by checks, turned into a JavaScript exception at the one place that calls kernels.
struct ArgumentError {
  enum Kind { kType, kRange } kind;
  std::string message;
};

void throw_argument_error(napi_env env, const ArgumentError& error);

// The error for an element that a kernel refused.
ArgumentError fault_error(const char* kernel, const Fault& fault);

template <typename T>
struct Array {
  T* data = nullptr;
  size_t length = 0;
  bool present = false;
  size_t argument = 0;  // its position in the call
};

class Reader {
 public:
  static constexpr size_t kMaxArguments = 24;

  // The arguments of a call that is being made...
  Reader(napi_env env, napi_callback_info info, const char* kernel) : env_(env), kernel_(kernel) {
    count_ = kMaxArguments;
    napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr);
    if (count_ > kMaxArguments) count_ = kMaxArguments;
  }
  // ... and of one that was recorded: elements `first` and later of a JavaScript array.
  Reader(napi_env env, napi_value array, uint32_t first, const char* kernel) : env_(env), kernel_(kernel) {
    uint32_t length = 0;
    napi_get_array_length(env, array, &length);
    for (uint32_t i = first; i < length && count_ < kMaxArguments; ++i) {
      napi_get_element(env, array, i, &values_[count_++]);
    }
  }

  template <typename T>
  Array<T> array(const char* name) {
    return read_array<T>(name, sizeof(T) == sizeof(float) && std::is_same_v<std::remove_const_t<T>, float>
                                   ? Accepts::kFloat
                                   : Accepts::kInt);
  }
  template <typename T>
  Array<T> any_array(const char* name) {
    return read_array<T>(name, Accepts::kBoth);
  }
  template <typename T>
  Array<T> optional_array(const char* name) {
    if (is_nullish()) {
      ++next_;
      return {};
    }
    return array<T>(name);
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

  // Refuses an array that is shorter than the kernel will touch. `formula` is the text of `needed`.
  template <typename T>
  void fits(const Array<T>& array, const char* name, const char* formula, size_t needed) {
    if (array.present && array.length < needed) refuse_short(name, formula, needed, array.length, array.argument);
  }

 private:
  enum class Accepts { kFloat, kInt, kBoth };

  std::string prefix(const char* name) const;
  std::string describe(size_t argument) const;
  // "expected ..., got ..." of the next argument, and of an array.
  [[noreturn]] void refuse(ArgumentError::Kind kind, const char* name, const char* expected) const;
  [[noreturn]] void refuse_short(const char* name, const char* formula, size_t needed, size_t length,
                                 size_t argument) const;

  bool is_nullish() const {
    if (next_ >= count_) return true;
    napi_valuetype type;
    return napi_typeof(env_, values_[next_], &type) == napi_ok && (type == napi_null || type == napi_undefined);
  }

  template <typename T>
  Array<T> read_array(const char* name, Accepts accepts) {
    napi_typedarray_type type;
    Array<T> out;
    void* data = nullptr;
    const bool known = next_ < count_ && napi_get_typedarray_info(env_, values_[next_], &type, &out.length, &data,
                                                                  nullptr, nullptr) == napi_ok;
    const bool is_float = known && type == napi_float32_array;
    const bool is_int = known && type == napi_int32_array;
    if (!(accepts == Accepts::kFloat ? is_float : accepts == Accepts::kInt ? is_int : is_float || is_int)) {
      refuse(ArgumentError::kType, name,
             accepts == Accepts::kFloat ? "a Float32Array"
             : accepts == Accepts::kInt ? "an Int32Array"
                                        : "a Float32Array or an Int32Array");
    }
    out.argument = next_++;
    if (data == nullptr) out.length = 0;
    out.data = static_cast<T*>(data);
    out.present = true;
    return out;
  }

  // An integer in [low, high]. NaN and fractions are none.
  double integer(const char* name, double low, double high) {
    const double value = real(name);
    if (!(value >= low && value <= high) || value != std::trunc(value)) {
      --next_;
      refuse(ArgumentError::kRange, name,
             low == 0 ? "an integer from 0 to 9007199254740991" : "an integer from -2147483648 to 2147483647");
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
