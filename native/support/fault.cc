// One lock for all Fault objects, because faults are rare. Without it two threads of a call could mix the position of one fault with the value of another.
#include <mutex>

#include "support/run.h"

namespace simdnn {
namespace {

std::mutex reporting;

}  // namespace

void Fault::report(const char* array, size_t position, int32_t value, size_t limit) {
  const std::lock_guard<std::mutex> lock(reporting);
  if (position >= position_) return;
  array_ = array;
  position_ = position;
  has_limit_ = true;
  value_ = value;
  limit_ = limit;
}

void Fault::report(const char* array, size_t position) { report(array, position, "is out of range"); }

void Fault::report(const char* array, size_t position, const char* reason) {
  const std::lock_guard<std::mutex> lock(reporting);
  if (position >= position_) return;
  array_ = array;
  position_ = position;
  reason_ = reason;
  has_limit_ = false;
}

void Fault::refuse(const char* reason) {
  const std::lock_guard<std::mutex> lock(reporting);
  array_ = "";
  position_ = 0;
  reason_ = reason;
  has_limit_ = false;
}

}  // namespace simdnn
