// Metrics of values, of other metrics, at one point of a curve, of rankings, of tables and of distributions, beside those of torchmetrics.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { metrics, Tensor } from '../../src';

type Text = number | 'NaN' | 'Infinity' | '-Infinity';
interface Golden {
  shape: number[];
  dtype: 'float32' | 'int32';
  data: Text[];
}
type Given = Golden | Text;
/** The options of a metric, or another one: its name and its arguments. */
type Argument = object | number | [string, ...object[]];
interface Case {
  kind: string;
  args: Argument[];
  higherIsBetter: boolean | null;
  isTruth: boolean;
  updates: (Given | Record<string, Golden>)[][];
  expected: Record<string, Golden>;
}
interface AnyMetric {
  higherIsBetter: boolean | null;
  update(...given: unknown[]): void;
  compute(): unknown;
  reset(): void;
}
const golden = JSON.parse(gunzipSync(readFileSync(join(__dirname, 'more.json.gz'))).toString()) as {
  cases: Case[];
  bootstrap: Record<'figures' | 'mean' | 'std' | 'quantile', Golden>;
  rounds: Golden[][];
  trackers: { kind: string; all: Golden; best: number; step: number }[];
};

const isGolden = (given: unknown): given is Golden => typeof given === 'object' && given !== null && 'shape' in given;
const tensorOf = ({ shape, dtype, data }: Golden): Tensor =>
  new Tensor((dtype === 'int32' ? Int32Array : Float32Array).from(data.map(Number)), shape);
function argumentOf(given: Given | Record<string, Golden>): unknown {
  if (isGolden(given)) return tensorOf(given);
  if (typeof given !== 'object') return Number(given);
  return Object.fromEntries(Object.entries(given).map(([name, one]) => [name, tensorOf(one)]));
}
function make(kind: string, ...args: Argument[]): AnyMetric {
  const made = args.map((arg) => (Array.isArray(arg) ? make(...(arg as [string, ...Argument[]])) : arg));
  return new (metrics as unknown as Record<string, new (...given: unknown[]) => AnyMetric>)[kind]!(...made);
}
/** What compute() gives, as a record of tensors. */
function results(given: unknown): Record<string, Tensor> {
  if (given instanceof Tensor) return { value: given };
  if (Array.isArray(given)) return Object.fromEntries(given.map((one: Tensor, i) => [String(i), one]));
  return given as Record<string, Tensor>;
}
function meets(own: Tensor, wanted: Golden, ulps: number): void {
  expect(own.shape).toEqual(wanted.shape);
  wanted.data.forEach((text, i) => {
    const [mine, theirs] = [own.data[i]!, Number(text)];
    if (Number.isFinite(theirs)) expect(Math.abs(mine - theirs)).toBeLessThanOrEqual(ulps * 2 ** -24 * Math.abs(theirs));
    else expect(mine).toBe(theirs);
  });
}

describe('beside torchmetrics', () => {
  it.each(golden.cases.map((one, i) => [`${i}: ${one.kind} ${JSON.stringify(one.args)}`, one] as const))('%s', (_, one) => {
    const metric = make(one.kind, ...one.args);
    expect(metric.higherIsBetter).toBe(one.higherIsBetter);
    const check = (): void => {
      for (const update of one.updates) metric.update(...update.map(argumentOf));
      const own = results(metric.compute());
      expect(Object.keys(own).sort()).toEqual(Object.keys(one.expected).sort());
      // Of the truth its rounding to float32; of what torchmetrics has in float32 alone, its own steps too.
      for (const [name, value] of Object.entries(own)) meets(value, one.expected[name]!, one.isTruth ? 1 : 4);
    };
    check();
    metric.reset();
    check();
  });
});

describe('MetricTracker', () => {
  it.each(golden.trackers)('of $kind is that of torchmetrics', ({ kind, all, best, step }) => {
    const tracker = new metrics.MetricTracker(make(kind) as metrics.Metric);
    for (const [preds, target] of golden.rounds) {
      tracker.increment();
      tracker.update(tensorOf(preds!), tensorOf(target!));
    }
    meets(tracker.computeAll(), all, 1);
    const own = tracker.bestMetric({ returnStep: true });
    expect(own.step).toBe(step);
    expect(own.value).toBeCloseTo(best, 5);
    expect(tracker.bestMetric()).toBe(own.value);
    expect(tracker.nSteps).toBe(golden.rounds.length);
  });
});

it('BootStrapper makes of the figures of its copies what torchmetrics makes of them', () => {
  const { figures, mean, std, quantile } = golden.bootstrap;
  const given = figures.data.map(Number);
  class Next extends metrics.Metric {
    update(): void {}
    compute(): Tensor {
      return new Tensor(Float32Array.of(given.shift()!), []);
    }
    reset(): void {}
  }
  const own = new metrics.BootStrapper(new Next(), { numBootstraps: given.length, quantile: [0.05, 0.5, 0.95], raw: true }).compute();
  meets(own.raw!, figures, 0);
  meets(own.mean!, mean, 4);
  meets(own.std!, std, 4);
  meets(own.quantile!, quantile, 4);
});
