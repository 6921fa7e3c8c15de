// Changes in place inside compiled functions and fits: the bits, the values left behind and the random numbers are those of the plain loop.
import { describe, expect, it } from 'vitest';
import { arange, compile, data, manualSeed, nn, noGrad, ones, optim, randn, type Tensor, tensor, train, zeros } from '../../src/index';
import { thrownBy } from '../helpers';

const bits = (...tensors: Tensor[]): number[][] => tensors.map((t) => [...t.data]);

interface Setup {
  step: (x: Tensor, y: Tensor) => Tensor;
  /** What the step changes besides its arguments. */
  state: Tensor[];
}

// Each makes a step over its own captured tensors, of arguments [4, 3] and [3].
const programs: Record<string, () => Setup> = {
  'a captured buffer': () => {
    const mean = zeros([3]);
    return { state: [mean], step: (x, y) => x.sub(mean.mul_(0.9).add_(x.mean(0).mul(0.1)).sub_(y)) };
  },
  'a captured buffer and what reads it before and after': () => {
    const count = zeros([]);
    return { state: [count], step: (x) => x.mul(count).add(count.add_(1)).add(count.mul(2)) };
  },
  'every method': () => {
    const [a, b, c] = [ones([4, 3]), ones([4, 3]), tensor([1, 2, 3], { dtype: 'int32' })];
    const step = (x: Tensor, y: Tensor): Tensor => {
      a.add_(x).mul_(y).sub_(0.5).div_(2).lerp_(x, 0.25).lerp_(y, 0.75).clamp_({ min: -3, max: 3 });
      b.copy_(a).narrow(0, 1, 2).fill_(2);
      b.narrow(0, 3, 1).zero_();
      c.add_(1)
        .mul_(2)
        .sub_(c)
        .copy_(x.narrow(0, 0, 1).mul(10).reshape([3]));
      return a.add(b).add(c);
    };
    return { state: [a, b, c], step };
  },
  'an argument': () => ({ state: [], step: (x, y) => x.add_(y).mul_(2).sum().add(y.zero_()) }),
  'a view of an argument': () => ({
    state: [],
    step: (x, y) =>
      x
        .narrow(0, 1, 2)
        .copy_(y)
        .add(x.narrow(0, 0, 2)),
  }),
  'overlapping parts': () => {
    const line = tensor([1, 2, 3, 4, 5]);
    return {
      state: [line],
      step: (_, y) =>
        line
          .narrow(0, 1, 4)
          .copy_(line.narrow(0, 0, 4))
          .narrow(0, 0, 3)
          .add_(y)
          .mul(2),
    };
  },
  'a constant of the function': () => ({ state: [], step: (x, y) => tensor([1, 2, 3]).add_(y).mul_(y).add(x) }),
  'a result': () => ({ state: [], step: (x, y) => x.mul(2).add_(y).div_(3) }),
  'random numbers': () => {
    const noise = zeros([4, 3]);
    return {
      state: [noise],
      step: (x) =>
        noise
          .uniform_(-1, 1)
          .add(x)
          .add(zeros([3]).normal_(1, 2))
          .add(randn([3])),
    };
  },
  'gradients through changes': () => {
    const w = tensor([0.5, -1, 2], { requiresGrad: true });
    const step = (x: Tensor, y: Tensor): Tensor => {
      w.grad = null;
      const h = x.mul(w).mul_(w).add_(y).clamp_({ min: -1 });
      const total = zeros([3]);
      for (let i = 0; i < 3; i++) total.add_(h.mean(0).mul(w));
      total.lerp_(h.sum(0), 0.3).mul(total.detach()).sum().backward();
      noGrad(() => w.sub_(0.001));
      return total.detach();
    };
    return { state: [w], step };
  },
};
describe.each(Object.entries(programs))('compiled, %s', (_, make) => {
  const batches = Array.from({ length: 5 }, (_, i) => [randn([4, 3]).add(i), randn([3])] as const);
  it('is as the loop', () => {
    const run = (compiled: boolean) => {
      const { step, state } = make();
      const call = compiled ? compile(step) : step;
      manualSeed(7);
      return batches.map(([a, b]) => {
        const [x, y] = [a.clone(), b.clone()];
        return [bits(call(x, y)), bits(x, y, ...state)];
      });
    };
    expect(run(true)).toEqual(run(false));
  });
});

describe('arguments on the memory of what is changed', () => {
  const n = 300; // more than a kernel reads before it writes
  it.each<[string, (buffer: Tensor) => Tensor]>([
    ['apart', (buffer) => buffer.narrow(0, n + 8, n)],
    ['the same', (buffer) => buffer.narrow(0, 8, n)],
    ['before it', (buffer) => buffer.narrow(0, 3, n)],
    ['behind it', (buffer) => buffer.narrow(0, 9, n)],
    ['an element of it', (buffer) => buffer.narrow(0, 18, 1)],
  ])('%s', (_, argument) => {
    for (const change of [
      (x: Tensor, other: Tensor) => x.copy_(other),
      (x: Tensor, other: Tensor) => x.add_(other),
      (x: Tensor, other: Tensor) => x.mul_(other).sub_(other),
      (x: Tensor, other: Tensor) => x.lerp_(other, 0.7),
    ]) {
      const run = (compiled: boolean) => {
        const buffer = arange(2 * n + 8).div(n);
        const step = (x: Tensor) => change(buffer.narrow(0, 8, n), x);
        const call = compiled ? compile(step) : step;
        const plain = argument(buffer).mul(3);
        return Array.from({ length: 4 }, (_, i) => bits(call(i % 2 === 0 ? plain : argument(buffer)), buffer));
      };
      expect(run(true)).toEqual(run(false));
    }
  });
});

it('a compiled change counts as one', () => {
  const [buffer, w] = [ones([2]), ones([2], { requiresGrad: true })];
  const step = compile((x: Tensor) => buffer.add_(x).mul(2));
  step(ones([2]));
  const loss = w.mul(buffer).sum();
  step(ones([2]));
  expect(thrownBy(() => loss.backward()).code).toBe('SIMDNN_CHANGED_IN_PLACE');
});

it('a recording of a change that autograd forbids is refused as the plain call is', () => {
  const w = ones([2], { requiresGrad: true });
  expect(thrownBy(() => compile((x: Tensor) => w.add_(x))(ones([2]))).code).toBe('SIMDNN_LEAF_IN_PLACE');
  const spoilt = compile((x: Tensor) => {
    const y = x.mul(w).exp();
    y.add_(1);
    y.sum().backward();
    return y.detach();
  });
  expect(thrownBy(() => spoilt(ones([2]))).code).toBe('SIMDNN_CHANGED_IN_PLACE');
});

class RunningNorm extends nn.Module {
  declare readonly mean: Tensor;
  declare readonly batches: Tensor;
  constructor(n: number) {
    super();
    this.registerBuffer('mean', zeros([n]));
    this.registerBuffer('batches', zeros([]));
  }
  forward(x: Tensor): Tensor {
    if (!this.training) return x.sub(this.mean);
    const m = x.mean(0);
    this.mean.mul_(0.9).add_(m.detach().mul(0.1));
    this.batches.add_(1);
    return x.sub(m).add_(zeros([x.shape[1]!]).uniform_(-0.1, 0.1));
  }
}

describe('fit', () => {
  const [x, y] = [randn([7, 2]).mul(3).add(10), randn([7, 1])];
  const setup = () => {
    manualSeed(2);
    const model = new nn.Sequential(new RunningNorm(2), new nn.Linear(2, 1));
    const optimizer = new optim.SGD(model.parameters(), { lr: 1e-2 });
    const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 3 });
    return { model, options: { optimizer, loader, criterion: new nn.MSELoss() } };
  };
  const state = (model: nn.Module): Record<string, number[]> =>
    Object.fromEntries(Object.entries(model.stateDict()).map(([name, t]) => [name, [...t.data]]));

  it('a running mean in place ends as in the loop', async () => {
    const plain = setup();
    const { optimizer, loader, criterion } = plain.options;
    for (let epoch = 0; epoch < 20; epoch++) {
      for (const [a, b] of loader) {
        optimizer.zeroGrad();
        criterion.forward(plain.model.forward(a!), b!).backward();
        optimizer.step();
      }
    }
    const fitted = setup();
    await train.fit(fitted.model, { ...fitted.options, epochs: 20, progress: false });
    expect(state(fitted.model)).toEqual(state(plain.model));
    expect(state(fitted.model)['0.batches']).toEqual([60]);
    const predicted = await train.predict(fitted.model, x);
    fitted.model.eval();
    expect(bits(predicted)).toEqual(bits(fitted.model.forward(x)));
  });

  it('refuses changes of a buffer that it uses', async () => {
    const { model, options } = setup();
    const norm = model.at(0) as unknown as RunningNorm;
    const stop = new AbortController();
    const fit = train.fit(model, { ...options, epochs: 1e6, progress: false, signal: stop.signal });
    await new Promise(setImmediate);
    for (const change of [
      () => norm.mean.add_(1),
      () => norm.mean.reshape([1, 2]).zero_(),
      () => norm.mean.uniform_(),
      () => norm.mean.copy_(ones([2])),
      () => zeros([2]).copy_(norm.mean),
    ]) {
      expect(thrownBy(change).code).toBe('SIMDNN_IN_USE');
    }
    stop.abort();
    await expect(fit).rejects.toThrow('aborted');
    norm.mean.zero_();
  });

  it('notices that a change spoils a gradient, as the loop does', async () => {
    class Spoilt extends nn.Module {
      readonly linear = new nn.Linear(2, 1);
      forward(input: Tensor): Tensor {
        const h = this.linear.forward(input).exp();
        h.add_(1);
        return h;
      }
    }
    const model = new Spoilt();
    const { loader, criterion } = setup().options;
    const optimizer = new optim.SGD(model.parameters(), { lr: 1e-2 });
    await expect(train.fit(model, { loader, criterion, optimizer, epochs: 1, progress: false })).rejects.toThrow('was changed in place');
  });
});
