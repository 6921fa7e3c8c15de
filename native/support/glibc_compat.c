/* Binds the thread functions that moved into libc.so.6 in glibc 2.34 to their old versions, so that a
   build made on a new distribution still loads on glibc 2.28. Linked with -Wl,--wrap=<name> for each name
   of the list in CMakeLists.txt. */
#include <pthread.h>
#if defined(__linux__) && defined(__GLIBC__)
#if defined(__x86_64__)
#define VERSION "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define VERSION "GLIBC_2.17"
#endif
#define WRAP(name, parameters, arguments)                \
  extern int old_##name parameters;                      \
  __asm__(".symver old_" #name "," #name "@" VERSION);   \
  int __wrap_##name parameters { return old_##name arguments; }
WRAP(pthread_create, (pthread_t *a, const pthread_attr_t *b, void *(*c)(void *), void *d), (a, b, c, d))
WRAP(pthread_join, (pthread_t a, void **b), (a, b))
WRAP(pthread_detach, (pthread_t a), (a))
WRAP(pthread_once, (pthread_once_t *a, void (*b)(void)), (a, b))
WRAP(pthread_mutex_trylock, (pthread_mutex_t *a), (a))
WRAP(__pthread_key_create, (pthread_key_t *a, void (*b)(void *)), (a, b))
/* Weakly used by libstdc++.a; a copy of our own ("always several threads") avoids GLIBC_2.32. */
char __libc_single_threaded = 0;
#endif
