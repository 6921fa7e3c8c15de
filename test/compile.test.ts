import { describe, expect, it } from 'vitest';
import { compile, manualSeed, nn, noGrad, optim, randn, type Tensor, tensor, zeros } from '../src/index';

const layers = [13, 30, 25, 20, 15, 10, 5];

function network(dropout: number): nn.Sequential {
  const parts: nn.Module[] = [];
  for (let i = 1; i < layers.length; i++) {
    parts.push(new nn.Linear(layers[i - 1]!, layers[i]!));
    if (i < layers.length - 1) parts.push(new nn.ReLU());
    if (i < layers.length - 1 && dropout > 0) parts.push(new nn.Dropout(dropout));
  }
  return new nn.Sequential(...(parts as never[]));
}

function batches(count: number, last: number): [Tensor, Tensor][] {
  return Array.from({ length: count }, (_, i) => {
    const rows = i === count - 1 ? last : 32;
    return [randn([rows, 13]), tensor(Int32Array.from({ length: rows }, (_, k) => (7 * k + i) % 5))];
  });
}

type Optimizer = { zeroGrad(): void; step(): void; paramGroups: { lr: number }[] };
type Step = (x: Tensor, y: Tensor) => Tensor;

function stepOf(model: nn.Sequential, optimizer: Optimizer): Step {
  const criterion = new nn.CrossEntropyLoss();
  return (x, y) => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x) as Tensor, y);
    loss.backward();
    optimizer.step();
    return loss;
  };
}

// That it gives the bits of eager is test/compile-programs.test.ts.
describe('what changes between the calls', () => {
  const trained = () => {
    manualSeed(4);
    const model = network(0);
    const predict = compile((x: Tensor) => model.forward(x) as Tensor);
    const x = randn([3, 13]);
    const same = () => expect(predict(x).toArray()).toEqual((model.forward(x) as Tensor).toArray());
    same();
    same();
    return { model, same };
  };

  it('loaded weights are used', () => {
    const { model, same } = trained();
    model.loadStateDict(network(0).stateDict());
    same();
  });
  it('a replaced parameter is used', () => {
    const { model, same } = trained();
    (model.children()[0] as nn.Linear).weight = new nn.Parameter(randn([30, 13]));
    same();
  });
  it('training mode is honoured', () => {
    manualSeed(4);
    const model = network(0.5);
    const predict = compile((x: Tensor) => model.forward(x) as Tensor);
    const x = randn([3, 13]);
    const random = [predict(x), predict(x)].map((t) => t.toArray());
    expect(random[0]).not.toEqual(random[1]);
    model.eval();
    expect(predict(x).toArray()).toEqual((model.forward(x) as Tensor).toArray());
    expect(predict(x).toArray()).toEqual((model.forward(x) as Tensor).toArray());
  });
  it('frozen layers stay as they are', () => {
    manualSeed(4);
    const [[x, y]] = batches(1, 32) as [[Tensor, Tensor]];
    const model = network(0);
    const step = compile(stepOf(model, new optim.SGD(model.parameters(), { lr: 0.1 })));
    for (let i = 0; i < 3; i++) step(x, y);
    const first = model.children()[0] as nn.Linear;
    first.requiresGrad_(false);
    first.zeroGrad();
    const before = first.weight.toArray();
    for (let i = 0; i < 3; i++) step(x, y);
    expect(first.weight.toArray()).toEqual(before);
  });
});

describe('errors', () => {
  it('names arguments that are not tensors, and promises', () => {
    const step = compile((x: Tensor) => x.mul(2));
    expect(() => step(3 as never)).toThrow('[compile] expected argument 0 to be a tensor, got 3');
    expect(() => compile(3 as never)).toThrow('[compile] expected a function, got 3');
    expect(() => compile((async (x: Tensor) => x) as never)(zeros([1]))).toThrow('[compile] the function returned a promise');
    expect(() => compile((x: Tensor) => x, { keep: true } as never)).toThrow(/unknown option "keep"/);
  });
  it('with `check`, is none where the function does the same: a gradient that an operation hands over is copied in every recording', () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const step = compile(
      (x: Tensor) => {
        w.grad = null;
        const y = x.mul(w).sum();
        y.backward();
        return y;
      },
      { check: 1 },
    );
    for (let i = 0; i < 3; i++) expect(step(tensor([1, i])).item()).toBe(1 + 2 * i);
  });
  it('finds with `check` that the function does something else', () => {
    let factor = 2;
    const scale = compile((x: Tensor) => (factor > 2 ? x.mul(factor).add(1) : x.mul(factor)), { check: 2 });
    scale(zeros([2]));
    scale(zeros([2]));
    factor = 3;
    expect(() => {
      scale(zeros([2]));
      scale(zeros([2]));
    }).toThrow(/no longer does what was recorded: 2 kernel calls instead of 1/);
  });
});

it('a value between a layer and its activation can be returned', () => {
  const model = new nn.Linear(3, 4);
  const both = (x: Tensor): Tensor[] => {
    const between = model.forward(x);
    return [between, between.relu()];
  };
  const step = compile(both);
  for (let i = 0; i < 3; i++) {
    const x = randn([5, 3]);
    expect(step(x).map((t) => [...t.data])).toEqual(both(x).map((t) => [...t.data]));
  }
});

it('an argument is not taken for a captured tensor on the same memory, nor for another argument', () => {
  const captured = tensor([1, 2]);
  const step = compile((x: Tensor, y: Tensor) => x.mul(captured).add(y));
  expect(step(captured, captured.narrow(0, 0, 2)).toArray()).toEqual([2, 6]);
  expect(step(tensor([10, 10]), tensor([1, 1])).toArray()).toEqual([11, 21]);
});

it('outputs are memory of their own, and constants stay', () => {
  const step = compile((x: Tensor) => x.mul(3).add(tensor([1, 2])));
  const outputs = [1, 2, 3].map((v) => step(tensor([v, v])));
  expect(outputs.map((t) => t.toArray())).toEqual([
    [4, 5],
    [7, 8],
    [10, 11],
  ]);
});

it('prints its recordings and forgets them', () => {
  const step = compile((x: Tensor) => x.mul(3).relu());
  step(zeros([2, 2]));
  expect(String(step)).toMatch(
    /^\(float32 \[2, 2\]\): 2 kernel calls recorded, 2 in the plan, an arena of \d+ bytes\n +kernel +module +buffers .*\n0 +mul .*\n1 +reluForward /,
  );
  step.dispose();
  expect(String(step)).toBe('');
});

it('prints a shared layer as one memory, what was joined, and both kernels of softmax and cross entropy', () => {
  const [shared, last] = [new nn.Linear(4, 4), new nn.Linear(4, 3)];
  const optimizer = new optim.SGD([...shared.parameters(), ...last.parameters()]);
  const step = compile((x: Tensor, y: Tensor) => {
    const h = nn.functional.dropout(shared.forward(shared.forward(x).relu()).tanh(), 0.5, true);
    const loss = nn.functional.crossEntropy(last.forward(h), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  step(randn([2, 4]), tensor(Int32Array.of(0, 2)));
  const rows = String(step).split('\n').slice(2);
  const named = (kernel: string) => rows.filter((row) => row.includes(`  ${kernel} `));
  expect(named('linearForward').map((row) => row.match(/parameter\d+\[[\d,]+\]/g))).toEqual([
    ['parameter0[4,4]', 'parameter1[4]'],
    ['parameter0[4,4]', 'parameter1[4]'],
    ['parameter2[3,4]', 'parameter3[3]'],
  ]);
  expect(named('linearForward').map((row) => /\+ \w+/.exec(row)?.[0])).toEqual(['+ reluForward', '+ tanhForward', undefined]);
  expect(named('softmaxCrossEntropy')).toHaveLength(1);
  expect(named('dropout')).toHaveLength(2); // forward and backward
  expect(rows.at(-1)).toContain('sgdStep');
});

it('small layers on columns of the batch see what was written to a result in between: new random numbers at each call', () => {
  const [first, second] = [new nn.Linear(4, 4), new nn.Linear(4, 4)];
  const both = (x: Tensor): Tensor =>
    noGrad(() => {
      const between = first.forward(x);
      nn.init.uniform_(between);
      return second.forward(between);
    });
  const run = (fn: typeof both): unknown => {
    manualSeed(2);
    return [1, 2, 3].map(() => [...fn(randn([32, 4])).data]);
  };
  expect(run(compile(both))).toEqual(run(both));
});

describe('a small layer whose weight is its own input too has the bits of eager', () => {
  const run = (compiled: boolean, trains: boolean): unknown => {
    manualSeed(2);
    const layer = new nn.Linear(16, 16);
    const optimizer = new optim.SGD(layer.parameters(), { lr: 0.01 });
    const squared = (x: Tensor): Tensor => {
      const h = layer.forward(x);
      return nn.functional.linear(h, h);
    };
    const train = (x: Tensor): Tensor => {
      optimizer.zeroGrad();
      const out = squared(x);
      out.tanh().mean().backward();
      optimizer.step();
      return out;
    };
    const plain = trains ? train : (x: Tensor) => noGrad(() => squared(x));
    const fn = compiled ? compile(plain) : plain;
    return [1, 2, 3].map(() => [fn(randn([16, 16])), ...layer.parameters()].map((t) => [...t.data]));
  };
  it.each([
    ['in inference', false],
    ['in training', true],
  ])('%s', (_, trains) => {
    expect(run(true, trains)).toEqual(run(false, trains));
  });
});
