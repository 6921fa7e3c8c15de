// The commands in binding.gyp are run by node-gyp through the shell of the system.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(__dirname, '..');

it.skipIf(process.platform === 'win32')('binding.gyp lists what is compiled, and finds cmake-js', () => {
  const text = readFileSync(join(root, 'binding.gyp'), 'utf8');
  const commands = [...text.matchAll(/"<!@?\((.*)\)"/g)].map(([, command]) => JSON.parse(`"${command}"`) as string);
  const printed = commands.map((command) => execFileSync('sh', ['-c', command], { cwd: root, encoding: 'utf8' }).trim());
  expect(printed[0]!.split(' ')).toEqual(expect.arrayContaining(['native/addon.cc', 'native/kernels/table.h']));
  expect(printed[1]).toMatch(/cmake-js/);
});
