// The priority of threads that work in the background.
#pragma once
#ifdef __linux__
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace simdnn {

// Sets the niceness of the calling thread. It does nothing on other systems than Linux, where a niceness belongs to the process and not to a thread.
inline void set_niceness(int niceness) {
#ifdef __linux__
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), niceness);
#else
  (void)niceness;
#endif
}

}  // namespace simdnn
