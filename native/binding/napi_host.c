/* Node-API on Windows: its functions are those of the program that loads the addon, whatever that program is called (node.exe, electron.exe, bun.exe).
   node_api.h declares them with dllimport, so that each call goes through a pointer __imp_<name>; here these pointers are defined, and filled when the
   addon is loaded. No import library names a program then, and none is needed. node_api.def is made by CMakeLists.txt from Node's headers. */
#include <windows.h>

#define X(name) FARPROC __imp_##name;
#include "node_api.def"
#undef X

BOOL WINAPI DllMain(HINSTANCE addon, DWORD reason, LPVOID reserved) {
  (void)addon;
  (void)reserved;
  if (reason == DLL_PROCESS_ATTACH) {
    const HMODULE host = GetModuleHandleW(NULL);
#define X(name) __imp_##name = GetProcAddress(host, #name);
#include "node_api.def"
#undef X
  }
  return TRUE;
}
