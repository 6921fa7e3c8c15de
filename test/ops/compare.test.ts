import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tensor, zeros } from '../../src/ops';
import { expectError } from '../helpers';
import { broadcastable, models, toTensor, zip } from '../model';

const truth = {
  eq: (a: number, b: number) => a === b,
  ne: (a: number, b: number) => a !== b,
  lt: (a: number, b: number) => a < b,
  le: (a: number, b: number) => a <= b,
  gt: (a: number, b: number) => a > b,
  ge: (a: number, b: number) => a >= b,
};

describe.each(Object.keys(truth) as (keyof typeof truth)[])('%s', (name) => {
  const holds = truth[name];

  test('gives int32 1 and 0 over any broadcast', () => {
    // few different values, so that equal ones meet
    const coarse = (shape: number[]) => models(shape).map((m) => ({ ...m, data: m.data.map(Math.round) }));
    fc.assert(
      fc.property(
        broadcastable.chain(([a, b]) => fc.tuple(coarse(a), coarse(b))),
        ([a, b]) => {
          const expected = zip(a, b, (x, y) => Number(holds(x, y)));
          for (const y of [toTensor(a)[name](toTensor(b)), toTensor(a).to('int32')[name](toTensor(b).to('int32'))]) {
            expect(y.dtype).toBe('int32');
            expect(y.shape).toEqual(expected.shape);
            expect([...y.data]).toEqual(expected.data);
          }
        },
      ),
    );
  });

  test('with NaN and infinities', () => {
    const values = [Number.NaN, Infinity, -Infinity, 1];
    const y = tensor(values).reshape([4, 1])[name](tensor(values));
    expect([...y.data]).toEqual(values.flatMap((a) => values.map((b) => Number(holds(a, b)))));
  });

  test('with a number: in float32, and for int32 exactly where it is whole', () => {
    expect(tensor([0.1])[name](0.1).item()).toBe(Number(holds(1, 1)));
    expect(tensor([2147483647], { dtype: 'int32' })[name](2147483646).item()).toBe(Number(holds(2, 1)));
    expect(tensor([1], { dtype: 'int32' })[name](1.5).item()).toBe(Number(holds(1, 1.5)));
    expect(tensor([1], { dtype: 'int32' })[name](3e9).item()).toBe(Number(holds(1, 3e9)));
  });

  test('has no history', () => {
    expect(tensor([1], { requiresGrad: true })[name](1).requiresGrad).toBe(false);
  });

  test('names what is wrong', () => {
    expectError(
      () => zeros([2])[name](zeros([3])),
      RangeError,
      `[Tensor.${name}] shapes [2] and [3] do not broadcast\n  hint: dimension -1 is 2 and 3`,
    );
    expectError(() => zeros([2])[name](null as never), TypeError, `[Tensor.${name}] expected other to be a tensor, got null`);
  });
});
