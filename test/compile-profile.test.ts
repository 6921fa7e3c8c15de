// step.profile: where the time of a replay goes, without training by being looked at.
import { describe, expect, it } from 'vitest';
import { compile, manualSeed, nn, noGrad, ones, optim, rand, randn, type Tensor, tensor } from '../src';
import { bitsOf, stateOf } from './train/runs';

function makeStep() {
  manualSeed(4);
  const model = new nn.Sequential(new nn.Linear(13, 300), new nn.ReLU(), new nn.Dropout(0.2), new nn.Linear(300, 5));
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters());
  const step = compile((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const x = randn([32, 13]);
  const y = tensor(Int32Array.from({ length: 32 }, (_, i) => i % 5));
  return { model, optimizer, step, x, y };
}

describe('profile', () => {
  it('trains no argument either', () => {
    const w = ones([3], { requiresGrad: true });
    const optimizer = new optim.SGD([w], { lr: 0.1 });
    const step = compile((v: Tensor) => {
      optimizer.zeroGrad();
      const loss = v.mul(v).sum();
      loss.backward();
      optimizer.step();
      return loss;
    });
    step(w);
    const before = [...w.data];
    step.profile(3);
    expect([...w.data]).toEqual(before);
  });
  it('times every call of the plan that was used last', () => {
    const { step, x, y } = makeStep();
    step(x, y);
    const { calls, microseconds, peak } = step.profile(20);
    const planned = [...String(step).matchAll(/^ *\d+ {2}(\w+)/gm)].map(([, kernel]) => kernel);
    expect(calls.map(({ kernel }) => kernel)).toEqual(planned);
    for (const call of calls) expect(call.microseconds).toBeGreaterThan(0);
    expect(microseconds).toBeCloseTo(calls.reduce((sum, call) => sum + call.microseconds, 0));
    expect(peak).toBeGreaterThan(0);
    for (const { flops, share } of calls) {
      if (flops === 0) expect(share).toBeNull();
      else expect(share).toBeGreaterThan(0);
    }
    const { flops, microseconds: time, share } = calls.find(({ kernel }) => kernel === 'linearBackward')!;
    expect(share).toBeCloseTo(flops / time / 1e3 / peak);
  });

  it('names the operation and the module of every call, gradients included', () => {
    const { step, x, y } = makeStep();
    step(x, y);
    const { calls } = step.profile(1);
    expect(calls.map(({ operation, module }) => `${operation} in ${module || 'no module'}`)).toEqual([
      'linear in 0',
      'dropout in 2',
      'linear in 3',
      'crossEntropy in CrossEntropyLoss',
      'the gradient of linear in 3',
      'the gradient of dropout in 2',
      'the gradient of relu in 1',
      'the gradient of linear in 0',
      'Adam.step in no module',
    ]);
  });

  it('prints as the table with two columns more', () => {
    const { step, x, y } = makeStep();
    step(x, y);
    const [title, headings, ...lines] = String(step.profile(3)).split('\n');
    expect(title).toMatch(/^3 replays on copies: \d+\.\d\d us; multiply-adds of one thread at most \d+ GFLOP\/s$/);
    expect(headings).toMatch(/kernel +module +buffers +numbers +fused +bytes +flops +us +peak$/);
    expect(lines).toHaveLength(step.profile(1).calls.length);
    expect(lines.find((line) => line.includes('linearBackward'))).toMatch(/ \d+\.\d\d +\d+ %$/);
  });

  it('leaves parameters, states, gradients and random numbers as they are', () => {
    const { model, optimizer, step, x, y } = makeStep();
    const other = makeStep();
    for (const s of [step, other.step]) {
      manualSeed(8);
      for (let i = 0; i < 3; i++) s(x, y);
    }
    manualSeed(9);
    step.profile(50);
    const drawn = rand([2]).toArray();
    manualSeed(9);
    expect(rand([2]).toArray()).toEqual(drawn);
    expect(bitsOf(model)).toEqual(bitsOf(other.model));
    expect(stateOf(optimizer)).toEqual(stateOf(other.optimizer));
    manualSeed(9);
    const next = step(x, y).item();
    manualSeed(9);
    expect(next).toBe(other.step(x, y).item());
    expect(bitsOf(model)).toEqual(bitsOf(other.model));
  });

  it('serves inference, and arguments that get a gradient', () => {
    const layer = new nn.Linear(3, 2);
    const infer = compile((x: Tensor) => layer.forward(x));
    noGrad(() => infer(ones([4, 3])));
    expect(infer.profile(2).calls).toHaveLength(1);
    const slope = compile((x: Tensor) => {
      x.mul(x).sum().backward();
      return null;
    });
    const x = tensor([1, 2, 3], { requiresGrad: true });
    slope(x);
    x.clearGradient();
    expect(slope.profile(2).calls.length).toBeGreaterThan(0);
    expect(x.grad).toBeNull();
  });

  it('refuses what it cannot do', () => {
    const { step, x, y } = makeStep();
    expect(() => step.profile()).toThrow('[compile.profile] nothing is recorded yet\n  hint: call the compiled function first');
    step(x, y);
    expect(() => step.profile(0)).toThrow(/expected n to be from 1 to 100000, got 0/);
    expect(() => step.profile(1.5)).toThrow(/expected n to be an integer, got 1.5/);
  });
});
