/* Resolves Node-API on Windows. The functions of Node-API are in the program that loads the addon, and that program may have any name (node.exe, electron.exe,
   bun.exe), so the addon cannot be linked with an import library, which would contain a name. node_api.h declares the functions with dllimport, by which each
   call goes through a pointer __imp_<name>. This file defines these pointers and sets them when the addon is loaded. CMakeLists.txt makes node_api.def, the list
   of names, from Node's headers. */
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
