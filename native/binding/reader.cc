#include "binding/reader.h"

namespace simdnn {

void throw_argument_error(napi_env env, const ArgumentError& error) {
  if (error.javascript_class == ArgumentError::kType) {
    napi_throw_type_error(env, nullptr, error.message.c_str());
  } else {
    napi_throw_range_error(env, nullptr, error.message.c_str());
  }
}

ArgumentError fault_error(const char* kernel, const Fault& fault) {
  const std::string whole = std::string("[") + kernel + "] ";
  if (fault.array()[0] == '\0') return {ArgumentError::kRange, whole + fault.reason()};
  std::string text = whole + fault.array() + "[" + std::to_string(fault.position()) + "]";
  if (!fault.has_limit()) return {ArgumentError::kRange, text + " " + fault.reason()};
  text += " = " + std::to_string(fault.value()) + " is out of range [0, " + std::to_string(fault.limit()) + ")";
  return {ArgumentError::kRange, text};
}

// For example "[adamStep] maxV: ".
std::string Reader::prefix(const char* name) const { return std::string("[") + kernel_ + "] " + name + ": "; }

// The text for an argument in an error message: `3`, `null`, `an Int32Array`, `a string`.
std::string Reader::describe(size_t argument) const {
  if (argument >= count_) return "nothing";
  const napi_value value = values_[argument];
  napi_valuetype type = napi_undefined;
  napi_typeof(env_, value, &type);
  if (type == napi_null || type == napi_undefined || type == napi_number || type == napi_boolean) {
    napi_value text;
    char buffer[32] = {};
    if (napi_coerce_to_string(env_, value, &text) == napi_ok) {
      napi_get_value_string_utf8(env_, text, buffer, sizeof buffer, nullptr);
    }
    return buffer;
  }
  napi_typedarray_type kind;
  if (napi_get_typedarray_info(env_, value, &kind, nullptr, nullptr, nullptr, nullptr) == napi_ok) {
    switch (kind) {
      case napi_float32_array: return "a Float32Array";
      case napi_int32_array: return "an Int32Array";
      case napi_float64_array: return "a Float64Array";
      case napi_uint8_array: return "a Uint8Array";
      default: return "a typed array of another kind";
    }
  }
  bool is_array = false;
  napi_is_array(env_, value, &is_array);
  return is_array                ? "an array"
         : type == napi_string   ? "a string"
         : type == napi_function ? "a function"
         : type == napi_object   ? "an object"
                                 : "a value of another kind";
}

void Reader::refuse(ArgumentError::JavaScriptClass javascript_class, const char* name, const char* expected) const {
  throw ArgumentError{javascript_class, prefix(name) + "expected " + expected + ", got " + describe(next_)};
}

void Reader::refuse_short(const char* name, const char* formula, size_t needed, size_t length,
                          size_t argument) const {
  napi_value buffer;
  bool detached = false;
  if (length == 0 && napi_get_typedarray_info(env_, values_[argument], nullptr, nullptr, nullptr, &buffer,
                                              nullptr) == napi_ok) {
    napi_is_detached_arraybuffer(env_, buffer, &detached);
  }
  if (detached) throw ArgumentError{ArgumentError::kType, prefix(name) + "the array is detached"};
  const bool countable = needed <= size_t{9007199254740991};
  throw ArgumentError{ArgumentError::kRange, prefix(name) + "expected at least " + formula + " = " +
                                                 (countable ? std::to_string(needed) : "more than 2^53") +
                                                 " elements, got " + std::to_string(length)};
}

// Reads an Int32Array [rank, sizes..., strides and offset of operand 0, strides and offset of operand 1]. It is copied before it is checked, because another
// thread may change it at any time if its buffer is shared.
Layout Reader::layout(const char* name) {
  static constexpr ElementType kInts{"an Int32Array", 1u << napi_int32_array};
  const Array<int32_t> source = array<int32_t>(name, kInts);
  constexpr size_t kMost = 1 + Layout::kMaxRank + Layout::kOperands * (Layout::kMaxRank + 1);
  int32_t fields[kMost] = {};
  const size_t length = source.length < kMost ? source.length : kMost;
  for (size_t i = 0; i < length; ++i) fields[i] = static_cast<volatile int32_t*>(source.data)[i];

  Layout out;
  const auto refuse_it = [&](const char* why) { throw ArgumentError{ArgumentError::kRange, prefix(name) + why}; };
  if (length == 0 || fields[0] < 0 || fields[0] > Layout::kMaxRank) refuse_it("expected a rank of 0 to 8");
  out.rank = fields[0];
  const size_t rank = static_cast<size_t>(out.rank);
  if (length < 1 + rank + Layout::kOperands * (rank + 1)) refuse_it("too short for its rank");
  size_t at = 1;
  const auto next = [&]() -> size_t {
    if (fields[at] < 0) refuse_it("sizes, strides and offsets cannot be negative");
    return static_cast<size_t>(fields[at++]);
  };
  for (size_t d = 0; d < rank; ++d) out.size[d] = next();
  for (int operand = 0; operand < Layout::kOperands; ++operand) {
    for (size_t d = 0; d < rank; ++d) out.stride[operand][d] = next();
    out.offset[operand] = next();
  }
  return out;
}

}  // namespace simdnn
