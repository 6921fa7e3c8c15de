#include "support/keep_loaded.h"

#if defined(_WIN32)
#include <windows.h>
#elif defined(__APPLE__)
#include <dlfcn.h>
#endif

namespace simdnn {

void keep_loaded() {
#if defined(_WIN32)
  HMODULE addon;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, reinterpret_cast<LPCWSTR>(&keep_loaded), &addon);
#elif defined(__APPLE__)
  Dl_info addon;
  if (dladdr(reinterpret_cast<const void*>(&keep_loaded), &addon) != 0) dlopen(addon.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
#endif
}

}  // namespace simdnn
