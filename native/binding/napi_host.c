/* Resolves Node-API on Windows. Its functions belong to the program that loads the addon, whatever the program is called (node.exe, electron.exe, bun.exe).
   node_api.h declares them with dllimport, so each call goes through a pointer __imp_<name>. These pointers are defined here and set when the addon is loaded.
   So no import library is needed that would name a program. CMakeLists.txt makes node_api.def from Node's headers. */
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
