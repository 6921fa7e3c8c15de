// Fits that begin while the threads of fits have enough to do: those whose steps are this library's code alone wait to be recorded, others do not.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { data, getNumThreads, manualSeed, nn, noGrad, optim, rand, setNumThreads, type Tensor, train, zeros } from '../../src';
import { rejection } from '../rejection';
import { bitsOf, eagerFit, makeModel, quiet, stateOf, students } from './runs';

const busy = new AbortController();
const running: Promise<unknown>[] = [];
const threads = getNumThreads();

const setUp = () => {
  manualSeed(5);
  const model = makeModel([13, 8, 5], { dropout: 0.3 });
  const loader = new data.DataLoader(students(20), { batchSize: 8, shuffle: true });
  const options = { criterion: new nn.CrossEntropyLoss(), optimizer: new optim.Adam(model.parameters()), loader, epochs: 3 };
  return { model, options: { ...options, ...quiet } };
};

// More fits than keep one thread busy until the end: some of them stand between two segments at times.
beforeAll(async () => {
  setNumThreads(1);
  for (let i = 0; i < 8; i++) {
    const { model, options } = setUp();
    running.push(train.fit(model, { ...options, epochs: 1e9, signal: busy.signal }).catch(() => {}));
  }
  for (let i = 0; i < 20; i++) await nextTurn();
});

afterAll(async () => {
  busy.abort();
  await Promise.all(running);
  setNumThreads(threads);
});

/** How many recordings a call of `start` makes before it returns, and what it returns. */
function heardIn<T>(start: () => T): { recordings: number; made: T } {
  const forward = vi.spyOn(nn.Linear.prototype, 'forward');
  try {
    const made = start();
    return { recordings: forward.mock.calls.length / 2, made };
  } finally {
    forward.mockRestore();
  }
}

it('records later, with the bits of the loop and what was changed until then', async () => {
  const change = ({ model, options }: ReturnType<typeof setUp>): void => {
    options.optimizer.paramGroups[0]!.lr = 0.02;
    (model[2] as nn.Dropout).p = 0.5;
  };
  const loop = setUp();
  change(loop);
  const losses = eagerFit({ ...loop.options, model: loop.model });
  const next = rand([3]).toArray();
  const own = setUp();
  const { recordings, made } = heardIn(() => train.fit(own.model, own.options));
  expect(recordings).toBe(0);
  expect(() => own.model.parameters()[0]!.mul_(2)).toThrow('in use by train.fit');
  change(own);
  expect((await made).loss).toEqual(losses);
  expect(rand([3]).toArray()).toEqual(next);
  expect(bitsOf(own.model)).toEqual(bitsOf(loop.model));
  expect(stateOf(own.options.optimizer)).toEqual(stateOf(loop.options.optimizer));
});

class Own extends nn.Module {
  body = makeModel([13, 8, 5]);
  forward(x: Tensor): Tensor {
    return this.body.forward(x);
  }
}

const fits: Record<string, () => Promise<unknown>> = {
  'a criterion that is a function': () => {
    const { model, options } = setUp();
    return train.fit(model, { ...options, criterion: (output: Tensor, target: Tensor) => nn.functional.crossEntropy(output, target) });
  },
  'a criterion with class weights': () => {
    const { model, options } = setUp();
    return train.fit(model, { ...options, criterion: new nn.CrossEntropyLoss({ weight: rand([5]) }) });
  },
  'a class of its own': () => {
    const model = new Own();
    return train.fit(model, { ...setUp().options, optimizer: new optim.Adam(model.parameters()) });
  },
  'a module whose forward is its own': () => {
    const { model, options } = setUp();
    const relu = model[1] as nn.ReLU;
    relu.forward = (x) => x.relu();
    return train.fit(model, options);
  },
  'a hook of a module': () => {
    const { model, options } = setUp();
    model.registerForwardHook(() => {});
    return train.fit(model, options);
  },
  'a hook of a gradient': () => {
    const { model, options } = setUp();
    model.parameters()[0]!.registerHook((gradient) => gradient.mul(2));
    return train.fit(model, options);
  },
  'a getter in place of a field': () => {
    const { model, options } = setUp();
    const linear = model.modules().find((module) => module instanceof nn.Linear)!;
    const { weight } = linear;
    Object.defineProperty(linear, 'weight', { get: () => weight, enumerable: true });
    return train.fit(model, options);
  },
  'a forward that no list of fields shows': () => {
    const { model, options } = setUp();
    const linear = model.modules().find((module) => module instanceof nn.Linear)!;
    const { forward } = linear;
    Object.defineProperty(linear, 'forward', { value: (x: Tensor) => forward.call(linear, x).mul(2) });
    return train.fit(model, options);
  },
  'a call after each step': () => {
    const { model, options } = setUp();
    return train.fit(model, { ...options, callbacks: [train.emaWeights(model)] });
  },
};

it.each(Object.keys(fits))('records %s at the call', async (name) => {
  const { recordings, made } = heardIn(fits[name]!);
  expect(recordings).toBe(1);
  await made;
});

it('keeps the order of the calls', async () => {
  const ended: number[] = [];
  const all = [0, 1, 2, 3].map(async (i) => {
    const { model, options } = setUp();
    await train.fit(model, { ...options, epochs: 1, callbacks: [{ onBegin: () => void ended.push(i) }] });
  });
  await Promise.all(all);
  expect(ended).toEqual([0, 1, 2, 3]);
});

it.each(['at the call', 'later'])('ends where it is aborted %s, all as it was', async (when) => {
  const { model, options } = setUp();
  model.eval();
  const [bits, state, next] = [bitsOf(model), stateOf(options.optimizer), rand([3]).toArray()];
  setUp();
  const controller = new AbortController();
  const reason = new Error('enough');
  const forward = vi.spyOn(nn.Linear.prototype, 'forward');
  const fit = train.fit(model, { ...options, signal: controller.signal });
  if (when === 'later') await nextTurn();
  controller.abort(reason);
  expect(await rejection(fit)).toBe(reason);
  if (when === 'at the call') expect(forward).not.toHaveBeenCalled(); // later its turn may have come
  forward.mockRestore();
  expect(bitsOf(model)).toEqual(bits);
  expect(stateOf(options.optimizer)).toEqual(state);
  expect(model.modules().some(({ training }) => training)).toBe(false);
  expect(rand([3]).toArray()).toEqual(next);
  noGrad(() => model.parameters()[0]!.mul_(2)); // nothing is in use
});

it('rejects with what its recording throws, and with options that cannot be used in the same turn', async () => {
  const { model, options } = setUp();
  const loader = new data.DataLoader(new data.TensorDataset(zeros([8, 12]), zeros([8], { dtype: 'int32' })), { batchSize: 8 });
  expect((await rejection(train.fit(model, { ...options, loader }))).message).toContain('[Linear.forward] expected x [*, 13]');
  const refused = vi.fn();
  train.fit(model, { ...options, epochs: -1 }).catch(refused);
  await null;
  await null;
  expect(refused).toHaveBeenCalledOnce();
  expect((await train.fit(model, options)).epochs).toBe(3);
});
