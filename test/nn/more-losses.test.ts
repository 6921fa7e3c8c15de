// The losses that are made of other operations as modules: their functions, with their options; their buffers, texts and messages.
import { describe, expect, it } from 'vitest';
import { nn, ones, type Tensor, tensor, zeros } from '../../src/index';
import { expectError, expectSame } from '../helpers';

const F = nn.functional;
const int = (values: number[] | number[][]): Tensor => tensor(values, { dtype: 'int32' });

const [a, b, c] = [
  tensor([
    [0.5, -1.5, 2],
    [1, 0.25, -0.75],
  ]),
  tensor([
    [1, 2, -1],
    [-0.5, 0.75, 1.25],
  ]),
  tensor([
    [1.5, 0.5, 0.25],
    [3, 0.125, 2],
  ]),
];
const [labels, rows] = [int([2, 0]), int([1, -1])];
const signs = int([
  [1, -1, 1],
  [-1, -1, 1],
]);
const classes = signs.gt(0);
const several = int([
  [1, -1, 0],
  [2, 1, -1],
]);
const weight = tensor([0.5, 2, 1]);

type Criterion = new (options?: object) => nn.Module & { forward(...inputs: Tensor[]): Tensor };

interface Loss {
  make: { readonly name: string };
  f: (...args: never[]) => Tensor;
  inputs: Tensor[];
  options: object[];
}

const losses: Loss[] = [
  { make: nn.MarginRankingLoss, f: F.marginRankingLoss, inputs: [a, b, signs], options: [{ margin: 0.5 }] },
  { make: nn.HingeEmbeddingLoss, f: F.hingeEmbeddingLoss, inputs: [a, signs], options: [{ margin: 2 }] },
  { make: nn.CosineEmbeddingLoss, f: F.cosineEmbeddingLoss, inputs: [a, b, rows], options: [{ margin: -0.75 }] },
  {
    make: nn.TripletMarginLoss,
    f: F.tripletMarginLoss,
    inputs: [a, b, c],
    options: [{ margin: 3 }, { p: 1 }, { eps: 0.5 }, { swap: true }],
  },
  {
    make: nn.TripletMarginWithDistanceLoss,
    f: F.tripletMarginWithDistanceLoss,
    inputs: [a, b, c],
    options: [{ margin: 3 }, { swap: true }, { distanceFunction: (x1: Tensor, x2: Tensor) => x1.sub(x2).abs().amax(1) }],
  },
  { make: nn.MultiMarginLoss, f: F.multiMarginLoss, inputs: [a, labels], options: [{ p: 2 }, { margin: 3 }, { weight }] },
  { make: nn.MultiLabelMarginLoss, f: F.multilabelMarginLoss, inputs: [a, several], options: [] },
  { make: nn.SoftMarginLoss, f: F.softMarginLoss, inputs: [a, signs], options: [] },
  { make: nn.MultiLabelSoftMarginLoss, f: F.multilabelSoftMarginLoss, inputs: [a, classes], options: [{ weight }] },
  { make: nn.GaussianNLLLoss, f: F.gaussianNllLoss, inputs: [a, b, c], options: [{ full: true }, { eps: 1 }] },
  {
    make: nn.PoissonNLLLoss,
    f: F.poissonNllLoss,
    inputs: [c, c],
    options: [{ full: true }, { logInput: false }, { logInput: false, eps: 1 }],
  },
  { make: nn.FocalLoss, f: F.sigmoidFocalLoss, inputs: [a, classes], options: [{ alpha: 0.5 }, { gamma: 3 }, { alpha: -1 }] },
];

describe.each(losses.map((loss) => [loss.make.name, loss] as const))('%s', (name, { make: given, f, inputs, options }) => {
  const make = given as Criterion;
  const call = f as unknown as (...args: unknown[]) => Tensor;

  it('is its function', () => {
    const own = new make();
    for (const one of [{}, ...options, { reduction: 'sum' }, { reduction: 'none' }] as object[]) {
      const expected = call(...inputs, { reduction: 'mean', ...one });
      expectSame(new make(one).forward(...inputs), expected);
      expectSame(new make(one).call(...inputs) as Tensor, expected);
      if (Object.keys(one).length > 0) expect([...own.forward(...inputs).data]).not.toEqual([...expected.data]);
    }
  });

  it('prints as PyTorch prints it, and has its weight alone in its state', () => {
    expect(String(new make())).toBe(`${name}()`);
    expect(Object.keys(new make().stateDict())).toEqual([]);
    const weighted = options.find((one) => 'weight' in one);
    if (weighted !== undefined) expect(new make(weighted).stateDict()).toEqual({ weight });
  });

  it('says which option is wrong', () => {
    expectError(
      () => new make({ reduction: 'avg' }),
      RangeError,
      `[${name}] expected reduction to be one of "mean", "sum", "none", got "avg"`,
    );
    const wrong = name === 'MultiMarginLoss' ? { weight: [1] } : { reductions: 'sum' };
    expect(() => new make(wrong)).toThrow(TypeError);
  });

  it('names itself where an input is wrong', () => {
    const message = `[${name}.forward] expected`;
    expect(() => new make().forward(...inputs.with(0, zeros([7])))).toThrow(message);
    expect(() => new make().forward(...inputs.with(1, ones([7])))).toThrow(message);
  });
});
