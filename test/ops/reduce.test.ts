import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tensor, zeros } from '../../src/ops';
import { epsilon, expectClose, expectError, gradientCheck } from '../helpers';
import { along, type Model, models, numbers, shaped, shapes, toTensor, total } from '../model';

/** Sums or means over `dims`, dims kept. */
const reduced = (m: Model, dims: readonly number[], mean: boolean): Model =>
  dims.reduce((r, d) => along(r, d, (values) => [total(values) / (mean ? values.length : 1)]), m);

const withDims = shapes(4, 1, 1).chain((shape) =>
  fc.tuple(
    models(shape),
    fc.subarray(
      shape.map((_, d) => d),
      { minLength: 1 },
    ),
    fc.boolean(),
  ),
);

describe.each([false, true])('mean: %s', (mean) => {
  const name = mean ? 'mean' : 'sum';

  test('over any dimensions', () => {
    fc.assert(
      fc.property(withDims, ([m, dims, keepdim]) => {
        const kept = reduced(m, dims, mean);
        const expected = keepdim
          ? kept
          : shaped(
              kept,
              kept.shape.filter((_, d) => !dims.includes(d)),
            );
        const negative = dims.map((d, i) => (i % 2 === 0 ? d : d - m.shape.length));
        const y = toTensor(m)[name](negative.length === 1 ? negative[0] : negative, { keepdim });
        expect(y.shape).toEqual(expected.shape);
        // A sum of n float32 numbers up to 4: within n / 2 units in the last place of 4 n.
        const n = m.data.length;
        expectClose(y, expected, 2 * n * n * epsilon);
      }),
    );
  });

  test('over everything', () => {
    const m = numbers([7, 11, 5]);
    const all = total(m.data) / (mean ? 385 : 1);
    expectClose(toTensor(m)[name](), [all], 1e-5 * Math.abs(all));
    expect(toTensor(m)[name]().shape).toEqual([]);
    expect(toTensor(m)[name](undefined, { keepdim: true }).shape).toEqual([1, 1, 1]);
    expect(tensor(3)[name]().item()).toBe(3);
    expect(tensor(3)[name](0).item()).toBe(3);
    expect(tensor(3)[name](-1, { keepdim: true }).shape).toEqual([]);
  });

  test('sends gradients back', () => {
    const x = numbers([3, 4, 5]);
    const dims: (number[] | undefined)[] = [[0], [1], [2], [0, 2], [0, 1], undefined];
    for (const dim of dims) {
      for (const keepdim of [false, true]) {
        const over = dim ?? [0, 1, 2];
        gradientCheck(
          (t) => t[name](dim, { keepdim }),
          (m) => {
            const kept = reduced(m, over, mean);
            return keepdim
              ? kept
              : shaped(
                  kept,
                  kept.shape.filter((_, d) => !over.includes(d)),
                );
          },
          [x],
        );
      }
    }
    gradientCheck(
      (t) => t[name]([]),
      (m) => m,
      [x],
    );
    gradientCheck(
      (t) => t[name](),
      (m) => m,
      [numbers([])],
    );
  });

  test('a whole loss of it', () => {
    const x = tensor([1, 2, 4, 8], { requiresGrad: true });
    x[name]().backward();
    expect(x.grad!.toArray()).toEqual(new Array(4).fill(mean ? 0.25 : 1));
  });

  test('of nothing', () => {
    expect(zeros([0])[name]().item()).toBe(mean ? Number.NaN : 0);
    expect(zeros([0, 2])[name](0).toArray()).toEqual(mean ? [Number.NaN, Number.NaN] : [0, 0]);
    expect(zeros([0, 2])[name](1).shape).toEqual([0]);
    const x = zeros([0, 2], { requiresGrad: true });
    x[name]().backward();
    expect(x.grad!.shape).toEqual([0, 2]);
  });

  test('names what is wrong', () => {
    const x = zeros([2, 3]);
    expectError(() => x[name](2), RangeError, `[Tensor.${name}] dim 2 is outside [-2, 1]`);
    expectError(() => x[name](0.5), RangeError, `[Tensor.${name}] dim 0.5 is outside [-2, 1]`);
    expectError(() => x[name]('1' as never), TypeError, `[Tensor.${name}] expected dim to be a number, got "1"`);
    expectError(
      () => x[name]({ dim: 1, keepdim: true } as never),
      TypeError,
      `[Tensor.${name}] expected dim to be a number, got an Object\n  hint: give 1 itself in place of { dim: 1 }`,
    );
    expectError(() => x[name]([1, -1]), RangeError, `[Tensor.${name}] dim -1 is named twice`);
    expectError(
      () => x[name](0, { keepDim: true } as never),
      TypeError,
      `[Tensor.${name}] unknown option "keepDim", did you mean "keepdim"?`,
    );
    expectError(() => x[name](0, { keepdim: 1 as never }), TypeError, `[Tensor.${name}] expected keepdim to be true or false, got 1`);
  });
});

test('long sums keep their digits', () => {
  // 0.1 a million times: a plain float32 loop ends at 100958.34
  expectClose(zeros([1000, 1000]).add(0.1).sum(), [1e6 * Math.fround(0.1)], 1e5 * 4 * epsilon);
});

test('int32 sums stay int32 and wrap; there is no int32 mean', () => {
  const x = tensor(Int32Array.of(2147483647, 1, 5, 6)).reshape([2, 2]);
  expect(x.sum().item()).toBe((2147483647 + 1 + 11) | 0);
  expect(x.sum(1).toArray()).toEqual([-2147483648, 11]);
  expect(x.sum([0, 1], { keepdim: true }).dtype).toBe('int32');
  expectError(() => x.mean(), TypeError, '[Tensor.mean] expected x to be float32, got int32\n  hint: x.to("float32") converts it');
});

test('NaN and infinities pass', () => {
  expectClose(
    tensor([
      [1, Number.NaN],
      [Infinity, 1],
    ]).sum(1),
    [Number.NaN, Infinity],
    0,
  );
});
