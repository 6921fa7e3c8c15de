// Options that PyTorch's operations have: none is passed over in silence.
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile';
import * as nn from '../../src/nn';
import * as ops from '../../src/ops';
import { tensor } from '../../src/ops';
import * as optim from '../../src/optim';
import type { Tensor } from '../../src/tensor';
import { expectError } from '../helpers';

const x = () =>
  tensor([
    [1, -2],
    [3, 4],
  ]);
const int = (...values: number[]) => tensor(values, { dtype: 'int32' });

describe('an option', () => {
  const unknown: [string, (options: never) => unknown][] = [
    ['add', (o) => x().add(1, o)],
    ['sub', (o) => x().sub(x(), o)],
    ['add_', (o) => x().add_(1, o)],
    ['sub_', (o) => x().sub_(x(), o)],
    ['div', (o) => x().div(2, o)],
    ['div_', (o) => x().div_(2, o)],
    ['round', (o) => x().round(o)],
    ['round_', (o) => x().round_(o)],
    ['diff', (o) => x().diff(1, -1, o)],
    ['nonzero', (o) => x().nonzero(o)],
  ];
  it.each(unknown)('of %s that is not there is refused', (_, call) => {
    expect(() => call({ other: 1 } as never)).toThrow('unknown option "other"');
    expect(() => call(3 as never)).toThrow('expected an options object, got 3');
    expect(() => call(x() as never)).toThrow('expected an options object, got a Tensor');
  });

  it.each(unknown)('of %s may be undefined', (_, call) => {
    expect(() => call(undefined as never)).not.toThrow();
  });

  it('of scatter that is not there says what to use', () => {
    const index = tensor([[0, 1]], { dtype: 'int32' });
    for (const call of [
      () => (x().scatter as (...args: unknown[]) => Tensor).call(x(), 0, index, 1, { reduce: 'add' }),
      () => (x().scatter_ as (...args: unknown[]) => Tensor).call(x(), 0, index, 1, { reduce: 'add' }),
    ]) {
      expect(call).toThrow('scatterReduce(dim, index, source, "sum") adds');
    }
  });

  it('given as arguments one after the other is refused without a strange name', () => {
    const { layerNorm, rmsNorm, groupNorm } = nn.functional as unknown as Record<string, (...args: unknown[]) => unknown>;
    const weight = tensor([1, 2]);
    for (const call of [
      () => layerNorm!(x(), [2], weight, weight),
      () => rmsNorm!(x(), [2], weight, 1e-3),
      () => groupNorm!(x(), 1, weight, weight),
    ]) {
      expect(call).toThrow(/^expected an options object, got a Tensor/);
    }
    expect(() => layerNorm!(x(), [2], weight)).toThrow(
      '[layerNorm] expected an options object, got a Tensor\n  hint: layerNorm(..., { weight, bias, eps })',
    );
  });

  it('that PyTorch alone has a use for may be left out', () => {
    const parameters = [new nn.Parameter(tensor([1]))];
    for (const name of ['foreach', 'fused', 'capturable', 'differentiable']) {
      expect(() => new optim.Adam(parameters, { [name]: true })).toThrow(
        `[Adam] unknown option "${name}": steps run in one way, leave it out`,
      );
    }
    expect(() => nn.functional.elu(x(), { inplace: true } as never)).toThrow(
      'unknown option "inplace": results have memory of their own, leave it out',
    );
    expect(() => tensor([1], { device: 'cpu' } as never)).toThrow('unknown option "device": everything is on the CPU, leave it out');
  });

  it('has its type checked', () => {
    expectError(() => x().add(1, { alpha: '2' as never }), TypeError, '[Tensor.add] expected alpha to be a number, got "2"');
    expectError(
      () => x().div(1, { roundingMode: 'up' as never }),
      RangeError,
      '[Tensor.div] expected roundingMode to be one of "trunc", "floor", got "up"',
    );
    expectError(() => x().round({ decimals: 0.5 }), RangeError, '[Tensor.round] expected decimals to be an integer, got 0.5');
    expectError(
      () => int(1).add_(1, { alpha: 0.5 }),
      TypeError,
      '[Tensor.add_] the result is float32, and this tensor is int32\n  hint: add() makes a new tensor, to("float32") converts this one',
    );
    expect(() => x().nonzero({ asTuple: 1 as never })).toThrow('expected asTuple to be');
    expect(() => x().squeeze([0, 0])).toThrow('a dimension is given twice');
  });
});

describe('places as a list', () => {
  it('are those of the matrix', () => {
    const rows = x().gt(0).nonzero({ asTuple: true });
    expect(rows.map((t) => t.toArray())).toEqual([
      [0, 1, 1],
      [0, 0, 1],
    ]);
    expect(ops.where(x().gt(0)).map((t) => t.toArray())).toEqual([
      [0, 1, 1],
      [0, 0, 1],
    ]);
    expect(x().index(rows).toArray()).toEqual([1, 3, 4]);
    expect(ops.where(tensor(1, { dtype: 'int32' })).map((t) => t.toArray())).toEqual([[0]]);
    expect(() => (ops.where as (...args: unknown[]) => unknown)(x().gt(0), x())).toThrow('[where] expected other to be a tensor');
  });
});

it('alpha and the rounding work where the other tensor is the same, overlaps, or is recorded', () => {
  expect(x().add_(x(), { alpha: 2 }).toArray()).toEqual([
    [3, -6],
    [9, 12],
  ]);
  const y = x();
  y.slice(0, 1).add_(y.slice(0, 0, 1), { alpha: 2 });
  expect(y.toArray()).toEqual([
    [1, -2],
    [5, 0],
  ]);
  const z = x();
  z.div_(z, { roundingMode: 'floor' });
  expect(z.toArray()).toEqual([
    [1, 1],
    [1, 1],
  ]);
  const step = compile((a: Tensor, b: Tensor) => a.clone().sub_(b, { alpha: 3 }).div(b, { roundingMode: 'trunc' }));
  for (const k of [1, 2]) expect(step(x().mul(k), x()).toArray()).toEqual(x().mul(k).sub(x(), { alpha: 3 }).div(x()).trunc().toArray());
});
