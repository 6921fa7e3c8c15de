// The demo as it is typed: a process of its own, on the built package.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { features, makeStudents } from '../../examples/student-data';
import { temporaryFolder } from '../temporary';

const root = join(__dirname, '../..');
const folder = temporaryFolder();

function demo(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(root, 'build/examples/demo.js'), ...args], { encoding: 'utf8', cwd: folder });
}

beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'examples')]);
});

const accuracies = (stdout: string): number[] =>
  [...stdout.matchAll(/accuracy on the \d+ held-out rows: ([\d.]+) %/g)].map(([, percent]) => Number(percent));

describe('npm run demo', () => {
  let usual: ReturnType<typeof demo>;
  beforeAll(() => {
    usual = demo();
  });

  it('trains on students drawn at random, then on digits', () => {
    const { status, stdout, stderr } = usual;
    expect(stderr).toContain('SIMDNN_SOFTMAX_BEFORE_CROSS_ENTROPY');
    const [logits, softmax, digits] = accuracies(stdout) as [number, number, number];
    expect(logits).toBeGreaterThanOrEqual(94);
    expect(softmax).toBeGreaterThanOrEqual(88);
    expect(digits).toBeGreaterThanOrEqual(97);
    expect(stdout.match(/^ {2}epoch +\d+0: average loss \d\.\d{4}$/gm)).toHaveLength(20 + 20 + 4);
    expect(stdout).not.toContain('\u001b'); // plain lines where there is no terminal
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^[\d,]+ samples a second in training; instruction set \w+, threads \d+$/);
    expect(status).toBe(0);
  });

  it('counts every held-out digit in the confusion matrix', () => {
    const { stdout } = usual;
    const rows = [...stdout.matchAll(/^ {4}\d ((?: +(?:\d+|\.)){10})$/gm)].map(([, cells]) =>
      cells!
        .trim()
        .split(/ +/)
        .map((cell) => (cell === '.' ? 0 : Number(cell))),
    );
    expect(rows).toHaveLength(10);
    expect(rows.flat().reduce((a, b) => a + b)).toBe(360);
  });

  it('reads a CSV file', () => {
    const { x, y } = makeStudents(600, 3);
    const rows = Array.from({ length: 600 }, (_, i) => [1000 + i, ...x.narrow(0, i, 1).data, `${y.data[i]}.0`].join(','));
    writeFileSync(join(folder, 'students.csv'), `${[['StudentID', ...features, 'GradeClass'].join(','), ...rows].join('\n')}\n`);
    const { status, stdout } = demo('--csv', 'students.csv');
    expect(stdout).toContain('600 students of students.csv');
    expect(accuracies(stdout)).toHaveLength(3);
    expect(status).toBe(0);
  });
});

describe('npm run demo, given what it cannot use,', () => {
  const refused = (args: string[], message: RegExp) => {
    const { status, stdout, stderr } = demo(...args);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(status).toBe(1);
  };

  it('names an unknown option', () => refused(['--cvs', 'x.csv'], /^demo: Unknown option '--cvs'/));
  it('says that an option lacks its value', () => refused(['--csv'], /^demo: Option '--csv <value>' argument missing/));
  it('refuses a stray argument', () => refused(['students.csv'], /^demo: Unexpected argument 'students\.csv'/));
  it('says that a file does not exist', () => refused(['--csv', 'none.csv'], /^demo: .*none\.csv does not exist$/m));
  it('names a missing column', () => {
    writeFileSync(join(folder, 'other.csv'), 'Age,GradeClass\n17,1\n');
    refused(['--csv', 'other.csv'], /^demo: .*other\.csv has no column "Gender"/);
  });
  it('names the place of what is not a number', () => {
    const values = features.map((_, i) => (i === 5 ? 'many' : '1'));
    writeFileSync(join(folder, 'text.csv'), `${[...features, 'GradeClass'].join(',')}\n${[...values, '1'].join(',')}\n`);
    refused(['--csv', 'text.csv'], /^demo: .*line 2, column "Absences": expected a number, got "many"; file: .*\.csv/m);
  });
  it('says that a file has too few rows', () => {
    writeFileSync(join(folder, 'short.csv'), `${[...features, 'GradeClass'].join(',')}\n${'1,'.repeat(13)}1\n`);
    refused(['--csv', 'short.csv'], /^demo: /);
  });
});
