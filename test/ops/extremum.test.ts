import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tensor, zeros } from '../../src/ops';
import { expectError, expectSame, gradientCheck } from '../helpers';
import { along, type Model, models, numbers, shaped, shapes, toTensor } from '../model';

const without = (m: Model, dim: number): Model =>
  shaped(
    m,
    m.shape.filter((_, d) => d !== dim),
  );

describe.each(['max', 'min'] as const)('%s', (name) => {
  const argument = `arg${name}` as const;
  const best = (values: number[]): number => Math[name](...values);
  const first = (values: number[]): number => values.indexOf(best(values));

  // whole numbers, so that equal ones meet
  const cases = shapes(4, 1, 1).chain((shape) =>
    fc.tuple(
      models(shape).map((m) => ({ ...m, data: m.data.map((v) => Math.round(v) + 0) })),
      fc.integer({ min: 0, max: shape.length - 1 }),
      fc.boolean(),
    ),
  );

  test('values and first indices along any dimension, float32 and int32', () => {
    fc.assert(
      fc.property(cases, ([m, dim, keepdim]) => {
        const finish = (r: Model): Model => (keepdim ? r : without(r, dim));
        const indices = finish(along(m, dim, (v) => [first(v)]));
        const values = finish(along(m, dim, (v) => [best(v)]));
        for (const x of [toTensor(m), toTensor(m).to('int32')]) {
          const y = x[name](dim - m.shape.length, { keepdim });
          expect(y.values.shape).toEqual(values.shape);
          expect(y.values.dtype).toBe(x.dtype);
          expect(y.values.toArray()).toEqual(toTensor(values).toArray());
          expect(y.indices.dtype).toBe('int32');
          expect(y.indices.toArray()).toEqual(toTensor(indices).toArray());
          expect(x[argument](dim, { keepdim }).toArray()).toEqual(toTensor(indices).toArray());
        }
      }),
    );
  });

  test('over everything', () => {
    fc.assert(
      fc.property(cases, ([m]) => {
        for (const x of [toTensor(m), toTensor(m).to('int32')]) {
          expect(x[name]().shape).toEqual([]);
          expect(x[name]().item()).toBe(best(m.data));
          expect(x[argument]().item()).toBe(first(m.data));
        }
      }),
    );
    expect(zeros([2, 3])[argument](undefined, { keepdim: true }).shape).toEqual([1, 1]);
  });

  test('gradients go to the element returned along a dimension', () => {
    for (const dim of [0, 1, 2]) {
      gradientCheck(
        (t) => t[name](dim).values,
        (m) =>
          without(
            along(m, dim, (v) => [best(v)]),
            dim,
          ),
        [numbers([3, 4, 5])],
      );
    }
    const x = tensor([2, 2, 2], { requiresGrad: true });
    x[name](0).values.backward();
    expect(x.grad!.toArray()).toEqual([1, 0, 0]);
  });

  test('gradients are divided among equals over everything', () => {
    gradientCheck(
      (t) => t[name](),
      (m) => shaped({ shape: [], data: [best(m.data)] }, []),
      [numbers([3, 4])],
    );
    const x = tensor(
      [
        [3, 3],
        [3, 3],
      ],
      { requiresGrad: true },
    );
    x[name]().mul(2).backward();
    expect(x.grad!.toArray()).toEqual([
      [0.5, 0.5],
      [0.5, 0.5],
    ]);
  });

  test('NaN wins, and takes the gradient', () => {
    const x = tensor([1, Number.NaN, Infinity, -Infinity, Number.NaN], { requiresGrad: true });
    const { values, indices } = x[name](0);
    expect([values.item(), indices.item(), x[argument]().item()]).toEqual([Number.NaN, 1, 1]);
    x[name]().backward();
    expectSame(x.grad!, [0, 0.5, 0, 0, 0.5]);
  });

  test('of a scalar', () => {
    const { values, indices } = tensor(7)[name](0);
    expect([values.item(), indices.item(), values.shape, tensor(7)[name]().item()]).toEqual([7, 0, [], 7]);
  });

  test('indices have no history', () => {
    const { values, indices } = tensor([1, 2], { requiresGrad: true })[name](0);
    expect([values.requiresGrad, indices.requiresGrad]).toEqual([true, false]);
  });

  test('names what is wrong', () => {
    expectError(() => zeros([2, 0])[name](1), RangeError, `[Tensor.${name}] dim 1 of [2, 0] is empty`);
    expectError(() => zeros([2, 0])[name](), RangeError, `[Tensor.${name}] the tensor [2, 0] is empty`);
    expectError(() => zeros([2, 0])[argument](1), RangeError, `[Tensor.${argument}] dim 1 of [2, 0] is empty`);
    expectError(() => zeros([2, 0])[argument](), RangeError, `[Tensor.${argument}] the tensor [2, 0] is empty`);
    expect(zeros([2, 0])[name](0).values.shape).toEqual([0]);
    expectError(() => zeros([2])[name](1), RangeError, `[Tensor.${name}] dim 1 is outside [-1, 0]`);
    expectError(() => zeros([2])[argument](-2), RangeError, `[Tensor.${argument}] dim -2 is outside [-1, 0]`);
    expectError(
      () => zeros([2])[name]({ keepdim: true } as never),
      TypeError,
      `[Tensor.${name}] expected dim to be a number, got an Object`,
    );
    expectError(
      () => zeros([2])[argument](0, { dim: 1 } as never),
      TypeError,
      `[Tensor.${argument}] unknown option "dim" (known: keepdim)`,
    );
  });
});
