import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { describe, expect, it } from 'vitest';
import { cureOf } from '../src/cures';
import { temporaryFolder } from './temporary';

const root = join(__dirname, '..');
const folder = temporaryFolder();

// Without what names a binary: an environment that has it would load that one.
const { SIMDNN_PREBUILD: _, ...env } = process.env;

describe('each reason for which the addon does not load has its cure', () => {
  it.each<[string, string | undefined, string, RegExp]>([
    ['addons are turned off', 'ERR_DLOPEN_DISABLED', 'Cannot load native addon because loading addons is disabled.', /--no-addons/],
    ['no right to read', 'ERR_ACCESS_DENIED', 'Access to this API has been restricted', /--allow-fs-read=/],
    ['no right to execute', 'ERR_DLOPEN_FAILED', 'simdnn.node: failed to map segment from shared object', /noexec/],
    ['an unreadable file', 'ERR_DLOPEN_FAILED', 'simdnn.node: cannot open shared object file: Permission denied', /chmod/],
    ['an old system', 'ERR_DLOPEN_FAILED', "/lib/libc.so.6: version `GLIBC_2.28' not found", /C library is older/],
    ['another platform', 'ERR_DLOPEN_FAILED', 'simdnn.node: invalid ELF header', /another platform: delete/],
    ['half a file', undefined, '/a/simdnn.node is truncated: 1000 of 2000 bytes', /damaged or of another platform: delete/],
    ['half a file on Windows', 'ERR_DLOPEN_FAILED', 'Bad EXE format for simdnn.node.', /damaged or of another platform: delete/],
    ['no binary', undefined, 'there is no binary for freebsd-x64', /has a binary for Linux, macOS and Windows/],
  ])('%s', (_, code, message, cure) => {
    expect(cureOf({ directory: root, code, message })[0]).toMatch(cure);
  });

  it('a SIMDNN_PREBUILD that names something else', () => {
    const program = "require('simdnn')";
    const { stderr } = spawnSync(process.execPath, ['-e', program], {
      cwd: root,
      env: { ...env, SIMDNN_PREBUILD: folder },
      encoding: 'utf8',
    });
    expect(stderr).toContain(`cure: the environment variable SIMDNN_PREBUILD is ${JSON.stringify(folder)}`);
  });

  // The system would map it and end the process with SIGBUS.
  it.runIf(process.platform === 'linux')('a binary that ends too early, wherever', () => {
    const whole = readFileSync(join(root, 'build/Release/simdnn.node'));
    const place = join(folder, 'build/Release');
    mkdirSync(place, { recursive: true });
    for (const length of [100, 4096, whole.length >> 1, whole.length - 1]) {
      writeFileSync(join(place, 'simdnn.node'), whole.subarray(0, length));
      const { status, signal, stderr } = spawnSync(process.execPath, ['-e', "require('simdnn')"], {
        cwd: root,
        env: { ...env, SIMDNN_PREBUILD: folder },
        encoding: 'utf8',
      });
      expect([status, signal]).toEqual([1, null]);
      expect(stderr).toContain(`reason: ${join(place, 'simdnn.node')} is truncated: ${length} of ${whole.length} bytes`);
      expect(stderr).toContain('cure: the binary is damaged');
    }
    rmSync(join(folder, 'build'), { recursive: true });
  });

  it('a bundle', () => {
    expect(cureOf({ directory: folder, code: undefined, message: 'there is no binary for linux-x64' })[0]).toContain('mark it as external');
  });
});

// What Node prints of a program that loads the package.
const printed = (args: string[], cwd = root): string => {
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' });
  return stdout + stderr;
};

it('Node without addons is told so', () => {
  expect(printed(['--no-addons', '-e', "require('simdnn')"])).toMatch(/SIMDNN_ADDON_NOT_LOADED|cure: Node was started with --no-addons/);
  expect(printed(['--no-addons', '-e', "require('simdnn')"])).toContain('cure: Node was started with --no-addons');
});

describe('a bundle', () => {
  const bundled = async (file: string, code: string, external: string[]): Promise<string> => {
    const input = 'entry';
    const plugins = [
      { name: 'entry', resolveId: (id: string) => (id === input ? id : null), load: (id: string) => (id === input ? code : null) },
    ];
    const bundle = await rolldown({
      input,
      platform: 'node',
      plugins,
      external,
      resolve: { alias: { simdnn: join(root, 'dist/index.mjs') } },
      logLevel: 'silent',
    });
    await bundle.write({ file: join(folder, file), format: 'cjs', codeSplitting: false } as never);
    await bundle.close();
    return printed([join(folder, file)]);
  };
  const program = "import { version, ones } from 'simdnn'; console.log('works', version, ones([2]).sum().item());";

  it('that takes the package in says what to mark as external', async () => {
    const output = await bundled('inside.cjs', program, []);
    expect(output).toContain('SIMDNN_ADDON_NOT_LOADED');
    expect(output).toContain('cure: simdnn was put into a bundle, where its binary is not: mark it as external');
  });

  it('that takes it in works with the binary that SIMDNN_PREBUILD names', async () => {
    await bundled('named.cjs', program, []);
    const { stdout } = spawnSync(process.execPath, [join(folder, 'named.cjs')], {
      env: { ...process.env, SIMDNN_PREBUILD: root },
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/^works \d+\.\d+\.\d+ 2$/m);
  });
});

it('two copies of the package: what belongs to the other one is named so, with the folders of both', () => {
  const copied = join(folder, 'copy');
  for (const part of ['dist', 'native', 'build/Release', 'package.json']) {
    cpSync(join(root, part), join(copied, part), { recursive: true });
  }
  const code = `const [a, b] = [require('simdnn'), require(${JSON.stringify(join(copied, 'dist/index.js'))})];
    for (const wrong of [() => b.ones([2]).add(a.ones([2])), () => new b.optim.SGD([a.ones([2])], { lr: 1 }), () => b.nn.utils.parametersToVector([a.ones([2])])])
      try { wrong(); console.log('nothing'); } catch (error) { console.log(error.message.includes('of another copy of simdnn (one is loaded from ${join(root, 'dist')}, one from ${join(copied, 'dist')})') || error.message); }`;
  expect(printed(['-e', code])).toBe('true\ntrue\ntrue\n');
});

it('an addon that is loaded again in an environment is the one that is there', () => {
  const code = `const threads = () => require('fs').readdirSync('/proc/self/task').length;
    const round = async () => { for (const key of Object.keys(require.cache)) delete require.cache[key];
      const { data, nn, optim, rand, train } = require('simdnn'); const model = new nn.Linear(2, 1);
      await train.fit(model, { criterion: new nn.MSELoss(), optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
        loader: new data.DataLoader(new data.TensorDataset(rand([8, 2]), rand([8, 1]))), epochs: 1, progress: false });
      return threads(); };
    (async () => { const first = await round(); await round(); console.log(await round() - first); })();`;
  if (process.platform === 'linux') expect(printed(['-e', code])).toBe('0\n');
});
