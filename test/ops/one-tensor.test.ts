// One tensor in several places of an operation: its gradient is the sum of those that tensors of the same values get there.
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/tensor';
import type { Case } from './case-makers';
import { cases } from './cases';

const sameShape = (a: Tensor, b: Tensor): boolean => a.shape.length === b.shape.length && a.shape.every((size, d) => size === b.shape[d]);

// The pairs of places in which one tensor can stand.
function pairsOf({ inputs, constants = [] }: Case): [number, number][] {
  const given = inputs();
  const able = given.flatMap((t, i) => (t.dtype === 'float32' && !constants.includes(i) ? [i] : []));
  return able.flatMap((i) => able.filter((j) => j > i && sameShape(given[i]!, given[j]!)).map((j): [number, number] => [i, j]));
}

function gradients({ inputs, call }: Case, [i, j]: [number, number], shared: boolean): number[] | null {
  const given = inputs();
  given[j] = shared ? given[i]! : given[i]!.clone().detach();
  for (const t of [given[i]!, given[j]!]) t.requiresGrad_(true);
  const ends = [call(...given)].flat().filter((t) => t.requiresGrad);
  if (ends.length === 0) return null;
  for (const t of ends) {
    const weights = t.detach().mul(0).add(1.25);
    t.backward(weights.mul(t.detach().mul(0.5).add(1)), { retainGraph: true });
  }
  const parts = shared ? [given[i]!] : [given[i]!, given[j]!];
  return Array.from(given[i]!.data, (_, at) => parts.reduce((sum, t) => sum + (t.grad?.data[at] ?? 0), 0));
}

const tried = Object.entries(cases).flatMap(([name, list]) =>
  list.flatMap((one, i) => pairsOf(one).map((pair) => ({ name: `${name} (${i}), places ${pair}`, one, pair }))),
);

describe('the gradient of a tensor that stands twice', () => {
  it('is tried in operations of two and of three operands', () => {
    expect(tried.filter(({ name }) => /linear|layerNorm|mul|matmul|mseLoss/.test(name)).length).toBeGreaterThan(8);
  });

  it.each(tried)('$name', ({ one, pair }) => {
    const [apart, together] = [gradients(one, pair, false), gradients(one, pair, true)];
    expect(together === null).toBe(apart === null);
    const most = Math.max(1, ...(apart ?? []).filter(Number.isFinite).map(Math.abs));
    together?.forEach((value, at) => {
      const expected = apart![at]!;
      const alike = Object.is(value, expected) || Math.abs(value - expected) <= 1e-5 * most; // a negative base gives NaN, a length that overflows Infinity
      expect(alike, `element ${at}: ${value}, expected ${expected}`).toBe(true);
    });
  });
});
