import { describe, expect, it, test } from 'vitest';
import { nn, tensor } from '../../src/index';
import type { Reduction } from '../../src/ops/loss';
import { expectClose, gradientCheck } from '../helpers';
import { build, type Model, numbers, total } from '../model';

const F = nn.functional;
const reductions: Reduction[] = ['none', 'mean', 'sum'];

function reduced(x: Model, terms: number[], reduction: Reduction): Model {
  if (reduction === 'none') return { shape: x.shape, data: terms };
  return { shape: [], data: [total(terms) / (reduction === 'mean' ? terms.length : 1)] };
}
const pairs = (of: (x: number, t: number, i: number) => number, reduction: Reduction) => (x: Model, t: Model) =>
  reduced(
    x,
    x.data.map((v, i) => of(v, t.data[i]!, i)),
    reduction,
  );

const bce = (x: number, t: number): number => -(t * Math.log(x) + (1 - t) * Math.log1p(-x));
const bceOfLogits = (x: number, t: number): number => Math.max(x, 0) - x * t + Math.log1p(Math.exp(-Math.abs(x)));

describe.each(reductions)('%s: values, gradients of both arguments', (reduction) => {
  const probabilities = [numbers([3, 5], 0.05, 0.95), numbers([3, 5], 0.1, 0.9)];
  const logits = [numbers([3, 5], -4, 4), numbers([3, 5], 0.1, 0.9)];

  test('binaryCrossEntropy', () => {
    gradientCheck((x, t) => F.binaryCrossEntropy(x, t, { reduction }), pairs(bce, reduction), probabilities);
    const weight = tensor([1, 2, 3, 4, 5]);
    gradientCheck(
      (x, t) => F.binaryCrossEntropy(x, t, { reduction, weight }),
      pairs((x, t, i) => bce(x, t) * ((i % 5) + 1), reduction),
      probabilities,
    );
  });

  test('binaryCrossEntropyWithLogits', () => {
    gradientCheck((x, t) => F.binaryCrossEntropyWithLogits(x, t, { reduction }), pairs(bceOfLogits, reduction), logits);
    const posWeight = tensor([1, 2, 3, 4, 5]);
    gradientCheck(
      (x, t) => F.binaryCrossEntropyWithLogits(x, t, { reduction, posWeight }),
      pairs((x, t, i) => (1 - t) * x + (1 + (i % 5) * t) * Math.log1p(Math.exp(-x)), reduction),
      logits,
    );
  });

  test('klDiv', () => {
    gradientCheck(
      (x, t) => F.klDiv(x, t, { reduction }),
      pairs((x, t) => t * (Math.log(t) - x), reduction),
      logits,
    );
    gradientCheck(
      (x, t) => F.klDiv(x, t, { reduction, logTarget: true }),
      pairs((x, t) => Math.exp(t) * (t - x), reduction),
      [numbers([3, 5], -4, 0), numbers([3, 5], -3, 0)],
    );
  });
});

describe('corners', () => {
  it('keeps logarithms finite and slopes bounded, as PyTorch', () => {
    const x = tensor([0, 1, 0, 1], { requiresGrad: true });
    const loss = F.binaryCrossEntropy(x, tensor([0, 1, 1, 0]), { reduction: 'none' });
    expectClose(loss, [0, 0, 100, 100], 0);
    loss.sum().backward();
    expectClose(x.grad!, [0, 0, -1e12, 1e12], 1e6);
  });

  it('takes the largest logits', () => {
    const x = tensor([1e4, -1e4, 200], { requiresGrad: true });
    const loss = F.binaryCrossEntropyWithLogits(x, tensor([0, 0, 1]), { reduction: 'none' });
    expectClose(loss, [1e4, 0, 0], 0);
    loss.sum().backward();
    expectClose(x.grad!, [1, 0, 0], 0);
  });

  it('counts targets of 0 for nothing, and divides by the batch', () => {
    const x = build([2, 2], () => Math.log(0.5));
    const target = tensor([
      [1, 0],
      [0, 1],
    ]);
    const log = tensor([
      [x.data[0]!, x.data[1]!],
      [x.data[2]!, x.data[3]!],
    ]);
    expectClose(F.klDiv(log, target, { reduction: 'batchmean' }), [Math.LN2], 1e-7);
    expectClose(F.klDiv(log, target, { reduction: 'sum' }), [2 * Math.LN2], 1e-6);
    const own = tensor([[0.5, 0]], { requiresGrad: true });
    F.klDiv(tensor([[-1, -2]]), own, { reduction: 'sum' }).backward();
    expectClose(own.grad!, [Math.log(0.5) + 1 + 1, 0], 1e-6);
  });

  it('refuses other shapes and options', () => {
    expect(() => F.binaryCrossEntropy(tensor([1]), tensor([[1]]))).toThrow(
      '[binaryCrossEntropy] expected target [1], the shape of x, got [1, 1]',
    );
    expect(() => new nn.BCELoss({ weight: tensor([1, 2, 3]) }).forward(tensor([0.5, 0.5]), tensor([1, 0]))).toThrow(
      '[BCELoss.forward] expected weight of a shape that broadcasts to [2], got [3]',
    );
    expect(() => new nn.BCEWithLogitsLoss({ posWeight: tensor([1], { dtype: 'int32' }) })).toThrow('expected posWeight to be float32');
    expect(() => new nn.KLDivLoss({ reduction: 'batch' as never })).toThrow('reduction');
    expect(() => new nn.KLDivLoss({ logTarget: 1 as never })).toThrow(TypeError);
  });

  it('keeps weights as buffers with the names that PyTorch gives them', () => {
    const criterion = new nn.BCEWithLogitsLoss({ weight: tensor([1]), posWeight: tensor([2]) });
    expect(Object.keys(criterion.stateDict())).toEqual(['weight', 'pos_weight']);
    expect(criterion.posWeight!.item()).toBe(2);
  });
});
