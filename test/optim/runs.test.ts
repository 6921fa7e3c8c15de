// Parameters stepped by one kernel call end with the bits that they have when each is stepped by its own.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualSeed, nn, noGrad, ones, optim, randn, type Tensor } from '../../src';
import { kernels } from '../../src/native';
import { expectSame } from '../helpers';

const { adamStep, sgdStep } = kernels;
let calls = 0;

beforeEach(() => {
  calls = 0;
  kernels.adamStep = (...args) => {
    calls++;
    adamStep(...args);
  };
  kernels.sgdStep = (...args) => {
    calls++;
    sgdStep(...args);
  };
});

afterEach(() => {
  kernels.adamStep = adamStep;
  kernels.sgdStep = sgdStep;
});

type Make = (params: Tensor[]) => { step(): void; zeroGrad(): void };

const makers: [string, Make][] = [
  ['Adam', (p) => new optim.Adam(p, { lr: 0.1, weightDecay: 0.1 })],
  ['AdamW amsgrad', (p) => new optim.AdamW(p, { lr: 0.1, amsgrad: true })],
  ['SGD', (p) => new optim.SGD(p, { lr: 0.1, weightDecay: 0.1 })],
  ['SGD momentum', (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true })],
];

/** A network in a block; the same network with each parameter in memory of its own and an optimizer of its own. */
function both(make: Make) {
  manualSeed(4);
  const model = new nn.Sequential(new nn.Linear(5, 7), new nn.Linear(7, 3), new nn.Linear(3, 2));
  const parameters = model.parameters();
  const alone = parameters.map((p) => new nn.Parameter(p.detach().clone()));
  const x = randn([4, 5]);
  return {
    model,
    parameters,
    optimizer: make(parameters),
    backward: () => model.forward(x).pow(2).sum().backward(),
    /** Steps the others with the gradients that the network has now, and compares. */
    follow(others: { step(): void }[]): void {
      alone.forEach((p, i) => {
        const gradient = parameters[i]!.gradient;
        p.grad = gradient === null ? null : noGrad(() => gradient.clone());
        others[i]!.step();
      });
    },
    same: () => {
      for (const [i, p] of alone.entries()) expectSame(parameters[i]!, p);
    },
    others: alone.map((p) => make([p])),
  };
}

describe.each(makers)('%s', (_, make) => {
  it('steps a network by one call', () => {
    const { optimizer, backward, follow, same, others } = both(make);
    for (let i = 0; i < 4; i++) {
      optimizer.zeroGrad();
      backward();
      follow(others);
      calls = 0;
      optimizer.step();
      expect(calls).toBe(1);
      same();
    }
  });

  it('goes around parameters that are frozen', () => {
    const { model, optimizer, backward, follow, same, others } = both(make);
    const step = (): number => {
      optimizer.zeroGrad();
      backward();
      follow(others);
      calls = 0;
      optimizer.step();
      same();
      return calls;
    };
    expect(step()).toBe(1);
    model[1]!.requiresGrad_(false);
    expect(step()).toBe(2);
    expect(step()).toBe(2);
    model[1]!.requiresGrad_(true);
    // Adam's steps differ from now on; SGD knows only a first step and further ones.
    expect(step()).toBe(optimizer instanceof optim.SGD ? 1 : 3);
  });

  it('takes a gradient wherever it is', () => {
    const { parameters, optimizer, backward, follow, same, others } = both(make);
    for (let i = 0; i < 4; i++) {
      optimizer.zeroGrad();
      backward();
      if (i === 1) expect(parameters[2]!.grad!.shape).toEqual([3, 7]); // seen: the next one lies elsewhere
      if (i === 3) parameters[4]!.grad = randn([2, 3]);
      follow(others);
      calls = 0;
      optimizer.step();
      expect(calls).toBe([1, 1, 3, 5][i]);
      same();
    }
  });

  it('skips parameters without a gradient', () => {
    const { parameters, optimizer, same } = both(make);
    optimizer.step();
    same();
    expect(calls).toBe(0);
    expect(parameters.every((p) => p.version.count === parameters[0]!.version.count)).toBe(true);
  });
});

describe('groups', () => {
  it('are stepped with their own options', () => {
    const { parameters, backward } = both((p) => new optim.Adam(p));
    const alone = parameters.map((p) => new nn.Parameter(p.detach().clone()));
    const options = (i: number) => (i < 4 ? { lr: 0.1 } : { lr: 0.2, weightDecay: 0.3 });
    const optimizer = new optim.Adam([
      { params: parameters.slice(0, 4), ...options(0) },
      { params: parameters.slice(4), ...options(5) },
    ]);
    const others = alone.map((p, i) => new optim.Adam([p], options(i)));
    for (let i = 0; i < 3; i++) {
      optimizer.zeroGrad();
      backward();
      alone.forEach((p, k) => {
        p.grad = parameters[k]!.gradient!.clone();
        others[k]!.step();
      });
      calls = 0;
      optimizer.step();
      expect(calls).toBe(2);
      for (const [k, p] of alone.entries()) expectSame(parameters[k]!, p);
    }
  });

  it('follow the order in which parameters are given', () => {
    const { parameters, backward } = both((p) => new optim.Adam(p));
    const optimizer = new optim.Adam([...parameters].reverse());
    backward();
    optimizer.step();
    expect(calls).toBe(6);
  });
});

describe('padding', () => {
  it('keeps to itself, also where the update divides zero by zero', () => {
    const layer = new nn.Linear(3, 3); // 9 and 3 values, 7 and 13 of padding
    const optimizer = new optim.Adam(layer.parameters(), { eps: 0, lr: 1 });
    layer
      .forward(ones([1, 3]))
      .sum()
      .backward();
    optimizer.step();
    expect(calls).toBe(1);
    expect(layer.parameters().every((p) => (p.toArray() as number[]).flat().every(Number.isFinite))).toBe(true);
  });
});
