// Weights that inference keeps packed: whatever changes them, by whichever way, the next result has it.
import { describe, expect, it } from 'vitest';
import { compile, data, manualSeed, nn, noGrad, optim, randn, Tensor, tensor, train } from '../src';
import { expectSame } from './helpers';

const quiet = { progress: false as const };

function makeModel() {
  manualSeed(1);
  const model = new nn.Sequential(new nn.Linear(70, 80), new nn.ReLU(), new nn.Linear(80, 3));
  const layer = model[0] as nn.Linear;
  const x = randn([6, 70]);
  const y = tensor(Int32Array.of(0, 1, 2, 0, 1, 2));
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const step = (): Tensor => {
    optimizer.zeroGrad();
    const loss = criterion.forward(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 6 });
  const fit = () => train.fit(model, { criterion, optimizer, loader, epochs: 3, ...quiet });
  return { model, layer, x, y, criterion, optimizer, step, compiledStep: compile(step), fit };
}
type SetUp = ReturnType<typeof makeModel>;

const changes: [string, (s: SetUp) => unknown][] = [
  ['nothing', () => {}],
  ['an in-place method', ({ layer }) => noGrad(() => layer.weight.mul_(0.5))],
  ['one of a part of it', ({ layer }) => noGrad(() => layer.weight.narrow(0, 3, 2).fill_(1))],
  ['an initial value', ({ layer }) => nn.init.uniform_(layer.weight)],
  [
    'a state dict',
    ({ model }) => model.loadStateDict(Object.fromEntries(Object.entries(model.stateDict()).map(([k, t]) => [k, t.mul(2)]))),
  ],
  ['an eager step', ({ step }) => step()],
  ['a compiled step, recorded', ({ compiledStep }) => compiledStep()],
  ['a compiled step, replayed', ({ compiledStep }) => compiledStep()],
  ['a fit', ({ fit }) => fit()],
  [
    'another parameter in its place',
    ({ layer }) => {
      layer.weight = new nn.Parameter(randn([80, 70]));
    },
  ],
  [
    'another layer in its place',
    ({ model }) => {
      model[0] = new nn.Linear(70, 80);
    },
  ],
  [
    'a write to data that somebody has',
    ({ layer }) => {
      layer.weight.data[5] = 3;
    },
  ],
  [
    'a write to data of its state dict',
    ({ model }) => {
      model.stateDict()['0.weight']!.data[7] = 4;
    },
  ],
];

describe('compiled inference and predict follow', () => {
  it.each(changes)('%s', async (_, change) => {
    const set = makeModel();
    const { model, x } = set;
    const infer = compile((v: Tensor) => model.forward(v));
    const followed = async (): Promise<void> => {
      for (let i = 0; i < 4; i++) {
        const expected = noGrad(() => model.forward(x));
        expectSame(
          noGrad(() => infer(x)),
          expected,
        );
        expectSame(await train.predict(model, x), expected);
      }
    };
    await followed();
    for (let i = 0; i < 3; i++) {
      await change(set);
      await followed();
    }
  });

  it('memory of the user’s own, written at any time', async () => {
    const memory = new Float32Array(70 * 80).fill(0.5);
    const layer = new nn.Linear(70, 80);
    layer.weight = new nn.Parameter(Tensor.fromTypedArray(memory, [80, 70]));
    const infer = compile((v: Tensor) => layer.forward(v));
    const x = randn([6, 70]);
    for (let i = 0; i < 4; i++) {
      memory[i] = i;
      for (let k = 0; k < 3; k++) {
        const expected = noGrad(() => layer.forward(x));
        expectSame(
          noGrad(() => infer(x)),
          expected,
        );
        expectSame(await train.predict(layer, x), expected);
      }
    }
  });

  it('data that were read before packing and are written after', () => {
    const { model, layer, x } = makeModel();
    const infer = compile((v: Tensor) => model.forward(v));
    const values = layer.weight.data;
    noGrad(() => {
      for (let i = 0; i < 5; i++) {
        values[i] = 10 + i;
        expectSame(infer(x), model.forward(x));
      }
    });
  });

  it('a training that runs meanwhile, as of its last step', async () => {
    const { model, x, fit } = makeModel();
    await train.predict(model, x);
    const fitting = fit();
    await train.predict(model, x);
    await fitting;
    expectSame(
      await train.predict(model, x),
      noGrad(() => model.forward(x)),
    );
  });

  it('a replay that fails after it has changed them', () => {
    const { model, layer, x, y, criterion } = makeModel();
    const infer = compile((v: Tensor) => model.forward(v));
    const spoil = compile((v: Tensor, labels: Tensor) =>
      noGrad(() => {
        layer.weight.mul_(0.5);
        return criterion.forward(model.forward(v), labels);
      }),
    );
    spoil(x, y);
    spoil(x, y);
    noGrad(() => {
      for (let i = 0; i < 3; i++) infer(x);
    });
    // Of the kernel: an eager call, which counts the change itself, would name the module.
    expect(() => spoil(x, tensor(Int32Array.of(0, 1, 2, 9, 1, 2)))).toThrow('[softmaxCrossEntropy] labels[3] = 9');
    noGrad(() => {
      for (let i = 0; i < 3; i++) expectSame(infer(x), model.forward(x));
    });
  });

  it('a fit that changes a buffer, which no optimizer counts, and a prediction meanwhile', async () => {
    class Scaled extends nn.Module {
      declare weight: Tensor;
      linear = new nn.Linear(70, 3);
      constructor() {
        super();
        this.registerBuffer('weight', randn([70, 70]));
      }
      forward(v: Tensor): Tensor {
        if (this.training) noGrad(() => this.weight.mul_(0.9));
        return this.linear.forward(nn.functional.linear(v, this.weight));
      }
    }
    const { x, y, criterion } = makeModel();
    const model = new Scaled();
    model.linear.requiresGrad_(false).weight.requiresGrad_(true);
    const optimizer = new optim.SGD([model.linear.weight], { lr: 0 });
    const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 6 });
    const infer = compile((v: Tensor) => model.forward(v));
    for (let i = 0; i < 3; i++) {
      model.eval();
      const expected = noGrad(() => model.forward(x));
      for (let k = 0; k < 3; k++) {
        expectSame(
          noGrad(() => infer(x)),
          expected,
        );
        expectSame(await train.predict(model, x), expected);
      }
      const fitting = train.fit(model, { criterion, optimizer, loader, epochs: 200, ...quiet });
      await train.predict(model, x);
      await fitting;
    }
  });
});

describe('a compiled function packs', () => {
  const kernels = (fn: { toString(): string }): string => (String(fn).match(/linearForward\w*/g) ?? []).join(' ');

  it('from its second call on, where it does not train', () => {
    const { model, x, compiledStep } = makeModel();
    const infer = compile((v: Tensor) => model.forward(v));
    noGrad(() => infer(x));
    expect(kernels(infer)).toBe('linearForward linearForward');
    noGrad(() => infer(x));
    expect(kernels(infer)).toBe('linearForwardPacked linearForwardPacked');
    for (let i = 0; i < 3; i++) compiledStep();
    expect(kernels(compiledStep)).not.toContain('Packed');
  });
  it('not while its weights change from call to call, nor one that somebody has the data of', () => {
    const { model, layer, x, step } = makeModel();
    const changing = compile((v: Tensor) => model.forward(v));
    for (let i = 0; i < 4; i++) {
      noGrad(() => changing(x));
      step();
    }
    expect(kernels(changing)).toBe('linearForward linearForward');
    layer.weight.data;
    const exposed = compile((v: Tensor) => model.forward(v));
    for (let i = 0; i < 4; i++) noGrad(() => exposed(x));
    expect(kernels(exposed)).toBe('linearForward linearForward');
  });
  it('a weight once, for every number of rows and every layer that shares it', () => {
    const { layer } = makeModel();
    const square = new nn.Linear(80, 80);
    const infer = compile((v: Tensor) => square.forward(square.forward(layer.forward(v))));
    noGrad(() => {
      for (const rows of [6, 7, 6, 7, 6, 7]) {
        const v = randn([rows, 70]);
        expectSame(infer(v), square.forward(square.forward(layer.forward(v))));
      }
    });
    const panels = [...String(infer).matchAll(/packed\d+\[\d+\]/g)].map(([name]) => name);
    expect(panels).toHaveLength(6);
    expect(new Set(panels).size).toBe(2);
  });
});
