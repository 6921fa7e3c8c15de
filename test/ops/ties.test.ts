// Operations that choose among equal elements, infinities and NaN: a recorded step has the choice, the value and the gradient of the loop.
import { describe, expect, it } from 'vitest';
import { compile, nn, type Tensor, tensor } from '../../src';

const F = nn.functional;
const picked = [-Infinity, -0, 0, 1, Number.NaN];
const triples = picked.flatMap((a) => picked.flatMap((b) => picked.map((c) => [a, b, c])));
const int = (values: readonly number[]): Tensor => tensor([...values], { dtype: 'int32' });

type Result = Tensor | readonly Tensor[];
const both = ({ values, indices }: { values: Tensor; indices: Tensor }): Result => [values, indices];
const third = (x: Tensor, at: number): Tensor => x.select(1, at);
const places = int(triples.map((_, i) => i % 7));
const offsets = int(triples.filter((_, i) => i % 4 === 0).map((_, i) => 4 * i));

const calls: Record<string, (x: Tensor) => Result> = {
  max: (x) => both(x.max(1)),
  min: (x) => both(x.min(1)),
  'max of columns': (x) => both(x.max(0)),
  'max of all': (x) => x.max(),
  'min of all': (x) => x.min(),
  argmax: (x) => [x.argmax(1), x.argmin(1), x],
  amax: (x) => x.amax(1),
  'amin of columns': (x) => x.amin(0),
  'amax of all': (x) => x.amax(),
  median: (x) => both(x.median(1)),
  'median of all': (x) => x.median(),
  nanmedian: (x) => both(x.nanmedian(1)),
  quantile: (x) => x.quantile(0.25, 1),
  sort: (x) => both(x.sort(1)),
  'sort descending': (x) => both(x.sort(1, { descending: true })),
  argsort: (x) => [x.argsort(1), x],
  topk: (x) => both(x.topk(2, 1)),
  'topk smallest': (x) => both(x.topk(2, 1, { largest: false })),
  kthvalue: (x) => both(x.kthvalue(2, 1)),
  mode: (x) => both(x.mode(1)),
  cummax: (x) => both(x.cummax(1)),
  cummin: (x) => both(x.cummin(0)),
  maximum: (x) => third(x, 0).maximum(third(x, 1)),
  minimum: (x) => third(x, 0).minimum(third(x, 1)),
  'maximum of a number': (x) => x.maximum(0),
  fmax: (x) => third(x, 0).fmax(third(x, 1)),
  fmin: (x) => third(x, 0).fmin(third(x, 1)),
  'clamp at bounds': (x) => x.clamp({ min: 0, max: 1 }),
  'clamp by tensors': (x) => third(x, 0).clamp(third(x, 1), third(x, 2)),
  relu: (x) => x.relu(),
  hardtanh: (x) => F.hardtanh(x, { minVal: 0, maxVal: 1 }),
  sign: (x) => x.sign(),
  scatterReduce: (x) => x.scatterReduce(0, places.reshape([125, 1]), third(x, 1).reshape([125, 1]), 'amax'),
  indexReduce: (x) => x.indexReduce(0, places, x.flip(0), 'amin'),
  'embeddingBag of rows': (x) => F.embeddingBag(int([0, 1, 2, 50, 51, 52]).reshape([2, 3]), x, { mode: 'max', paddingIdx: 1 }),
  'embeddingBag of padding before -Infinity': (x) =>
    F.embeddingBag(int([31, 0, 31, 1, 0]), x, { mode: 'max', offsets: int([0, 2]), paddingIdx: 31 }),
  'embeddingBag with offsets': (x) =>
    F.embeddingBag(int(triples.map((_, i) => (i * 31) % 125)), x, { mode: 'max', offsets, paddingIdx: 31 }),
};

// NaN has many bits, which mean nothing.
const same = (t: Tensor): string[] => [...t.data].map((v) => (Object.is(v, -0) ? '-0' : String(v)));

describe.each(Object.entries(calls))('%s', (_, call) => {
  it('is the same in a compiled step', () => {
    const run = (form: (fn: (rows: Tensor) => readonly Tensor[]) => (rows: Tensor) => readonly Tensor[]): string[][] => {
      const x = tensor(triples, { requiresGrad: true });
      const step = form((rows) => {
        x.grad = null;
        const all = [call(x.add(rows))].flat() as Tensor[];
        const [value] = all.filter((t) => t.dtype === 'float32');
        if (value!.requiresGrad) value!.mul(1.5).sum().backward();
        return all;
      });
      return [0, 1, 2].flatMap((shift) => {
        const rows = tensor(triples.map((row, i) => row.map((_, j) => (((i + j + shift) % 3) - 1) * Math.min(shift, 1))));
        const all = step(rows);
        return [...all.map(same), ...(x.grad === null ? [] : [same(x.grad)])];
      });
    };
    expect(run((fn) => compile(fn, { keepGrad: true }))).toEqual(run((fn) => fn)); // biome-ignore format: short
  });
});
