// What a gradient needs is not changed unnoticed: each argument and each result of every operation is changed in place between the operation
// and the backward pass, which then throws, or gives the gradient as if nothing had been changed.
import { describe, expect, it } from 'vitest';
import { noGrad } from '../../src/autograd';
import type { SimdnnError } from '../../src/errors';
import { Tensor } from '../../src/tensor';
import type { Case } from './case-makers';
import { cases, operationNames } from './cases';

it('every operation has a case', () => {
  expect(Object.keys(cases).sort()).toEqual(operationNames().sort());
});

// Operations through which no gradient goes.
const withoutGradient = new Set([
  ...['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'argmax', 'argmin', 'argsort', 'floorDivide', 'detach'].map((name) => `Tensor.${name}`),
  ...['int', 'long', 'bool'].map((name) => `Tensor.${name}`),
  ...[
    'nonzero',
    'argwhere',
    'any',
    'all',
    'countNonzero',
    'histc',
    'histogram',
    'uniqueConsecutive',
    'isnan',
    'isinf',
    'isposinf',
    'isneginf',
    'isfinite',
    'isclose',
    'signbit',
    'heaviside',
  ].map((name) => `Tensor.${name}`),
  ...['bernoulli', 'multinomial', 'normal', 'zerosLike', 'onesLike', 'emptyLike', 'fullLike'].map((name) => `ops.${name}`),
  ...['searchsorted', 'bucketize', 'isin', 'trilIndices', 'triuIndices'].map((name) => `ops.${name}`),
  ...['ops.randLike', 'ops.randnLike', 'ops.randintLike', 'functional.oneHot'],
  ...['And', 'Or', 'Xor', 'Not'].map((name) => `Tensor.logical${name}`),
]);

const weightsOf = (t: Tensor): Tensor =>
  Tensor.fromTypedArray(
    Float32Array.from({ length: t.numel }, (_, i) => ((i * 7 + 3) % 11) / 4 - 1.125),
    t.shape.slice(),
  );

/** The gradients of the inputs, when those in `wanted` require one and tensor `changed` of inputs and outputs is changed in place before. */
function gradients({ inputs, call }: Case, wanted: boolean[], changed: number | null): (number[] | null)[] | 'noticed' | 'nothing to do' {
  const given = inputs();
  given.forEach((t, i) => {
    t.requiresGrad_(wanted[i]);
  });
  const outputs = [call(...given)].flat();
  if (changed !== null) noGrad(() => [...given, ...outputs][changed]!.add_(1));
  const ends = outputs.filter((t) => t.requiresGrad);
  if (ends.length === 0) return 'nothing to do';
  try {
    for (const t of ends) t.backward(weightsOf(t), { retainGraph: true });
  } catch (error) {
    if ((error as SimdnnError).code !== 'SIMDNN_CHANGED_IN_PLACE') throw error;
    return 'noticed';
  }
  return given.map((t) => t.grad && [...t.grad.data]);
}

// Every choice of inputs that require gradients, but none.
function choices({ inputs, constants = [] }: Case): boolean[][] {
  const able = inputs().map((t, i) => t.dtype === 'float32' && !constants.includes(i));
  const all = able.reduce<boolean[][]>(
    (lists, can) =>
      lists.flatMap((list) =>
        can
          ? [
              [...list, true],
              [...list, false],
            ]
          : [[...list, false]],
      ),
    [[]],
  );
  return all.filter((list) => list.includes(true));
}

describe.each(Object.entries(cases))('%s', (name, list) => {
  it.each(list.map((one, i) => [i, one] as const))('case %i', (_, one) => {
    let went = 0;
    for (const wanted of choices(one)) {
      const expected = gradients(one, wanted, null);
      expect(expected).not.toBe('noticed');
      if (expected === 'nothing to do') continue;
      went++;
      const count = one.inputs().length + [one.call(...one.inputs())].flat().length;
      for (let changed = 0; changed < count; changed++) {
        const actual = gradients(one, wanted, changed);
        if (actual !== 'noticed') expect(actual, `inputs with gradient ${wanted}, tensor ${changed} changed`).toEqual(expected);
      }
    }
    const hasNumbers = choices(one).length > 0; // int32 has no gradient
    if (hasNumbers && !withoutGradient.has(name) && !(name === 'Tensor.to' && went === 0)) expect(went).toBeGreaterThan(0);
  });
});

it('the check finds a gradient that reads what was changed', () => {
  const careless: Case = {
    inputs: () => cases['Tensor.mul']![0]!.inputs(),
    call: (x, y) => {
      const z = x.mul(y!);
      (z.node as unknown as { saved: Tensor[]; versions: number[] }).saved = [];
      return z;
    },
  };
  const wanted = [true, true];
  expect(gradients(careless, wanted, 1)).not.toEqual(gradients(careless, wanted, null));
});
