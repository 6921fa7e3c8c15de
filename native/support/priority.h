// How threads that work in the background give way.
#pragma once
#ifdef __linux__
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace simdnn {

// Lets the calling thread give way to others of the machine by `niceness`, from then on: on Linux, where a thread has one of its own.
inline void give_way(int niceness) {
#ifdef __linux__
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), niceness);
#else
  (void)niceness;
#endif
}

}  // namespace simdnn
