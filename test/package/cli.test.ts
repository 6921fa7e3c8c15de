// The command line of the installed package, as npx finds it.
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { consumer, fillCache, forNpm, install, root, run, tarball, toolbox } from './install';

let folder: string;
let path: string;
beforeAll(() => {
  fillCache();
  folder = consumer();
  path = toolbox([...forNpm, 'npx']);
  install(folder, tarball, path);
  copyFileSync(join(root, 'examples/data/digits.csv'), join(folder, 'digits.csv'));
});

const npx = (...args: string[]) => run(folder, join(path, 'npx'), ['--offline', 'simdnn', ...args], { ...process.env, PATH: path });

it('trains, predicts, evaluates and exports', () => {
  const trained = npx('train', 'digits.csv', '--target', 'digit', '--epochs', '10', '--model', 'digits.safetensors', '--json');
  expect(trained.status).toBe(0);
  const { metrics, classes } = JSON.parse(trained.output);
  expect(metrics.accuracy).toBeGreaterThan(0.9);
  expect(classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  expect(npx('predict', 'digits.safetensors', 'digits.csv', '--output', 'found.csv')).toMatchObject({
    status: 0,
    output: 'wrote found.csv: 1797 rows\n',
  });
  expect(readFileSync(join(folder, 'found.csv'), 'utf8').split('\n')).toHaveLength(1799);
  expect(JSON.parse(npx('evaluate', 'digits.safetensors', 'digits.csv', '--json').output).metrics.accuracy).toBeGreaterThan(0.9);
  expect(npx('export', 'digits.safetensors', 'digits.onnx').status).toBe(0);
  expect(readFileSync(join(folder, 'digits.onnx')).length).toBeGreaterThan(10_000);
});

it('tells its version, what runs, and what was typed wrong', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(npx('--version').output).toBe(`${version}\n`);
  expect(JSON.parse(npx('info', '--json').output).version).toBe(version);
  expect(npx('train', 'digits.csv')).toMatchObject({ status: 2, output: expect.stringContaining('--target <column>') });
});

it('says without a stack that there is no addon, and helps all the same', () => {
  const bare = consumer();
  install(bare, tarball, path, ['--ignore-scripts']);
  rmSync(join(bare, 'node_modules/simdnn/prebuilds'), { recursive: true });
  const simdnn = (...args: string[]) => run(bare, join(path, 'npx'), ['--offline', 'simdnn', ...args], { ...process.env, PATH: path });
  for (const args of [['--help'], ['build', '--help'], ['train', '-h'], ['help', 'info'], ['--version']]) {
    expect(simdnn(...args)).toMatchObject({ status: 0, output: npx(...args).output });
  }
  const { status, output } = simdnn('info');
  expect([status, output]).toEqual([1, expect.stringMatching(/^simdnn: the native addon did not load\n[\s\S]*there is no binary/)]);
  expect(output).not.toMatch(/^ {4}at /m);
});
