/* The symbols that Debian's C++ library needs and only glibc has, so that muslBun (emulators.mjs) can use the library with musl. Bun never relies on what they do. */
#include <stddef.h>
size_t strftime(char *, size_t, const char *, const void *);
size_t __strftime_l(char *text, size_t size, const char *format, const void *time, void *locale) {
  (void)locale;
  return strftime(text, size, format, time);
}
int __cxa_thread_atexit_impl(void (*end)(void *), void *object, void *library) { return (void)end, (void)object, (void)library, 0; }
int _dl_find_object(void *address, void *found) { return (void)address, (void)found, -1; }
unsigned arc4random(void) { return 4; }
char __libc_single_threaded = 0;
