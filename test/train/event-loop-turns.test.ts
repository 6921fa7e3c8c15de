// A fit is recorded in several turns of the event loop. What others do in between changes it as much as what they do while it runs, and no more.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { data, manualSeed, nn, noGrad, optim, rand, randn, type Tensor, train, zeros } from '../../src';
import { rejection } from '../rejection';
import { bitsOf, eagerEvaluate, eagerFit, makeModel, quiet, stateOf, students } from './runs';

// Counts the turns of the event loop, and in which of them a forward was run.
class Watched extends nn.Module {
  body = makeModel([13, 8, 5], { dropout: 0.3 });
  turn = { number: 0 };
  runs: { turns: number[] } = { turns: [] };
  forward(x: Tensor): Tensor {
    this.runs.turns.push(this.turn.number);
    return this.body.forward(x);
  }
}

type Stepper = (parameters: Tensor[]) => optim.Adam | optim.SGD;
const adam: Stepper = (parameters) => new optim.Adam(parameters);
// Its first step has other calls than the others: all is recorded again behind it.
const momentum: Stepper = (parameters) => new optim.SGD(parameters, { lr: 0.05, momentum: 0.9 });

// Of 20 rows in batches of 8 there are two kinds, and so there are of the validation loader's: four recordings.
function setUp(stepper = adam) {
  manualSeed(3);
  const model = new Watched();
  const loader = new data.DataLoader(students(20), { batchSize: 8, shuffle: true });
  const validation = new data.DataLoader(students(20), { batchSize: 8 });
  const optimizer = stepper(model.parameters());
  const criterion = new nn.CrossEntropyLoss();
  return {
    model,
    run: { criterion, optimizer, loader, epochs: 3 },
    options: { criterion, optimizer, loader, epochs: 3, validation, ...quiet },
  };
}

const loopOf = (stepper = adam, before: (made: ReturnType<typeof setUp>) => void = () => {}) => {
  const made = setUp(stepper);
  before(made);
  const loss = eagerFit({ ...made.run, model: made.model as unknown as nn.Sequential });
  return { loss, bits: bitsOf(made.model), state: stateOf(made.run.optimizer), next: rand([3]).toArray() };
};

/** Does something in each turn of the event loop, before anything else in it, until what is started now is settled. */
async function meanwhile<T>(start: () => Promise<T>, each: (turn: number) => unknown): Promise<T> {
  await nextTurn();
  await nextTurn(); // what ran before is through
  const done: Promise<unknown>[] = [];
  let over = false;
  const next = (turn: number): void => {
    if (over) return;
    setImmediate(next, turn + 1);
    done.push((async () => each(turn))());
  };
  setImmediate(next, 1);
  try {
    return await start();
  } finally {
    over = true;
    await Promise.all(done);
  }
}

it('records each kind in a turn of its own, the first at the call, and verifies it in the next', async () => {
  const { model, options } = setUp();
  const { turn, runs } = model;
  await meanwhile(
    () => {
      const fit = train.fit(model, options);
      expect(runs.turns).toEqual([0]);
      return fit;
    },
    (number) => {
      turn.number = number;
    },
  );
  expect(runs.turns).toEqual([0, 1, 1, 2, 2, 3, 3, 4]); // twice each, to compare
});

it.each([adam, momentum])('has the bits of the loop while others draw, begin fits and predict between its turns', async (stepper) => {
  const loop = loopOf(stepper);
  const { model, options } = setUp(stepper);
  const others: Promise<unknown>[] = [];
  const { loss } = await meanwhile(
    () => train.fit(model, options),
    (turn) => {
      if (turn > 12) return;
      randn([turn]);
      const other = new nn.Linear(13, 5);
      const optimizer = new optim.SGD(other.parameters(), { lr: 0.1 });
      others.push(train.fit(other, { criterion: options.criterion, optimizer, loader: options.validation, epochs: 2, ...quiet }));
      others.push(train.predict(model, randn([2, 13])));
    },
  );
  await Promise.all(others);
  expect(loss).toEqual(loop.loss);
  expect(bitsOf(model)).toEqual(loop.bits);
  expect(stateOf(options.optimizer)).toEqual(loop.state);
});

it('gives the random numbers back where the loop comes to', async () => {
  const loop = loopOf();
  const { model, options } = setUp();
  await train.fit(model, options);
  expect(rand([3]).toArray()).toEqual(loop.next);
});

const changes: Record<
  string,
  (made: { model: Watched; options: { criterion: nn.CrossEntropyLoss; optimizer: optim.Adam | optim.SGD } }) => void
> = {
  'a rate': ({ options }) => {
    options.optimizer.paramGroups[0]!.lr = 0.02;
  },
  'a module': ({ model }) => {
    model.body[1] = new nn.Tanh();
  },
  'an option of a module': ({ model }) => {
    (model.body[2] as nn.Dropout).p = 0.6;
  },
  'an option of the criterion': ({ options }) => {
    options.criterion.labelSmoothing = 0.2;
  },
  'whether a parameter is trained': ({ model }) => void (model.body[0] as nn.Linear).weight.requiresGrad_(false),
};

it.each(Object.keys(changes))('%s that is changed between two turns counts from the first step', async (name) => {
  const change = changes[name]!;
  const loop = loopOf(adam, (made) => change({ model: made.model, options: made.run as never }));
  for (const at of [1, 2, 3]) {
    const { model, options } = setUp();
    const { loss } = await meanwhile(
      () => train.fit(model, options),
      (turn) => {
        if (turn === at) change({ model, options });
      },
    );
    expect(loss, `turn ${at}`).toEqual(loop.loss);
    expect(bitsOf(model), `turn ${at}`).toEqual(loop.bits);
  }
});

it('goes on where somebody changes the model in every turn', async () => {
  const loop = loopOf();
  const { model, options } = setUp();
  const { loss } = await meanwhile(
    () => train.fit(model, options),
    () => {
      model.body[1] = new nn.ReLU();
    },
  );
  expect(loss).toEqual(loop.loss);
  expect(bitsOf(model)).toEqual(loop.bits);
});

it('takes a tensor that the criterion captured as it is at the call', async () => {
  const scale = rand([5]).add(1);
  const criterion = { forward: (output: Tensor, target: Tensor) => nn.functional.crossEntropy(output.mul(scale), target) };
  const made = setUp();
  const loss = eagerFit({ ...made.run, criterion, model: made.model as unknown as nn.Sequential });
  const { model, options } = setUp();
  const start = () => {
    const fit = train.fit(model, { ...options, criterion });
    scale.copy_(rand([5]));
    return fit;
  };
  expect((await meanwhile(start, () => scale.mul_(1.5))).loss).toEqual(loss);
});

it('has model and optimizer in use from the call', async () => {
  const { model, options } = setUp();
  const [weight] = model.parameters();
  let [refused, turns] = [0, 0];
  await meanwhile(
    () => train.fit(model, options),
    async (turn) => {
      if (turn > 4) return;
      turns++;
      expect(() => weight!.mul_(2)).toThrow('in use by train.fit');
      expect(() => options.optimizer.step()).toThrow('in use by train.fit');
      refused += (await rejection(train.fit(model, options))).message.includes('in use by another train.fit') ? 1 : 0;
    },
  );
  expect(refused).toBe(turns);
  expect(turns).toBeGreaterThan(2);
});

it('shows and evaluates the values before the first step while it is recorded', async () => {
  const { model, options } = setUp();
  const { validation, criterion } = options;
  const bits = bitsOf(model);
  const figure = eagerEvaluate(model, validation, criterion);
  const fit = train.fit(model, options);
  const evaluated = train.evaluate(model, validation, { criterion });
  await nextTurn();
  expect(bitsOf(model)).toEqual(bits);
  await fit;
  expect((await evaluated)['loss']).toBeCloseTo(figure, 6);
});

it.each([0, 1, 2, 3])('ends when it is aborted in turn %i, all as it was', async (at) => {
  setUp();
  const next = rand([3]).toArray();
  const { model, options } = setUp();
  model.eval();
  const [bits, state] = [bitsOf(model), stateOf(options.optimizer)];
  const controller = new AbortController();
  const reason = new Error('enough');
  const { runs } = model;
  const start = () => {
    const fit = train.fit(model, { ...options, signal: controller.signal });
    if (at === 0) controller.abort(reason);
    return fit;
  };
  const ended = meanwhile(start, (number) => {
    if (number === at) controller.abort(reason);
  });
  expect(await rejection(ended)).toBe(reason);
  expect(runs.turns).toHaveLength(2 * Math.max(1, at) - 1); // no recording behind it
  expect(bitsOf(model)).toEqual(bits);
  expect(stateOf(options.optimizer)).toEqual(state);
  expect(model.modules().some(({ training }) => training)).toBe(false);
  expect(rand([3]).toArray()).toEqual(next); // nothing was drawn
  noGrad(() => model.parameters()[0]!.mul_(2)); // nothing is in use
});

it('rejects with what a later recording throws, all as it was', async () => {
  const { model, options } = setUp();
  const bits = bitsOf(model);
  const validation = new data.DataLoader(new data.TensorDataset(randn([20, 12]), randn([20, 5])), { batchSize: 8 });
  const { runs } = model;
  const error = await rejection(train.fit(model, { ...options, validation }));
  expect(error.message).toContain('[Linear.forward] expected x [*, 13]');
  expect(runs.turns).toHaveLength(5);
  expect(bitsOf(model)).toEqual(bits);
  expect(model.parameters().every(({ grad }) => grad === null)).toBe(true);
  expect((await train.fit(model, options)).epochs).toBe(3);
});

it('refuses a tensor that a later recording finds with another fit', async () => {
  class Biased extends nn.Module {
    layer = new nn.Linear(13, 5);
    forward(x: Tensor): Tensor {
      return this.layer.forward(x).add(this.bias());
    }
    bias = () => shared as Tensor;
  }
  const shared = new nn.Parameter(randn([5]));
  const of = (module: nn.Module, own: Tensor[]) => ({
    ...setUp().options,
    optimizer: new optim.SGD([...module.parameters(), ...own], { lr: 0.1 }),
  });
  const one = new Biased();
  one.bias = () => (one.training ? zeros([5]) : shared); // the validation alone uses it
  const first = train.fit(one, of(one, []));
  const other = new Biased();
  const second = train.fit(other, { ...of(other, [shared]), epochs: 200 });
  expect((await rejection(first)).message).toContain('in use by another train.fit');
  noGrad(() => one.layer.weight.mul_(2)); // free again
  expect((await second).epochs).toBe(200);
});
