// The pages and the chart that are made of kept runs of the benchmark.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { madeUp } from './bench-run';

const folder = join(__dirname, '..', 'bench');
const load = (file: string) => import(pathToFileURL(join(folder, file)).href);

describe('pages', () => {
  const page = [
    'Before.',
    '<!-- table made-up: adam -->',
    'an older table',
    '<!-- end -->',
    '<!-- chart made-up -->',
    '<!-- end -->',
    '<!-- table absent -->',
    'stays',
    '<!-- end -->',
    '',
  ].join('\n');
  const command = 'npm run bench -- --json FILE';
  const run = () => ({ ...madeUp(), command, build: 'abc1234', cells: madeUp().cells.map((cell) => ({ ...cell, version: '1.2' })) });

  it('get their tables and charts from runs, each with machine, build and command', async () => {
    const { filled } = await load('performance.mjs');
    const { chart } = await load('chart.mjs');
    const drawn = new Map<string, object>();
    const origin = '1 of 2 CPUs of A CPU, 4 GiB, Linux 6 x64, Node v20.0.0; simdnn 1.2';
    const from = `2026-01-01, build abc1234: \`${command}\`.`;
    const text: string = filled(
      page,
      (name: string) => (name === 'made-up' ? run() : undefined),
      (name: string, of: object) => drawn.set(name, of),
    );
    expect(text.split('\n')).toEqual([
      'Before.',
      '<!-- table made-up: adam -->',
      '|  | adam |',
      '| --- | ---: |',
      '| simdnn | 2.80 ms (1.00x) |',
      '',
      `${origin}. ${from}`,
      '',
      '- plain JavaScript: failed: no memory (adam)',
      '<!-- end -->',
      '<!-- chart made-up -->',
      '![Time of a training step of student, adam, beside other libraries](docs/made-up.svg)',
      '',
      `Each other library in its fastest mode. ${origin}; plain JavaScript 1.2. ${from}`,
      '<!-- end -->',
      '<!-- table absent -->',
      'stays',
      '<!-- end -->',
      '',
    ]);
    expect(chart(drawn.get('made-up'))).toBe(chart(run()));
    expect(
      filled(
        text,
        (name: string) => (name === 'made-up' ? run() : undefined),
        () => {},
      ),
    ).toBe(text);
  });

  it('name trials that their runs have', async () => {
    const { filled } = await load('performance.mjs');
    expect(() => filled('<!-- table made-up: wide -->\n<!-- end -->', run, () => {})).toThrow('the run has no wide');
  });

  it('of this project are what the script makes of the runs that are kept', () => {
    const { status, stdout } = spawnSync(process.execPath, [join(folder, 'performance.mjs'), '--check'], { encoding: 'utf8' });
    expect([status, stdout.includes('is not what its runs say')]).toEqual([0, false]);
  });

  it('of this project mark places for trials that there are', async () => {
    const { trials } = await load('trials.mjs');
    const text = ['README.md', 'docs/performance.md'].map((name) => readFileSync(join(folder, '..', name), 'utf8')).join('\n');
    const places = [...text.matchAll(/<!-- (?:table|chart) ([\w-]+)(?:: (.*?))? -->/g)];
    expect(places.map(([, name]) => name)).toEqual([
      'trainings',
      'trainings',
      'trainings-intel',
      'inference',
      'inference-intel',
      'steps',
      'shapes',
      'shapes-intel',
      'kernels',
    ]);
    expect(text.match(/<!-- end -->/g)).toHaveLength(places.length);
    const named = places.flatMap(([, , names]) => names?.split(', ') ?? []);
    expect(named.filter((name) => !trials.some((trial: { name: string }) => trial.name === name))).toEqual([]);
  });
});
