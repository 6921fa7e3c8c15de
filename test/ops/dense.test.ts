// Operations that are made of others: values and gradients against PyTorch's, and the same bits inside a compiled step.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile';
import { Tensor } from '../../src/tensor';
import { type GoldenArray, judge } from '../parity/parity';
import type { Case } from './case-makers';
import { denseCases } from './dense-cases';
import '../../src/ops';

type Golden = GoldenArray & { error: number };
const golden = JSON.parse(gunzipSync(readFileSync(join(__dirname, 'dense.json.gz'))).toString()) as Record<
  string,
  { outputs: Golden[]; gradients: (Golden | null)[] }[]
>;

it('PyTorch has been asked for each case', () => {
  const counts = (of: Record<string, unknown[]>): [string, number][] => Object.entries(of).map(([name, list]) => [name, list.length]);
  expect(counts(golden)).toEqual(counts(denseCases));
});

const weightsOf = (t: Tensor): Tensor =>
  Tensor.fromTypedArray(
    Float32Array.from({ length: t.numel }, (_, i) => ((i * 7 + 3) % 11) / 4 - 1.125),
    t.shape.slice(),
  );

// The outputs and the gradients of their weighted sum.
function run({ call, constants = [] }: Case, given: Tensor[]): [Tensor[], (Tensor | null)[]] {
  given.forEach((t, i) => {
    if (t.dtype === 'float32' && !constants.includes(i)) t.requiresGrad_();
  });
  const outputs = [call(...given)].flat();
  for (const t of outputs) if (t.requiresGrad) t.backward(weightsOf(t), { retainGraph: true });
  return [outputs, given.map((t) => t.grad)];
}

function meets(what: string, actual: Tensor | null, expected: Golden | null): void {
  if (expected === null) {
    expect(actual, what).toBeNull();
    return;
  }
  expect(actual?.shape, what).toEqual(expected.shape);
  expect(judge(actual!, expected, expected.error), what).toBeNull();
}

describe.each(Object.entries(denseCases))('%s', (name, list) => {
  it.each(list.map((one, i) => [i, one] as const))('case %i is what PyTorch gives', (i, one) => {
    const [outputs, gradients] = run(one, one.inputs());
    const expected = golden[name]![i]!;
    expect(outputs.length).toBe(expected.outputs.length);
    for (const [k, t] of outputs.entries()) meets(`output ${k}`, t, expected.outputs[k]!);
    for (const [k, t] of gradients.entries()) meets(`gradient ${k}`, t, expected.gradients[k]!);
  });

  const compilable = !['maskedSelect', 'nonzero', 'argwhere', 'histc', 'histogram', 'uniqueConsecutive'].includes(name.slice(7));
  it.runIf(compilable).each(list.map((one, i) => [i, one] as const))('case %i has its bits in a compiled step', (_, one) => {
    const leaves = one.inputs();
    const step = (...given: Tensor[]): Tensor[] => {
      for (const leaf of leaves) leaf.grad = null;
      const mixed = given.map((t, i) => (t.dtype === 'float32' ? t.add(leaves[i]!) : t));
      const outputs = [one.call(...mixed)].flat();
      for (const t of outputs) if (t.requiresGrad) t.mul(t).sum().backward(undefined, { retainGraph: true });
      return outputs.map((t) => t.detach().clone());
    };
    for (const leaf of leaves) if (leaf.dtype === 'float32') leaf.requiresGrad_();
    const compiled = compile(step as (...given: Tensor[]) => Tensor[], { keepGrad: true });
    const results = (fn: (...given: Tensor[]) => Tensor[]): unknown[] =>
      [1, 2, 3].map((k) => {
        const given = one.inputs().map((t) => (t.dtype === 'float32' ? t.mul(0.5 + k) : t));
        return [fn(...given).map((t) => [t.shape, [...t.data]]), leaves.map((leaf) => leaf.grad && [...leaf.grad.data])];
      });
    const eager = results(step);
    expect(results(compiled)).toEqual(eager);
  });
});
