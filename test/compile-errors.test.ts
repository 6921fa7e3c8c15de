// An error in a compiled function leaves what it leaves in eager mode.
import { describe, expect, it } from 'vitest';
import { compile, manualSeed, nn, ones, optim, rand, randn, type Tensor, tensor, zeros } from '../src';
import { labels, recordingsOf, training, valuesOf } from './compile-training';
import { expectSame, thrownBy } from './helpers';

describe('an error', () => {
  it('leaves the model and the optimizer untouched, and the next call goes on', () => {
    const [hurt, healthy] = [training(), training()];
    for (let i = 0; i < 6; i++) {
      const before = [valuesOf(hurt.model), JSON.stringify(hurt.optimizer.stateDict().param_groups)];
      const error = thrownBy(() => hurt.step(hurt.x, labels(0, 1, 2, 0)));
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toContain(`${i === 0 ? 'target' : 'labels'}[2] = 2 is out of range [0, 2)`);
      expect([valuesOf(hurt.model), JSON.stringify(hurt.optimizer.stateDict().param_groups)]).toEqual(before);
      expectSame(hurt.step(hurt.x, hurt.y), healthy.step(healthy.x, healthy.y));
    }
    expect(valuesOf(hurt.model)).toEqual(valuesOf(healthy.model));
  });
  it('while recording ends the recording', () => {
    const fn = compile((x: Tensor) => x.reshape([5]));
    expect(() => fn(ones([4]))).toThrow(RangeError);
    expect(String(fn)).toBe('');
    expect(ones([1]).item()).toBe(1);
    expectSame(fn(ones([5])), [1, 1, 1, 1, 1]);
  });
});

describe('what a compiled function returns', () => {
  it.each([3, 'loss', true])('cannot be %j: it is a tensor, a list or a record of them', (value) => {
    const fn = compile((() => value) as never) as unknown as () => void;
    expect(fn).toThrow('[compile] expected the function to return tensors, or a list or record of them');
  });
});

it('an error behind the step of an optimizer leaves what eager mode leaves: parameters and step counts have moved', () => {
  const run = (compiled: boolean) => {
    manualSeed(3);
    const model = new nn.Linear(3, 4);
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
    const criterion = new nn.CrossEntropyLoss();
    const eager = (x: Tensor, y: Tensor, later: Tensor) => {
      optimizer.zeroGrad();
      const out = model.forward(x);
      criterion.forward(out, y).backward();
      optimizer.step();
      return criterion.forward(out.detach(), later); // the very next kernel call
    };
    const step = compiled ? compile(eager) : eager;
    const x = randn([2, 3]);
    const good = tensor([0, 1], { dtype: 'int32' });
    const later = tensor([2, 3], { dtype: 'int32' }); // not `good` again: one tensor for two arguments has a recording of its own
    const bad = tensor([0, 4], { dtype: 'int32' });
    step(x, good, later);
    step(x, good, later);
    expect(() => step(x, good, bad)).toThrow(/(labels|target)\[1\]/);
    expect(() => step(x, bad, later)).toThrow(/(labels|target)\[1\]/);
    step(x, good, later);
    if (compiled) expect(recordingsOf(step)).toBe(1); // the errors came from replays
    const counts = Object.values(optimizer.stateDict().state).map((state) => (state.step as Tensor).item());
    return { counts, weights: model.parameters().flatMap((parameter) => Array.from(parameter.data)) };
  };
  const compiled = run(true);
  expect(compiled.counts).toEqual([4, 4]);
  expect(compiled).toEqual(run(false));
});

it('an error in the middle leaves random numbers and gradients where eager mode leaves them', () => {
  const run = (compiled: boolean) => {
    manualSeed(5);
    const [model, later] = [new nn.Linear(3, 8), new nn.Linear(3, 8)];
    const dropout = new nn.Dropout(0.5);
    const optimizer = new optim.SGD([...model.parameters(), ...later.parameters()], { lr: 0.1 });
    const eager = (x: Tensor, y: Tensor) => {
      optimizer.zeroGrad();
      dropout.forward(model.forward(x)).sum().backward();
      nn.functional.crossEntropy(dropout.forward(later.forward(x)), y).backward();
      optimizer.step();
      return dropout.forward(x); // not reached after an error
    };
    const step = compiled ? compile(eager, { keepGrad: true }) : eager;
    const x = randn([2, 3]);
    const seen: unknown[] = [];
    for (const label of [1, 1, 9, 1, 9, 9, 1]) {
      if (label === 9) expect(() => step(x, labels(0, label))).toThrow(RangeError);
      else step(x, labels(0, label));
      for (const parameter of optimizer.paramGroups[0]!.params) {
        const { grad } = parameter;
        seen.push([...parameter.data], grad === null ? null : [...grad.data]);
      }
      seen.push([...rand([1]).data]);
    }
    return seen;
  };
  const eager = run(false);
  expect(eager.filter((values) => values === null)).toHaveLength(6); // the gradients of the second layer, after each error
  expect(run(true)).toEqual(eager);
});

it('an error right behind zeroGrad leaves no gradients', () => {
  const run = (compiled: boolean) => {
    manualSeed(6);
    const model = new nn.Linear(3, 8);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const eager = (x: Tensor, y: Tensor) => {
      const out = model.forward(x);
      optimizer.zeroGrad();
      nn.functional.crossEntropy(out, y).backward(); // the next kernel call
      optimizer.step();
      return out;
    };
    const step = compiled ? compile(eager, { keepGrad: true }) : eager;
    const x = randn([2, 3]);
    step(x, labels(0, 1));
    step(x, labels(0, 1));
    expect(model.weight.grad).not.toBeNull();
    expect(() => step(x, labels(0, 9))).toThrow(RangeError);
    if (compiled) expect(recordingsOf(step)).toBe(1);
    return model.weight.grad;
  };
  expect([run(false), run(true)]).toEqual([null, null]);
});

describe('what a replay could not repeat is refused while it is recorded', () => {
  const refused = (fn: (x: Tensor) => Tensor | null, message: string) => {
    const error = thrownBy(() => compile(fn)(ones([3])));
    expect(error.code).toBe('SIMDNN_NOT_RECORDABLE');
    expect(error.message).toContain(message);
  };
  it('an assigned gradient', () => {
    const w = ones([3], { requiresGrad: true });
    refused((x) => {
      w.grad = x.mul(2);
      return null;
    }, '[Tensor.grad] a gradient cannot be assigned inside a compiled function');
  });
  it('an argument that requires a gradient only inside', () => {
    refused((x) => {
      x.requiresGrad_();
      return x.sum();
    }, '[compile] the function changed whether argument 0 requires a gradient');
  });
  it('the state of an optimizer that is made inside; one without state is made anew each time', () => {
    const inner = (momentum: number) => (x: Tensor) => {
      const w = new nn.Parameter(tensor([1, 2, 3]));
      const optimizer = new optim.SGD([w], { lr: 0.1, momentum });
      for (let k = 0; k < 3; k++) {
        optimizer.zeroGrad();
        w.sub(x).pow(2).sum().backward();
        optimizer.step();
      }
      return w.detach();
    };
    refused(inner(0.9), '[SGD.step] an optimizer that is made inside a compiled function cannot keep a state');
    const step = compile(inner(0));
    for (const x of [ones([3]), zeros([3]), ones([3])]) expectSame(step(x), inner(0)(x));
    expect(recordingsOf(step)).toBe(1);
  });
});

it('a map is no record of tensors', () => {
  expect(() => compile((x: Tensor) => new Map([['x', x]]) as never)(ones([1]))).toThrow(
    '[compile] expected the function to return tensors',
  );
});
