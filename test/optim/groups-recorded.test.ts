// Groups that change act in a compiled step and in a fit as in a loop.
import { describe, expect, it } from 'vitest';
import { compile, data, manualSeed, nn, ones, optim, randn, type Tensor, tensor, train } from '../../src';
import { expectError, expectSame } from '../helpers';
import { bitsOf, quiet } from '../train/runs';

const { Adam, SGD } = optim;
const parameter = (...values: number[]): nn.Parameter => new nn.Parameter(tensor(values));

type Change = (optimizer: optim.Adam, model: nn.Sequential) => void;

const changes: [string, Change][] = [
  ['a group replaced', (o) => void o.paramGroups.splice(0, 1, { ...o.paramGroups[0]!, lr: 0.3 })],
  ['a list replaced', (o) => void Object.assign(o, { paramGroups: o.paramGroups.map((group) => ({ ...group, lr: 0.3 })) })],
  [
    'a group pushed',
    (o, model) => {
      o.paramGroups[0]!.params = model.parameters().slice(0, 1);
      o.paramGroups.push({ ...o.paramGroups[0]!, params: model.parameters().slice(1, 2), lr: 0.3 });
    },
  ],
  ['a group taken out', (o) => void o.paramGroups.pop()],
  ['parameters replaced', (o, model) => void Object.assign(o.paramGroups[0]!, { params: model.parameters().slice(1, 2) })],
];

describe.each(changes)('%s', (_, change) => {
  const widths = (): nn.Sequential => new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2));
  const criterion = new nn.MSELoss();
  const adam = (model: nn.Module): optim.Adam => {
    const parameters = model.parameters();
    return new Adam([{ params: parameters.slice(0, 2) }, { params: parameters.slice(2) }], { lr: 0.1 });
  };

  it('is noticed by a compiled step', () => {
    const run = (compiled: boolean): string[][] => {
      manualSeed(5);
      const model = widths();
      const optimizer = adam(model);
      const plain = (x: Tensor): Tensor => {
        optimizer.zeroGrad();
        const loss = model.forward(x).pow(2).sum();
        loss.backward();
        optimizer.step();
        return loss;
      };
      const step = compiled ? compile(plain) : plain;
      return Array.from({ length: 9 }, (_, i) => {
        if (i === 4) change(optimizer, model);
        step(randn([5, 3]));
        return bitsOf(model);
      });
    };
    expect(run(true)).toEqual(run(false));
  });

  it('is noticed by a fit', async () => {
    const make = () => {
      manualSeed(5);
      const model = widths();
      const dataset = new data.TensorDataset(randn([10, 3]), randn([10, 2]));
      return { model, optimizer: adam(model), loader: new data.DataLoader(dataset, { batchSize: 4 }) };
    };
    const loop = make();
    for (let epoch = 1; epoch <= 4; epoch++) {
      for (const [x, y] of loop.loader) {
        loop.optimizer.zeroGrad();
        criterion.forward(loop.model.forward(x), y).backward();
        loop.optimizer.step();
      }
      if (epoch === 2) change(loop.optimizer, loop.model);
    }
    const { model, ...rest } = make();
    await train.fit(model, {
      ...rest,
      ...quiet,
      criterion,
      epochs: 4,
      onEpoch({ epoch }) {
        if (epoch === 2) change(rest.optimizer, model);
      },
    });
    expect(bitsOf(model)).toEqual(bitsOf(loop.model));
  });
});

it('a misspelt field is an error of a compiled step', () => {
  const w = parameter(1);
  const optimizer = new SGD([w], { lr: 0.5 });
  const step = compile((x: Tensor) => {
    optimizer.zeroGrad();
    const loss = w.mul(x).sum();
    loss.backward();
    optimizer.step();
    return loss;
  });
  for (let i = 0; i < 2; i++) step(ones([1]));
  Object.assign(optimizer.paramGroups[0]!, { LR: 1 });
  expectError(() => step(ones([1])), TypeError, '[SGD.paramGroups[0]] unknown option "LR", did you mean "lr"?');
  expectSame(w, [0]);
});

it('a compiled function that only clears gradients clears those of the present groups', () => {
  const [p, q] = [parameter(1), parameter(1)];
  const optimizer = new SGD([p]);
  const clear = compile((x: Tensor) => {
    optimizer.zeroGrad();
    return x.mul(2);
  });
  clear(ones([1]));
  optimizer.paramGroups.push({ ...optimizer.paramGroups[0]!, params: [q] });
  q.grad = ones([1]);
  clear(ones([1]));
  expect(q.grad).toBe(null);
});
