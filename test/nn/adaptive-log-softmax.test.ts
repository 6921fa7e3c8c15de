// AdaptiveLogSoftmaxWithLoss: corners and messages, and what it learns. Its numbers and gradients are PyTorch's in float64: test/ops/dense.test.ts.
import { expect, it } from 'vitest';
import { compile, manualSeed, nn, ones, optim, randint, randn, type Tensor, tensor, zeros } from '../../src';
import { expectError, expectSame } from '../helpers';

const { AdaptiveLogSoftmaxWithLoss } = nn;
const int = (...values: number[]) => tensor(values, { dtype: 'int32' });
const name = 'AdaptiveLogSoftmaxWithLoss';

it('gives probabilities whose sum is 1, of which forward and predict give single ones', () => {
  manualSeed(3);
  const softmax = new AdaptiveLogSoftmaxWithLoss(6, 20, [4, 9]);
  const x = randn([12, 6]).mul(3);
  const all = softmax.logProb(x);
  for (const sum of all.exp().sum(1).data) expect(sum).toBeCloseTo(1, 5);
  const target = randint(0, 20, [12]);
  expectSame(softmax.forward(x, target).output, all.gather(1, target.unsqueeze(1)));
  expectSame(softmax.predict(x), all.argmax(1));
  expect(softmax.forward(zeros([0, 6]), int()).output.shape).toEqual([0]);
  expect(softmax.predict(zeros([0, 6])).shape).toEqual([0]);
});

it('has the gradients of differences for all of its parameters', () => {
  manualSeed(4);
  const softmax = new AdaptiveLogSoftmaxWithLoss(4, 7, [2, 4], { divValue: 2, headBias: true });
  const x = randn([5, 4]);
  const lossOf = (): Tensor => softmax.forward(x, int(0, 2, 6, 3, 5)).loss;
  lossOf().backward();
  const step = 2 ** -7;
  for (const parameter of softmax.parameters()) {
    const { data } = parameter;
    for (const [i, gradient] of parameter.grad!.data.entries()) {
      const was = data[i]!;
      const [above, below] = [step, -step].map((change) => {
        data[i] = was + change;
        return lossOf().item();
      }) as [number, number];
      data[i] = was;
      expect(Math.abs((above - below) / (2 * step) - gradient)).toBeLessThan(2e-4);
    }
  }
});

it('learns in a compiled step, with the bits of the loop', () => {
  const run = (compiled: boolean): number[] => {
    manualSeed(5);
    const softmax = new AdaptiveLogSoftmaxWithLoss(4, 6, [2, 4], { divValue: 2 });
    const optimizer = new optim.SGD(softmax.parameters(), { lr: 0.5 });
    const x = randn([16, 4]);
    const target = x.matmul(randn([4, 6])).argmax(1);
    const eager = (rows: Tensor, labels: Tensor) => {
      optimizer.zeroGrad();
      const { loss } = softmax.forward(rows, labels);
      loss.backward();
      optimizer.step();
      return loss;
    };
    const step = compiled ? compile(eager) : eager;
    return Array.from({ length: 30 }, () => step(x, target).item());
  };
  const losses = run(false);
  expect(losses.at(-1)!).toBeLessThan(losses[0]! * 0.7);
  expect(run(true)).toEqual(losses);
});

it('is printed as PyTorch prints it', () => {
  expect(new AdaptiveLogSoftmaxWithLoss(8, 100, [10]).toString()).toBe(`${name}(
  (head): Linear(in_features=8, out_features=11, bias=False)
  (tail): ModuleList(
    (0): Sequential(
      (0): Linear(in_features=8, out_features=2, bias=False)
      (1): Linear(in_features=2, out_features=90, bias=False)
    )
  )
)`);
});

it('takes clusters without features, whose classes are alike', () => {
  const softmax = new AdaptiveLogSoftmaxWithLoss(2, 4, [2]);
  expect(softmax.tail[0]!.toString()).toContain('out_features=0');
  const all = softmax.logProb(ones([1, 2])).data;
  expect(all[2]).toBe(all[3]);
  softmax.resetParameters();
});

it('checks its arguments', () => {
  const softmax = new AdaptiveLogSoftmaxWithLoss(4, 6, [2]);
  expectError(() => softmax.forward(ones([2, 4]), int(0, 6)), RangeError, `[${name}.forward] target[1] = 6 is out of range [0, 6)`);
  expect(() => softmax.forward(ones([2, 4]), int(0, -1))).toThrow(`[${name}.forward] target[1] = -1 is out of range [0, 6)`);
  expect(() => softmax.forward(ones([2, 4]), int(0))).toThrow(`[${name}.forward] expected target [2], got [1]`);
  expect(() => softmax.forward(ones([2, 3]), int(0, 1))).toThrow(`[${name}.forward] expected x [*, 4], got [2, 3]`);
  expect(() => softmax.forward(ones([2, 4]), ones([2]))).toThrow(TypeError);
  expect(() => softmax.logProb(ones([4]))).toThrow(`[${name}.logProb] expected x [n, 4], got [4]`);
  expect(() => softmax.predict(ones([4]))).toThrow(`[${name}.predict] expected x [n, 4], got [4]`);
  expect(() => new AdaptiveLogSoftmaxWithLoss(4, 6, [])).toThrow(`[${name}] expected at least one cutoff, got none`);
  expect(() => new AdaptiveLogSoftmaxWithLoss(4, 6, 2 as never)).toThrow(`[${name}] expected cutoffs to be an array of integers, got 2`);
  for (const cutoffs of [[0], [2, 2], [3, 2], [6], [1.5]]) expect(() => new AdaptiveLogSoftmaxWithLoss(4, 6, cutoffs)).toThrow(RangeError);
  expect(() => new AdaptiveLogSoftmaxWithLoss(4, 6, [2], { divValue: 0 })).toThrow(RangeError);
  expect(() => new AdaptiveLogSoftmaxWithLoss(4, 6, [2], { headBias: 1 as never })).toThrow(TypeError);
});
