// Infinities, NaN, zeros and large numbers: values and gradients are PyTorch's (edges.py), or they differ for a reason that is written here.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import * as F from '../../src/nn/functional';
import { onesLike } from '../../src/ops';
import { Tensor } from '../../src/tensor';
import { flat } from '../helpers';

type Listed = (number | string)[];
type Golden = { inputs: Listed[]; y: Listed; gradients: (Listed | null)[] };
const golden = JSON.parse(gunzipSync(readFileSync(join(__dirname, 'edges.json.gz'))).toString()) as Record<string, Golden>;

type Call = (...inputs: Tensor[]) => Tensor | { values: Tensor };
type Named = Record<string, (...args: unknown[]) => Tensor>;
const namesAlong = Object.keys(golden).filter((name) => name.includes(' along'));
const normNames = Object.keys(golden).filter((name) => name.includes('.norm '));
const losses = Object.keys(golden).filter((name) => name.endsWith('Loss') || /CrossEntropy|klDiv/.test(name));
const method =
  (name: string): Call =>
  (x, ...rest) =>
    (x as unknown as Named)[name.split('.')[1]!]!(...rest);

const calls: Record<string, Call> = {
  ...Object.fromEntries(namesAlong.map((name) => [name, (x) => (x as unknown as Named)[name.slice(7, -6)]!(1)])),
  ...Object.fromEntries(normNames.map((name) => [name, (x) => x.norm(Number(name.split(' ')[1]), 1)])),
  ...Object.fromEntries(
    losses.map((name) => [name, (x, y) => (F as unknown as Named)[name.slice(11)]!(x, y!.detach(), { reduction: 'none' })]),
  ),
  'Tensor.diff': (x) => x.diff(1, 1),
  'functional.softmin': (x) => F.softmin(x, 1),
  'functional.layerNorm': (x) => F.layerNorm(x, [3]),
  'functional.rmsNorm': (x) => F.rmsNorm(x, [3]),
  'functional.glu': (x) => F.glu(x.narrow(1, 0, 2), 1),
};
const callOf = (name: string): Call =>
  calls[name] ?? (name.startsWith('Tensor.') ? method(name) : (x) => (F as unknown as Named)[name.slice(11)]!(x));

// What differs: the value ("y") or the gradient of an input (0, 1), for which inputs, what ours is there if that is one number, and why.
interface Difference {
  of: ('y' | 0 | 1)[];
  at: (a: number, b: number, c: number) => boolean;
  why: string;
}
const hasNaN = (...all: number[]) => all.some(Number.isNaN);
const isInfinite = (v: number) => Math.abs(v) === Infinity;
const nanStays: Difference = { of: [0], at: (x) => hasNaN(x), why: 'the gradient of NaN is NaN, where PyTorch has the slope at infinity' };
const differences: Record<string, Difference> = {
  'functional.celu': nanStays,
  'functional.elu': nanStays,
  'functional.selu': nanStays,
  'functional.hardswish': nanStays,
  'functional.softsign': { of: [0], at: isInfinite, why: 'the limit 0, where PyTorch has NaN' },
  'Tensor.copysign': { of: [0], at: (x) => !Number.isFinite(x), why: 'the slope is 1 or -1 everywhere' },
  'Tensor.floatPower': { of: ['y'], at: (_, b) => b === 200, why: 'float32, where PyTorch has float64' },
  'Tensor.hypot': { of: [0, 1], at: (a, b) => a === 0 && b === 0, why: 'documented: 0' },
  'Tensor.xlogy': { of: [1], at: (a, b) => a === 0 && b === 0, why: 'documented: 0' },
  'functional.l1Loss': { of: [0], at: (a, b) => Number.isNaN(a - b), why: 'NaN, which PyTorch hides by 0' },
  'functional.binaryCrossEntropyWithLogits': {
    of: ['y'],
    at: (x) => x === -Infinity,
    why: 'the limit Infinity, where PyTorch has Infinity - Infinity',
  },
  'functional.klDiv': {
    of: ['y'],
    at: (_, target) => target === 0 || target === Infinity,
    why: 'a target of 0 costs nothing whatever x is; log Infinity times Infinity is Infinity',
  },
  'functional.softMarginLoss': { of: [0], at: (x, y) => Math.abs(x * y) > 80, why: 'the gradient does not overflow' },
  'Tensor.cumprod along': {
    of: [0],
    at: (...row) => !row.every(Number.isFinite),
    why: 'sums of products without the element itself: no Infinity / Infinity',
  },
  'Tensor.nanmean along': { of: [0], at: (...row) => row.every(Number.isNaN), why: 'nothing has a part in the mean of nothing: 0' },
};

const close = (a: number, b: number) => Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-5 * Math.max(1, Math.abs(b));

it.each(Object.entries(golden))('%s', (name, { inputs, y, gradients }) => {
  const isRows = inputs[0]!.length === 3 * 5 ** 3;
  const given = inputs.map((list) => Tensor.fromTypedArray(Float32Array.from(list, Number), isRows ? [125, 3] : [list.length]));
  for (const t of given) t.requiresGrad_();
  const result = callOf(name)(...given);
  const output = result instanceof Tensor ? result : result.values;
  if (output.requiresGrad) output.backward(onesLike(output));

  const rule = differences[name];
  let used = 0;
  const compare = (of: 'y' | 0 | 1, actual: number[], expected: Listed): void => {
    expect(actual.length).toBe(expected.length);
    for (const [i, value] of actual.entries()) {
      const row = isRows ? Math.floor(i / (expected.length / 125)) : i;
      const at = isRows ? inputs[0]!.slice(3 * row, 3 * row + 3) : inputs.map((list) => list[i]!);
      if (close(value, Number(expected[i]))) continue;
      const [a = 0, b = 0, c = 0] = at.map(Number);
      const isKnown = rule?.of.includes(of) && rule.at(a, b, c);
      if (!isKnown) expect.fail(`${of === 'y' ? 'value' : `gradient ${of}`} of (${at}) is ${value}, PyTorch's is ${expected[i]}`);
      used++;
    }
  };
  compare('y', flat(output), y);
  for (const [k, expected] of gradients.entries()) {
    if (expected === null) continue;
    compare(k as 0 | 1, given[k]!.grad === null ? expected.map(() => 0) : flat(given[k]!.grad!), expected);
  }
  if (rule !== undefined) expect(used, 'a difference that is none any more').toBeGreaterThan(0);
});
