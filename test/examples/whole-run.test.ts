// From a CSV file to ONNX Runtime through the built command line, a training that is killed, and the same one in TypeScript: a process of its own.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeStudents } from '../../examples/student-data';
import { peer } from '../io/onnx-helpers';
import { temporaryFolder } from '../temporary';

const root = join(__dirname, '../..');
const folder = temporaryFolder();
const modules = join(root, 'test/io/peers');

function wholeRun(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(root, 'build/examples/whole-run.js'), ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, TMPDIR: folder, TEMP: folder },
  });
}

beforeAll(() => {
  if (!existsSync(join(root, 'dist/cli.js'))) throw new Error('dist/cli.js is missing: npm run build makes it');
  peer('onnxruntime-node'); // installed where it is not
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'examples')]);
});

// What a run says that went well; `rows` and figures differ from file to file.
const line = {
  train: /^train: best epoch (\d+) of 60, accuracy ([\d.]+) %, f1 ([\d.]+)$/m,
  report: /^report: (\d+) figures in (\d+) KB$/m,
  predict: /^predict: (\d+) of 300 new students as they were drawn$/m,
  killed: /^killed with SIGKILL; the checkpoint is of epoch (\d+) of 60$/gm,
};
const claims = [
  'which is rounding',
  'killed twice and resumed, the model has the same bits',
  'and its losses and accuracies are the same',
  'the loop written out has the same losses and accuracies',
  'and the same weights',
];

function expectWhole(stdout: string): void {
  const [, best, accuracy, f1] = line.train.exec(stdout)!.map(Number) as [number, number, number, number];
  expect(best).toBeGreaterThan(5);
  expect(accuracy).toBeGreaterThan(88);
  expect(f1).toBeGreaterThan(0.75);
  const [, figures] = line.report.exec(stdout)!.map(Number);
  expect(figures).toBeGreaterThanOrEqual(4); // losses, a metric, the rate, the confusion matrix
  expect(Number(line.predict.exec(stdout)![1])).toBeGreaterThan(240);
  const [first, second, ...more] = [...stdout.matchAll(line.killed)].map(([, epoch]) => Number(epoch));
  expect(more).toEqual([]);
  expect(first).toBeGreaterThanOrEqual(3);
  expect(second).toBeGreaterThan(first!);
  expect(second).toBeLessThan(60);
  expect(stdout.match(/^.*: (yes|NO)$/gm)).toEqual(claims.map((claim) => `${claim}: yes`));
}

describe('whole-run.ts', () => {
  it('goes from a file to ONNX Runtime, is killed and goes on, and is a loop of TypeScript bit for bit', () => {
    const { status, stdout, stderr } = wholeRun('--modules', modules);
    expect(stderr).toBe('');
    expectWhole(stdout);
    expect(status).toBe(0);
    expect(readdirSync(folder).filter((name) => name.startsWith('whole-run-'))).toEqual([]); // and leaves nothing of its own
  });

  it('takes a file of the same columns', () => {
    writeStudents(join(folder, 'others.csv'), 1200, 9);
    const { status, stdout, stderr } = wholeRun('--modules', modules, '--csv', 'others.csv');
    expect(stderr).toBe('');
    expectWhole(stdout);
    expect(status).toBe(0);
  });

  it('says what is wrong with the file', () => {
    const { status, stdout, stderr } = wholeRun('--modules', modules, '--csv', 'none.csv');
    expect([status, stdout, stderr]).toEqual([1, '', 'whole-run: simdnn train ended with 1: simdnn: none.csv does not exist\n']);
  });
});
