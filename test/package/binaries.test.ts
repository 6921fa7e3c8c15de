// What the binaries of the tarball are, need and give away, read with LLVM's tools, which know the files of all systems.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { binaries, platforms, root, run, unpacked } from './install';

let folder: string;
beforeAll(() => {
  folder = unpacked();
});

function output(command: string, ...args: string[]): string {
  const { status, output } = run(root, command, args);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${output}`);
  return output;
}

// Names as C has them: Mach-O puts a _ before each.
const names = (system: string, ...options: string[]): string[] =>
  output('llvm-nm', '--just-symbol-name', ...options)
    .split('\n')
    .filter((name) => name !== '')
    .map((name) => (system === 'darwin' ? name.replace(/^_/, '') : name.replace(/@.*/, '')));

const formats: Record<string, string> = {
  'linux-x64': 'elf64-x86-64',
  'linux-arm64': 'elf64-littleaarch64',
  'darwin-x64': 'Mach-O 64-bit x86-64',
  'darwin-arm64': 'Mach-O arm64',
  'win32-x64': 'COFF-x86-64',
  'win32-arm64': 'COFF-ARM64',
};

// What each system has for every program.
const systemLibraries: Record<string, RegExp> = {
  'linux-glibc': /^(lib(c|m|dl|rt|pthread)\.so\.\d|ld-linux-[\w-]+\.so\.\d)$/,
  'linux-musl': /^libc\.so$/,
  darwin: /^(\/usr\/lib\/libSystem\.B\.dylib|@rpath\/simdnn(-mpi)?\.node)$/, // the second is the binary's own name
  win32: /^(KERNEL32\.dll|api-ms-win-crt-[\w-]+\.dll|ntdll\.dll|ADVAPI32\.dll)$/i,
};

const exported = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
const { v8 } = (require('node-api-headers') as { symbols: Record<string, Record<string, string[]>> }).symbols;
const apiOf8 = new Set(Object.values(v8!).flat());

// In bytes, and the least number of Node-API's functions that are called.
const bounds = {
  simdnn: { size: 6e6, packed: 2.5e6, calls: 40 },
  'simdnn-mpi': { size: 0.6e6, packed: 0.25e6, calls: 10 },
};

describe.each(binaries)('$file', ({ platform, addon, file: name }) => {
  const [system, arch, libc] = platform.split('-') as [string, string, string | undefined];
  const { size, packed, calls } = bounds[addon];
  const file = (): string => join(folder, name);
  const read = (...options: string[]): string => output('llvm-readobj', ...options, file());

  it('is for that system and processor', () => {
    expect(read('--file-headers')).toContain(`Format: ${formats[`${system}-${arch}`]}\n`);
  });

  it(`has at most ${size} bytes, packed ${packed}`, () => {
    expect(statSync(file()).size).toBeLessThanOrEqual(size);
    expect(gzipSync(readFileSync(file())).length).toBeLessThanOrEqual(packed);
  });

  it('exports what Node asks for alone', () => {
    const found =
      system === 'win32'
        ? [...read('--coff-exports').matchAll(/^ *Name: (\w+)$/gm)].map(([, name]) => name!)
        : names(system, system === 'darwin' ? '--extern-only' : '--dynamic', '--defined-only', file());
    // On macOS the C++ library's operators are there for any program to replace, and the linker adds two names for the binary itself.
    expect(found.filter((name) => !/^_Zn[wa]|^_Zd[la]|^__dso_handle$|^_mh_dylib_header$/.test(name)).sort()).toEqual(exported);
  });

  it("needs the system's own libraries alone", () => {
    const list =
      system === 'win32'
        ? [...read('--coff-imports').matchAll(/^ *Name: (\S+)$/gm)].map(([, name]) => name!)
        : read('--needed-libs')
            .split('\n')
            .flatMap((line) => line.match(/^ {2}(\S+)/)?.[1] ?? []);
    expect(list.length).toBeGreaterThan(0);
    const allowed = systemLibraries[[system, ...(libc ? [libc] : [])].join('-')]!;
    expect(list.filter((name) => !allowed.test(name))).toEqual([]);
  });

  it('does not contain the path of the folder that it was built in', () => {
    expect(readFileSync(file()).includes(root)).toBe(false);
  });

  it.skipIf(system === 'win32')("calls Node-API's functions of version 8 alone", () => {
    const undefinedNames = names(system, ...(system === 'darwin' ? [] : ['--dynamic']), '--undefined-only', file());
    const called = undefinedNames.filter((name) => /^(napi|node_api)_/.test(name));
    expect(called.length).toBeGreaterThan(calls);
    expect(called.filter((name) => !apiOf8.has(name))).toEqual([]);
    expect(undefinedNames.filter((name) => /^_Z/.test(name) || /^__cxa_throw/.test(name))).toEqual([]); // no C++ library of the system's
  });

  it.runIf(libc === 'glibc')('runs on glibc 2.17', () => {
    const versions = [...read('--version-info').matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(
      ([, major, minor]) => 1000 * Number(major) + Number(minor),
    );
    expect(versions.length).toBeGreaterThan(0);
    expect(Math.max(...versions)).toBeLessThanOrEqual(2017);
  });

  it.runIf(system === 'linux')('stays mapped when its last worker ends', () => {
    expect(read('--dynamic-table')).toContain('NODELETE');
  });

  it.runIf(arch === 'arm64' && addon === 'simdnn')('uses none of the cryptographic instructions that its compiler may use', () => {
    const code = output('llvm-objdump', '-d', '--no-show-raw-insn', file());
    expect(code.match(/\tfmla/g)!.length).toBeGreaterThan(100);
    expect(code.match(/\t(aes\w+|pmull2?(\.1q|\t\S+\.1q)|sha\w+)\b/g)).toBeNull();
  });
});

const targetsOf: Record<string, string[]> = { x64: ['scalar', 'sse4', 'avx2', 'avx512'], arm64: ['scalar', 'neon'] };

// The linker keeps one of all functions of a name. A copy for a higher instruction set must not serve the others.
describe.each(platforms)('the kernels for %s', (platform) => {
  it('have no function that one instruction set could lend another', () => {
    const sources = readdirSync(join(root, 'native/kernels')).filter((name) => name.endsWith('.cc'));
    expect(sources.length).toBeGreaterThan(10);
    for (const target of targetsOf[platform.split('-')[1]!]!) {
      const objects = join(root, 'build', `zig-${platform}`, 'CMakeFiles', `kernels_${target}.dir/native/kernels`);
      const ending = platform.startsWith('win32') ? 'obj' : 'o';
      const symbols = output(
        'llvm-nm',
        '-C',
        '--defined-only',
        '--extern-only',
        ...sources.map((name) => join(objects, `${name}.${ending}`)),
      );
      // On Windows a variable of another file is reached through a constant that holds its address: no code, and the same in each.
      const defined = symbols.split('\n').filter((line) => / [A-Z] /.test(line) && !/ R \.refptr\./.test(line));
      expect(defined.length).toBeGreaterThan(100);
      // Highway's functions are in a namespace for each instruction set; what is not inlined of EMU128's serves scalar code alone.
      const own = target === 'scalar' ? ['simdnn::scalar::', 'hwy::N_EMU128::'] : [`simdnn::${target}::`];
      expect(defined.filter((line) => !own.some((namespace) => line.includes(namespace)))).toEqual([]);
    }
  });
});
