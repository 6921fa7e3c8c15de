// Every operation and layer that has a case: exported and run by onnxruntime-node with the same result, or in the list below with the reason.
import { describe, expect, it } from 'vitest';
import { io, manualSeed, nn, noGrad, randn, stack, type Tensor } from '../../src';
import { translations, untranslated } from '../../src/io/onnx-kernels';
import { kernelNames } from '../../src/kernels.generated';
import { cases } from '../ops/cases';
import { differenceOf, runOnnx, temporary } from './onnx-helpers';

// By the reason in the error the operations that are not exported, all of their cases or some.
const loss = 'a loss is for training';
const drawn = 'random numbers are drawn';
const read = 'a value cannot be read inside a compiled function';
const names = {
  [drawn]: [
    ...['bernoulli', 'multinomial', 'normal', 'randLike', 'randnLike', 'randintLike'].map((name) => `ops.${name}`),
    ...['alphaDropout', 'dropout1d', 'featureAlphaDropout', 'rrelu', 'dropout', 'gumbelSoftmax'].map((name) => `functional.${name}`),
    ...['uniform_', 'normal_', 'bernoulli_', 'exponential_', 'geometric_', 'cauchy_', 'logNormal_', 'random_'].map(
      (name) => `Tensor.${name}`,
    ),
    'nn.LinearCrossEntropyLoss', // its weights, which its case makes anew
  ],
  [loss]: [
    ...[
      'linearCrossEntropy',
      'mseLoss',
      'huberLoss',
      'l1Loss',
      'smoothL1Loss',
      'binaryCrossEntropy',
      'binaryCrossEntropyWithLogits',
      'klDiv',
    ],
    ...['nllLoss', 'crossEntropy'],
  ].map((name) => `functional.${name}`),
  'ONNX has no operation for it': [
    ...['solve', 'inv', 'det', 'slogdet', 'cholesky', 'qr', 'matrixExp', 'matrixPower'].map((name) => `linalg.${name}`),
    ...['inverse', 'det', 'slogdet', 'logdet', 'cholesky', 'qr', 'matrixExp'].map((name) => `Tensor.${name}`),
  ],
  [read]: ['maskedSelect', 'nonzero', 'argwhere', 'histc', 'histogram', 'uniqueConsecutive'].map((name) => `Tensor.${name}`),
  'expected example to have a tensor, got none': ['ops.trilIndices', 'ops.triuIndices'],
};
const layers = ['BCELoss', 'KLDivLoss', 'MSELoss', 'HuberLoss', 'L1Loss', 'SmoothL1Loss', 'NLLLoss', 'CrossEntropyLoss'];
const reasons = new Map<string, string>([
  ...Object.entries(names).flatMap(([reason, list]) => list.map((name): [string, string] => [name, reason])),
  ...layers.map((name): [string, string] => [`nn.${name}`, loss]),
]);

// ONNX leaves open where TopK puts NaN.
const inOrder = new Set(['Tensor.nanmedian', 'Tensor.nanquantile']);

class Calling extends nn.Module {
  constructor(private readonly fn: (...inputs: Tensor[]) => Tensor | Tensor[]) {
    super();
  }
  forward(...inputs: Tensor[]): Tensor | Tensor[] {
    return this.fn(...inputs);
  }
}

// Whether the case is exported; then its results are the library's.
async function isExported(name: string, i: number): Promise<boolean> {
  const { inputs, call } = cases[name]![i]!;
  const path = temporary('case.onnx');
  try {
    await io.exportOnnx(path, new Calling(call), { example: inputs(), dynamicBatch: false });
  } catch (error) {
    const reason = reasons.get(name);
    if (reason === undefined || !(error as Error).message.includes(reason)) throw error;
    return false;
  }
  if (inOrder.has(name) && inputs().some((t) => t.data.some(Number.isNaN))) return true;
  manualSeed(1);
  const result = noGrad(() => call(...inputs()));
  const got = await runOnnx(path, inputs());
  for (const [k, wanted] of (Array.isArray(result) ? result : [result]).entries()) {
    expect(differenceOf(got[k]!, wanted), `${name} ${i}`).toBeLessThanOrEqual(1e-5);
  }
  return true;
}

describe('operations through ONNX', () => {
  it.each(Object.keys(cases))('%s', async (name) => {
    const exported: boolean[] = [];
    for (let i = 0; i < cases[name]!.length; i++) exported.push(await isExported(name, i));
    expect(exported.includes(false)).toBe(reasons.has(name));
  });

  it.each([
    ['[n, 3]', [1, 3], [0, 1, 2, -1, -2, -3]],
    ['[n, 2, 3]', [1, 2, 3], [0, 1, 2, 3, -1, -2]],
  ] as const)('stack along each dimension of %s', async (_, shape, dims) => {
    for (const dim of dims) {
      class Stacked extends nn.Module {
        override forward(x: Tensor): Tensor {
          return stack([x, x.mul(2), x.add(1)], dim);
        }
      }
      const path = temporary('stacked.onnx');
      await io.exportOnnx(path, new Stacked(), { example: randn(shape) });
      for (const n of [1, 4]) {
        const x = randn([n, ...shape.slice(1)]);
        const [got] = await runOnnx(path, [x]);
        expect(differenceOf(got!, new Stacked().forward(x)), `${dim}`).toBe(0);
      }
    }
  });

  it('lists no operation that there is not', () => {
    expect([...reasons.keys()].filter((name) => cases[name] === undefined)).toEqual([]);
  });

  it('has a translation or a reason for each kernel of a forward pass', () => {
    const others = /Backward|Step$|Columns$|Pack(ed)?$/;
    const missing = kernelNames.filter(
      (name) => !others.test(name) && translations[name] === undefined && untranslated[name] === undefined,
    );
    expect(missing).toEqual([]);
  });
});
