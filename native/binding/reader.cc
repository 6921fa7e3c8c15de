#include "binding/reader.h"

namespace simdnn {

void throw_argument_error(napi_env env, const ArgumentError& error) {
  if (error.kind == ArgumentError::kType) {
    napi_throw_type_error(env, nullptr, error.message.c_str());
  } else {
    napi_throw_range_error(env, nullptr, error.message.c_str());
  }
}

ArgumentError fault_error(const char* kernel, const Fault& fault) {
  return {ArgumentError::kRange, std::string("[") + kernel + "] " + fault.array() + "[" +
                                     std::to_string(fault.position()) + "] is out of range"};
}

// An Int32Array [rank, sizes..., strides and offset of operand 0, strides and offset of operand 1],
// copied before it is looked at: its buffer may be shared with a thread that changes it.
Layout Reader::layout(const char* name) {
  const Array<int32_t> source = read_array<int32_t>(name, Accepts::kInt);
  constexpr size_t kMost = 1 + Layout::kMaxRank + Layout::kOperands * (Layout::kMaxRank + 1);
  int32_t fields[kMost] = {};
  const size_t length = source.length < kMost ? source.length : kMost;
  for (size_t i = 0; i < length; ++i) fields[i] = static_cast<volatile int32_t*>(source.data)[i];

  Layout out;
  const auto refuse = [&](const char* why) { throw ArgumentError{ArgumentError::kRange, prefix(name) + why}; };
  if (length == 0 || fields[0] < 0 || fields[0] > Layout::kMaxRank) refuse("expected a rank of 0 to 8");
  out.rank = fields[0];
  const size_t rank = static_cast<size_t>(out.rank);
  if (length < 1 + rank + Layout::kOperands * (rank + 1)) refuse("too short for its rank");
  size_t at = 1;
  const auto next = [&]() -> size_t {
    if (fields[at] < 0) refuse("sizes, strides and offsets cannot be negative");
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
