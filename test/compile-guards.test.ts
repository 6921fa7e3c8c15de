// When a compiled function is recorded anew, and when it is not.
import { describe, expect, it } from 'vitest';
import { compile, data, nn, noGrad, ones, type Tensor, tensor } from '../src';
import { recordingsOf, training } from './compile-training';
import { expectSame } from './helpers';

describe('a parameter that is replaced', () => {
  class Scale extends nn.Module {
    factor = new nn.Parameter(tensor([2]));
    offset = tensor([0]);
    forward(x: Tensor): Tensor {
      return x.mul(this.factor).add(this.offset);
    }
  }
  it('in a module that was never looked through keeps its old value', () => {
    const scale = new Scale();
    const fn = compile((x: Tensor) => scale.forward(x));
    fn(ones([1]));
    scale.factor = new nn.Parameter(tensor([5]));
    expectSame(fn(ones([1])), [2]);
  });
  it('is noticed where parameters(), eval() or an optimizer has looked through the module before', () => {
    const scale = new Scale();
    const fn = compile((x: Tensor) => scale.forward(x));
    scale.eval();
    fn(ones([1]));
    scale.factor = new nn.Parameter(tensor([5]));
    expectSame(fn(ones([1])), [5]);
  });
  it('is better loaded: new values in the same memory are always seen', () => {
    const scale = new Scale();
    const fn = compile((x: Tensor) => scale.forward(x));
    fn(ones([1]));
    scale.loadStateDict({ factor: tensor([5]) });
    expectSame(fn(ones([1])), [5]);
    nn.init.constant_(scale.factor, 6);
    expectSame(fn(ones([1])), [6]);
  });
  it('when it is a plain tensor, is never noticed: its values are changed in place, or it is given as an argument', () => {
    const scale = new Scale();
    scale.eval();
    const fn = compile((x: Tensor) => scale.forward(x));
    fn(ones([1]));
    scale.offset.data[0] = 10;
    expectSame(fn(ones([1])), [12]);
    scale.offset = tensor([100]);
    expectSame(fn(ones([1])), [12]);
    fn.dispose();
    expectSame(fn(ones([1])), [102]);
  });
});

describe('a smaller last batch', () => {
  it('has a recording of its own, and 16 recordings are kept', () => {
    let runs = 0;
    const fn = compile((x: Tensor) => {
      runs++;
      return x.mul(2);
    });
    const loader = new data.DataLoader(new data.TensorDataset(ones([10, 3])), { batchSize: 4 });
    for (let epoch = 0; epoch < 3; epoch++) for (const [x] of loader) expect(fn(x!).shape).toEqual(x!.shape);
    expect(runs).toBe(2);
    for (let n = 1; n <= 16; n++) fn(ones([n]));
    expect(recordingsOf(fn)).toBe(16);
    expect(runs).toBe(18);
    fn(ones([4, 3]));
    expect(runs).toBe(19); // it had been used longest ago
  });
});

it('a compiled function inside another is a part of it', () => {
  let runs = 0;
  const inner = compile((x: Tensor) => {
    runs++;
    return x.mul(2);
  });
  const outer = compile((x: Tensor) => inner(x).add(1));
  expect([1, 2, 3].map((v) => outer(tensor([v])).item())).toEqual([3, 5, 7]);
  expect(runs).toBe(1);
  expect(recordingsOf(inner)).toBe(0);
});

it('noGrad() around a call is another recording, and a step that needs gradients fails there as in eager', () => {
  const { model, step, x, y } = training();
  const predict = compile((batch: Tensor) => model.forward(batch));
  predict(x);
  noGrad(() => predict(x));
  expect(recordingsOf(predict)).toBe(2);
  step(x, y);
  expect(() => noGrad(() => step(x, y))).toThrow('has no history');
});
