// The priority of threads that work in the background.
#pragma once
#ifdef __linux__
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace simdnn {

// Lowers the calling thread's priority by `niceness` from now on. Only on Linux, where each thread has a priority of its own.
inline void give_way(int niceness) {
#ifdef __linux__
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), niceness);
#else
  (void)niceness;
#endif
}

}  // namespace simdnn
