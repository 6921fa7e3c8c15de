// Every operation inside a compiled step gives the bits that it gives outside, forward and backward.
import { expect, test } from 'vitest';
import { arange, cat, compile, eye, full, manualSeed, nn, rand, randn, stack, type Tensor, tensor, zeros } from '../../src/index';
import { activations, pairwiseLosses } from '../found';

const F = nn.functional;
const int = (values: number[] | number[][]): Tensor => tensor(values, { dtype: 'int32' });

// Each takes two [4, 3] tensors that were made by operations.
const operations: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  'arithmetic with tensors and numbers': (x, y) => x.add(y).mul(2).sub(1.5).div(y.abs().add(1)).pow(2).pow(y.abs().add(0.5)),
  'broadcasts and their sums': (x, y) => x.add(y.sum(0)).mul(y.mean(1, { keepdim: true })),
  'functions of one argument': (x) => x.exp().add(1).log().sqrt().neg().tanh().sigmoid().relu().clamp({ min: 0.5, max: 0.6 }),
  activations: (x) => Object.values(activations).reduce((y, f) => f(y), x),
  norms: (x, y) => F.rmsNorm(x, 3, { weight: y.mean(0) }).add(F.layerNorm(y, [4, 3], { weight: x, bias: y })),
  'activations with slopes of their own': (x, y) =>
    F.prelu(x, y.mean(0))
      .add(F.prelu(y, x.mean().reshape([1])))
      .add(F.rrelu(x, { training: true }))
      .add(F.alphaDropout(y, 0.3, true)),
  'halves and negatives': (x, y) =>
    F.glu(x.t(), 1)
      .add(F.glu(y, 0).t())
      .add(F.softmin(x.narrow(0, 0, 3), 1).narrow(1, 0, 2)),
  distances: (x, y) => [2, 1, 3, Infinity].reduce((sum, p) => sum.add(F.pairwiseDistance(x, y, { p })), F.cosineSimilarity(x, y)),
  'bilinear forms': (x, y) => F.bilinear(x, y, x.reshape([4, 3, 1]).mul(y.unsqueeze(1)), y.mean(1)),
  'norms of groups': (x, y) => F.groupNorm(x.reshape([3, 4]), 2, { weight: y.mean(1), bias: x.mean(1) }),
  'rows of tables': (x, y) =>
    F.embedding(
      int([
        [3, 1],
        [1, 0],
      ]),
      x,
      { paddingIdx: 0, scaleGradByFreq: true },
    )
      .sum(1)
      .add(F.embedding(int([2, 2]), y)),
  bags: (x, y) => {
    const [index, offsets] = [int([0, 3, 1, 1, 2]), int([0, 2, 2])];
    const weights = y.reshape([12]).narrow(0, 0, 5);
    return F.embeddingBag(index, x, { offsets, paddingIdx: 1 })
      .add(F.embeddingBag(index, x, { offsets, mode: 'sum', perSampleWeights: weights }))
      .add(
        F.embeddingBag(
          int([
            [0, 1],
            [1, 1],
            [3, 2],
          ]),
          y,
          { mode: 'max', paddingIdx: 1 },
        ),
      );
  },
  'losses of pairs': (x, y) => Object.values(pairwiseLosses).reduce((sum, f) => sum.add(f(x, y)), x.sum()),
  views: (x) => x.reshape([2, -1]).flatten().unsqueeze(0).squeeze().narrow(0, 3, 7).mul(3),
  ranges: (x) => x.narrow(1, 1, 2).add(x.narrow(1, 0, 2)),
  'transposed copies': (x, y) => x.t().matmul(y).permute([1, 0]).transpose(0, 1),
  'cat by rows': (x, y) => cat([x, y.mul(2), x]).add(1),
  'cat by columns': (x, y) => cat([x, y], 1).mul(cat([y, x], 1)),
  stack: (x, y) => stack([x, y, x.mul(y)], 1),
  extremes: (x, y) => x.max(1).values.add(y.min(1).values).mul(x.max()).add(x.min()),
  'places of extremes': (x, y) => x.mul(x.argmax(1, { keepdim: true })).add(y.argmin(0)),
  comparisons: (x, y) => x.mul(x.gt(y)).add(y.mul(x.le(0))),
  'chosen elements': (x) =>
    x.indexSelect(0, int([1, 1, 0])).gather(
      1,
      int([
        [0, 1],
        [1, 1],
        [2, 0],
      ]),
    ),
  softmax: (x) => x.softmax(0).add(x.logSoftmax(1)),
  'cross entropy of each row': (x) => F.crossEntropy(x, int([0, 1, 2, 2]), { labelSmoothing: 0.1, reduction: 'none' }),
  'cross entropy with probabilities': (x, y) => F.crossEntropy(x.mul(2), y.softmax(1).detach()),
  'cross entropy with probabilities that are made': (x, y) => F.crossEntropy(x, y.softmax(1)),
  'cross entropy over further dimensions': (x) =>
    F.crossEntropy(
      x.reshape([2, 3, 2]),
      int([
        [0, 1],
        [2, 1],
      ]),
    ),
  nllLoss: (x) => F.nllLoss(x.logSoftmax(1), int([0, 1, 2, 2])),
  mseLoss: (x, y) => F.mseLoss(x, y.mul(2)),
  linear: (x, y) => F.linear(x, y, y.sum(1)).add(F.linear(x, x)),
  dropout: (x) => F.dropout(x, 0.5, true),
  creation: (x) =>
    x
      .mul(rand([4, 3]))
      .add(eye(4, 3))
      .add(arange(3))
      .add(full([3], 2))
      .add(zeros([3])),
  'products with itself': (x) => x.matmul(x.t()).matmul(x),
  'products of batches': (x, y) =>
    x
      .reshape([2, 2, 3])
      .matmul(y.reshape([2, 3, 2]))
      .matmul(tensor([1, 2])),
  'copies and conversions': (x, y) => x.clone().mul(x.to('int32')).add(y.clone()),
};

test.each(Object.entries(operations))('%s', (_, operation) => {
  manualSeed(1);
  const [a, b] = [randn([4, 3], { requiresGrad: true }), randn([4, 3], { requiresGrad: true })];
  const batches = Array.from({ length: 4 }, () => [randn([4, 3]), randn([4, 3])] as const);
  const step = (x: Tensor, y: Tensor): Tensor[] => {
    a.grad = null;
    b.grad = null;
    const result = operation(x.add(a), y.mul(b));
    const loss = result.mul(result).mean();
    loss.backward();
    return [result.detach().clone(), loss];
  };
  const compiled = compile(step, { keepGrad: true });
  const run = (fn: typeof step): unknown[] => {
    manualSeed(5);
    return batches.map(([x, y]) => [fn(x, y).map((t) => [...t.data]), [a, b].map((t) => t.grad && [...t.grad.data])]);
  };
  const eager = run(step);
  expect(JSON.stringify(eager)).not.toContain('null,null'); // at least one of the two got a gradient, and nothing is NaN
  expect(run(compiled)).toEqual(eager);
  expect(run(compiled)).toEqual(eager);
});
