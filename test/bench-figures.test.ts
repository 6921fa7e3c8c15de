// The figures of the benchmark: its data, its check of results, its reports.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { madeUp } from './bench-run';
import { temporaryFolder } from './temporary';

const folder = join(__dirname, '..', 'bench');
const load = (file: string) => import(pathToFileURL(join(folder, file)).href);
const scratch = temporaryFolder();

describe('data', () => {
  it('is a known function of index and seed', async () => {
    const { hash, labels, normal, uniform } = await load('data.mjs');
    expect([hash(0, 0), hash(1, 0), hash(0, 1), hash(4294967295, 2)]).toEqual([0, 1753845952, 33350994, 538578972]);
    expect([...labels(8, 5, 2)]).toEqual([0, 4, 0, 0, 2, 4, 0, 0]);
    expect([...normal(3, 1)]).toEqual([-2.2409186363220215, 2.4604485034942627, -0.7583547830581665]);
    expect([...uniform(3, 100, 0.5)]).toEqual([0.16082440316677094, 0.1823371797800064, 0.28056594729423523]);
  });

  it('gives a mean near 0 and a spread near 1', async () => {
    const { normal } = await load('data.mjs');
    const values: Float32Array = normal(100_000, 9);
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean) < 0.02 && Math.abs(variance - 1) < 0.03).toBe(true);
  });

  it('transposes weights, spreads classes and digests results', async () => {
    const { digest, oneHot, transposed } = await load('data.mjs');
    expect([...transposed({ in: 3, out: 2, weight: Float32Array.of(1, 2, 3, 4, 5, 6) })]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...oneHot(Int32Array.of(2, 0), 3)]).toEqual([0, 0, 1, 1, 0, 0]);
    expect(digest(Float32Array.of(-3), 2)).toEqual([6, -6, -6, -6, -6]);
  });

  it.each(['student', 'adam', 'cross-entropy', 'epoch'])('counts the least work of %s', async (name) => {
    const { trials, work } = await load('trials.mjs');
    const counted = {
      student: { flops: 385_920 },
      adam: { bytes: 280e6 },
      'cross-entropy': { bytes: 8 * 4096 * 1000 },
      epoch: { flops: 28_847_520 },
    };
    expect(work(trials.find((trial: { name: string }) => trial.name === name))).toEqual(counted[name as keyof typeof counted]);
  });
});

describe('the ONNX writer', () => {
  it('writes what a parser of the wire format reads back', async () => {
    const { onnxModel } = await load('drivers/onnx.mjs');
    const { network } = await load('data.mjs');
    const fields = (message: Buffer): [number, number | Buffer][] => {
      const out: [number, number | Buffer][] = [];
      let at = 0;
      const varint = () => {
        for (let value = 0, factor = 1; ; factor *= 128) {
          const byte = message[at++]!;
          value += (byte % 128) * factor;
          if (byte < 128) return value;
        }
      };
      while (at < message.length) {
        const key = varint();
        const value = varint();
        const isNumber = key % 8 === 0;
        out.push([key >> 3, isNumber ? value : message.subarray(at, at + value)]);
        if (!isNumber) at += value;
      }
      return out;
    };
    const all = (message: Buffer, field: number) =>
      fields(message).flatMap(([number, value]) => (number === field ? [value as Buffer] : []));
    const layers = network([13, 300, 5]);
    const model: Buffer = onnxModel(layers, 32);
    const [graph] = all(model, 7);
    expect(all(graph!, 1).map((node) => [...all(node, 1), ...all(node, 2), ...all(node, 4)].map(String))).toEqual([
      ['x', 'weight0', 'bias0', 'layer0', 'Gemm'],
      ['layer0', 'relu0', 'Relu'],
      ['relu0', 'weight1', 'bias1', 'y', 'Gemm'],
    ]);
    const weights = all(graph!, 5);
    expect(weights.map((one) => [String(all(one, 8)[0]), ...all(one, 1)])).toEqual([
      ['weight0', 300, 13],
      ['bias0', 300],
      ['weight1', 5, 300],
      ['bias1', 5],
    ]);
    expect(all(weights[2]!, 9)[0]!.equals(Buffer.from(layers[1].weight.buffer))).toBe(true);
  });
});

describe('real data', () => {
  it('is standardised, in whole batches, and the same for every driver', async () => {
    const { preparation } = await load('prepared.mjs');
    const { batches, rows } = await load('data.mjs');
    const { trials } = await load('trials.mjs');
    const data = preparation();
    try {
      const trial = await data.prepare(trials.find(({ name }: { name: string }) => name === 'digits'));
      const { x, y } = rows(trial);
      expect([trial.batches, x.length, y.length]).toEqual([56, 56 * 32 * 64, 56 * 32]);
      expect([...y.subarray(0, 12)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
      const column = Array.from({ length: y.length }, (_, row) => x[row * 64 + 2]);
      const mean = column.reduce((sum, v) => sum + v, 0) / y.length;
      expect(mean).toBeCloseTo(0, 5);
      expect(column.reduce((sum, v) => sum + v * v, 0) / y.length).toBeCloseTo(1, 5);
      const last = batches(trial).at(-1);
      expect([...last.x]).toEqual([...x.subarray(55 * 32 * 64)]);
      expect([...last.y]).toEqual([...y.subarray(55 * 32)]);
      expect(trial.expected[1]).toBeLessThan(trial.expected[0]);
    } finally {
      data.remove();
    }
  });

  it('comes from a file of students by the names of its columns', async () => {
    const { preparation } = await load('prepared.mjs');
    const { rows } = await load('data.mjs');
    const { trials } = await load('trials.mjs');
    const trial = trials.find(({ name }: { name: string }) => name === 'lecture-relu');
    const names =
      'GPA,Age,Gender,Ethnicity,ParentalEducation,StudyTimeWeekly,Absences,Tutoring,ParentalSupport,Extracurricular,Sports,Music,Volunteering';
    const csv = join(scratch, 'students.csv');
    const lines = Array.from(
      { length: 40 },
      (_, i) => `${i},${[...names.split(',').keys()].map((j) => (j === 1 ? i : 3)).join()},${i % 5}`,
    );
    writeFileSync(csv, `StudentID,${names},GradeClass\n${lines.join('\n')}\n`);
    const data = preparation({ csv });
    try {
      const ready = await data.prepare(trial);
      const { x, y } = rows(ready);
      expect([ready.batches, [...y.subarray(0, 6)]]).toEqual([1, [0, 1, 2, 3, 4, 0]]);
      expect(x[0]).toBeCloseTo(-15.5 / Math.sqrt((32 ** 2 - 1) / 12), 5); // Age comes first, 0 to 31
      expect([...x.subarray(1, 13)]).toEqual(Array(12).fill(0)); // what never changes
      writeFileSync(csv, 'Age,GradeClass\n1,2\n');
      await expect(data.prepare(trial)).rejects.toThrow('lacks a column');
    } finally {
      data.remove();
    }
  });

  it.each(['student', 'student-relu'])('is compared with losses that are right for %s', async (name) => {
    const { trials } = await load('trials.mjs');
    const { batches } = await load('data.mjs');
    const { networkStep } = await load('plain-network.mjs');
    const trial = trials.find((entry: { name: string }) => entry.name === name);
    const step = networkStep(trial, Float64Array);
    for (const [i, batch] of batches({ ...trial, batches: 5 }).entries()) expect(step(batch)).toBeCloseTo(trial.expected[i], 5);
  });
});

describe('verification', () => {
  it('accepts rounding and nothing else', async () => {
    const { difference } = await load('verify.mjs');
    expect(difference([1.6188601, 1.62], [1.61886, 1.62])).toBe(null);
    expect(difference([1.6188601, 1.63], [1.61886, 1.62])).toBe('value 2 is 1.63, expected 1.62');
    expect(difference([Number.NaN], [1])).toBe('value 1 is NaN, expected 1');
    expect(difference([1], [1, 2])).toBe('shows 1 values, expected 2');
    expect(difference(undefined, [1])).toBe('shows 0 values, expected 1');
  });
});

describe('report', () => {
  it('ranks by time, tells the ratio to ours and the share of the limit', async () => {
    const { ranking } = await load('report.mjs');
    const [first, second, ...others] = ranking(madeUp(), 'student');
    expect([first.name, first.median, first.low, first.high, first.ratio]).toEqual(['simdnn', 4e-5, 3e-5, 5e-5, 1]);
    expect(first.share).toBeCloseTo(0.25, 12);
    expect([second.name, second.ratio]).toEqual(['plain', 8e-4 / 4e-5]);
    expect(others).toEqual([]);
    expect(ranking(madeUp(), 'adam')[0].share).toBeCloseTo(0.5, 12);
  });

  it('prints a table a trial and why cells have no time', async () => {
    const { textReport } = await load('report.mjs');
    expect(textReport(madeUp()).split('\n')).toEqual([
      'A CPU, 2 CPUs, 4 GiB, Linux 6 x64, Node v20.0.0; load 0 at the start, 2026-01-01T00:00:00Z',
      'limits on 1 thread: multiply-adds 100 GFLOP/s, memory read 10.0 GB/s, in-place stream 20.0 GB/s',
      'command: npm run bench',
      '',
      'student: a small network, 1 thread',
      '  driver              median   fastest block   slowest block   to simdnn   of peak',
      '  simdnn             40.0 us         30.0 us         50.0 us       1.00x      25 %',
      '  plain JavaScript    800 us          400 us          900 us       20.0x     1.3 %',
      '',
      'adam: an Adam step, 1 thread',
      '  driver    median   fastest block   slowest block   to simdnn   of stream',
      '  simdnn   2.80 ms         2.80 ms         2.80 ms       1.00x        50 %',
      '',
      'PyTorch <eager>: other result: value 1 is 3, expected 2 (student)',
      'plain JavaScript: failed: no memory (adam)',
      '',
    ]);
  });

  it('takes the fastest as measure where ours is not there, and does without limits', async () => {
    const { textReport } = await load('report.mjs');
    const run = madeUp();
    const without = { ...run, limits: null, cells: run.cells.filter(({ driver }) => driver !== 'simdnn') };
    const lines = textReport(without).split('\n');
    expect(lines[1]).toBe('limits: not measured (no C++ compiler found)');
    expect(lines[5]).toMatch(/driver +median +fastest block +slowest block +to fastest +of peak$/);
    expect(lines[6]).toMatch(/plain JavaScript +800 us +400 us +900 us +1\.00x$/);
    expect(lines).toContain('  no result');
  });

  it('prints Markdown', async () => {
    const { markdownReport } = await load('report.mjs');
    expect(markdownReport(madeUp()).split('\n')).toEqual([
      '|  | student | adam |',
      '| --- | ---: | ---: |',
      '| simdnn | 40.0 us (1.00x) | 2.80 ms (1.00x) |',
      '| plain JavaScript | 800 us (20.0x) | – |',
      '',
      '- A CPU, 2 CPUs, 4 GiB, Linux 6 x64, Node v20.0.0; load 0 at the start, 2026-01-01T00:00:00Z',
      '- limits on 1 thread: multiply-adds 100 GFLOP/s, memory read 10.0 GB/s, in-place stream 20.0 GB/s',
      '- command: npm run bench',
      '- PyTorch <eager>: other result: value 1 is 3, expected 2 (student)',
      '- plain JavaScript: failed: no memory (adam)',
      '',
    ]);
  });

  /** A training that one driver did not finish. */
  const trained = () => {
    const run = madeUp();
    const cell = (driver: string, epochs: number, windows: number[][], loss: number) => ({
      ...{ trial: 'long', driver, status: 'measured', epochs, windows, losses: windows.map(() => loss), seconds: windows[0]! },
    });
    return {
      ...run,
      trials: [{ name: 'long', description: 'a training', epochs: 400, work: { flops: 1e6 } }],
      cells: [
        cell('simdnn', 400, [[4e-5, 5e-5, 4e-5], [4e-5], [6e-5], [5e-5]], 0.5),
        cell('plain', 20, [[8e-4]], 0.9),
        cell('torch', 400, [[8e-5], [8e-5], [8e-5], [8e-5]], 0.6),
      ],
    };
  };

  it('tells the stages of a training, how steady it is, and who did not do all of it', async () => {
    const { textReport } = await load('report.mjs');
    expect(textReport(trained()).split('\n').slice(4)).toEqual([
      'long: a training, 1 thread',
      '  driver                               epochs 1 to 100   epochs 201 to 300   epochs 301 to 400   to simdnn   slowest / fastest   last loss',
      '  simdnn                                       40.0 us             60.0 us             50.0 us       1.00x               1.50x      0.5000',
      '  PyTorch <eager>                              80.0 us             80.0 us             80.0 us       2.00x               1.00x      0.6000',
      '  plain JavaScript (first 20 epochs)            800 us                                               20.0x                          0.9000',
      '',
      'long: mean loss of epoch 400 from 0.5000 to 0.6000 in 2 drivers',
      '',
    ]);
  });

  it('prints a training as Markdown', async () => {
    const { markdownReport } = await load('report.mjs');
    expect(markdownReport(trained()).split('\n').slice(2, 5)).toEqual([
      '| simdnn | 40.0 us / 60.0 us / 50.0 us (1.00x) |',
      '| plain JavaScript | 800 us (20.0x, first 20 epochs) |',
      '| PyTorch <eager> | 80.0 us / 80.0 us / 80.0 us (2.00x) |',
    ]);
  });

  it('draws a chart', async () => {
    const { chart } = await load('chart.mjs');
    const svg: string = chart(madeUp());
    const widths = [...svg.matchAll(/<rect x="116" y="[\d.]+" width="([\d.]+)" height="13" class="(\w+)"/g)].map(([, width, of]) => [
      Number(width),
      of,
    ]);
    expect(widths.map(([, of]) => of)).toEqual(['ours', 'others', 'ours']);
    expect(widths[1]![0]).toBe(544); // the slowest of all takes what the longest label leaves of the width
    expect(svg).toContain('>800 us, 20.0x</text>');
    const run = madeUp();
    run.trials[0]!.description = 'a < b & c';
    expect(chart(run)).toContain('student: a &lt; b &amp; c');
  });
});

describe('comparison', () => {
  it('tells a change from noise', async () => {
    const { compare } = await load('compare.mjs');
    const faster = madeUp();
    faster.cells[1]!.seconds = [2e-5, 2e-5, 2.5e-5, 2e-5, 2e-5];
    faster.cells[0]!.seconds = [8e-4, 9e-4, 5e-4, 5e-4, 8e-4];
    faster.cells[3]!.seconds = [3e-3, 3e-3, 3e-3, 3e-3, 3e-3];
    const rows = compare(madeUp(), faster);
    expect(rows.map(({ trial, driver, verdict }: Record<string, string>) => [trial, driver, verdict])).toEqual([
      ['student', 'plain', ''],
      ['student', 'simdnn', 'faster'],
      ['adam', 'simdnn', 'slower'],
    ]);
    expect(rows[1]).toMatchObject({ ratio: 0.5, low: 2e-5 / 5e-5, high: 2.5e-5 / 3e-5 });
  });

  it('prints a line a cell and how the machine changed', async () => {
    const { compareReport } = await load('compare.mjs');
    const later = madeUp();
    later.limits.muladd = 90e9;
    const lines: string[] = compareReport(madeUp(), later).split('\n');
    expect(lines[2]).toBe("the machine's limits, B against A: muladd -10.0 %, read +0.0 %, stream +0.0 %");
    expect(lines[5]).toMatch(/^student +plain +800 us +800 us +1\.00x +0\.44x to 2\.25x$/);
    later.machine.cpu = 'Another CPU';
    expect(compareReport(madeUp(), later)).toContain('Different machines');
    later.cells = [];
    expect(compareReport(madeUp(), later)).toContain('no cell was measured in both');
    later.threads = 2;
    expect(() => compareReport(madeUp(), later)).toThrow('the runs used 1 and 2 threads: they cannot be compared');
  });
});
