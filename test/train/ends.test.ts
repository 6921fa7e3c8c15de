// What a fit that has ended, or has not begun, leaves: what callbacks changed, loaders closed, the sequence of random numbers, nobody in use.
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { data, manualSeed, metrics, nn, optim, rand, randn, type Tensor, train } from '../../src';
import { rejection } from '../rejection';
import { bitsOf, digest, eagerFit, eagerStep, type FitRun, makeModel, quiet, students } from './runs';

const criterion = new nn.CrossEntropyLoss();

function setUp(dropout = 0.2): FitRun & { loader: data.DataLoader<Tensor[], Tensor[]> } {
  manualSeed(4);
  const model = makeModel([13, 16, 5], { dropout });
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const loader = new data.DataLoader(students(80), { batchSize: 32, shuffle: true }) as unknown as data.DataLoader<Tensor[], Tensor[]>;
  return { model, optimizer, criterion, loader, epochs: 3 };
}

const fitOf = ({ model, ...rest }: FitRun, options: Partial<train.FitOptions> = {}) => train.fit(model, { ...rest, ...quiet, ...options });

describe('from the call on', () => {
  it.each([
    ['the same model', (run: FitRun) => run.model],
    ['a model that shares a layer', (run: FitRun) => new nn.Sequential(run.model.children()[0] as nn.Linear, new nn.Linear(16, 5))],
  ])('%s is in use: a second fit is refused, the first is the loop', async (_, other) => {
    const run = setUp();
    const model = other(run);
    const first = fitOf(run);
    expect(() => run.model.forward(randn([1, 13]))).toThrow(/in use by train\.fit/);
    const second = fitOf({ ...run, model, optimizer: new optim.Adam(model.parameters()) });
    expect((await rejection(second)).code).toBe('SIMDNN_IN_USE');
    const { loss } = await first;
    const loop = setUp();
    other(loop); // draws as well
    expect(loss).toEqual(eagerFit(loop));
    expect(bitsOf(run.model)).toEqual(bitsOf(loop.model));
  });

  it('a parameter that only the recording finds is in use as well', async () => {
    const hidden = new nn.Parameter(randn([13, 5]));
    class Hiding extends nn.Module {
      readonly shown = new nn.Linear(13, 5);
      override forward(x: Tensor): Tensor {
        return this.shown.forward(x).add(x.matmul(hidden));
      }
    }
    vi.spyOn(process, 'emitWarning').mockReturnValue(); // that it is not trained
    const { loader } = setUp();
    const models = [new Hiding(), new Hiding()];
    const [first, second] = models.map((model) =>
      train.fit(model, { criterion, loader, epochs: 1, optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), ...quiet }),
    );
    expect((await rejection(second!)).code).toBe('SIMDNN_IN_USE');
    await first;
    hidden.mul(2);
    vi.restoreAllMocks();
  });

  it('what is refused is free, and random numbers go on', async () => {
    const run = setUp();
    manualSeed(1);
    await rejection(fitOf(run, { criterion: new nn.CrossEntropyLoss({ reduction: 'none' }) }));
    const drawn = rand([2]).toArray();
    run.model.forward(randn([1, 13]));
    manualSeed(1);
    expect(drawn).toEqual(rand([2]).toArray());
  });
});

describe('what a callback changed stays', () => {
  const loaded = (run: FitRun): Tensor[] => {
    const state = makeModel([13, 16, 5], { dropout: 0.2 }).stateDict();
    run.model.loadStateDict(state);
    return Object.values(state);
  };

  it.each(['onEpoch', 'onBatch'] as const)('when %s throws', async (name) => {
    const run = setUp();
    let state: Tensor[] = [];
    const error = new Error('enough');
    const fit = fitOf(run, {
      epochs: 1_000_000,
      progressEvery: 1,
      [name]: () => {
        state = loaded(run);
        throw error;
      },
    });
    expect(await rejection(fit)).toBe(error);
    expect(bitsOf(run.model)).toEqual(state.map(digest));
  });

  it('when it aborts', async () => {
    const run = setUp();
    let state: Tensor[] = [];
    const controller = new AbortController();
    const onEpoch = () => {
      state = loaded(run);
      controller.abort();
    };
    expect((await rejection(fitOf(run, { onEpoch, signal: controller.signal }))).name).toBe('AbortError');
    expect(bitsOf(run.model)).toEqual(state.map(digest));
  });

  it('when another fit has the model afterwards', async () => {
    const run = setUp();
    let other: Promise<unknown> = Promise.resolve();
    const onEpoch = () => {
      other = fitOf({ ...run, epochs: 1 });
    };
    expect((await rejection(fitOf(run, { onEpoch }))).code).toBe('SIMDNN_IN_USE');
    await other;
    const loop = setUp();
    eagerFit({ ...loop, epochs: 2 });
    expect(bitsOf(run.model)).toEqual(bitsOf(loop.model));
  });

  it.each(['update', 'compute'] as const)('and what the steps changed, when a metric throws in %s', async (method) => {
    class Throwing extends metrics.Metric {
      private calls = 0;
      update(): void {
        if (method === 'update' && ++this.calls === 5) throw new Error('metric');
      }
      compute(): Tensor {
        if (method === 'compute' && ++this.calls === 2) throw new Error('metric');
        return randn([]);
      }
      reset(): void {}
    }
    const run = setUp();
    expect((await rejection(fitOf(run, { metrics: { own: new Throwing() }, progressEvery: 1e9 }))).message).toBe('metric');
    const loop = setUp();
    eagerFit({ ...loop, epochs: 2 });
    expect(bitsOf(run.model)).toEqual(bitsOf(loop.model));
  });

  it('and what the steps changed, when a scheduler throws', async () => {
    const run = setUp();
    const scheduler = {
      step: () => {
        run.optimizer.paramGroups[0]!.lr = 0.5;
        throw new Error('scheduler');
      },
    };
    expect((await rejection(fitOf(run, { scheduler }))).message).toBe('scheduler');
    const loop = setUp();
    eagerFit({ ...loop, epochs: 1 });
    expect(bitsOf(run.model)).toEqual(bitsOf(loop.model));
    expect(run.optimizer.paramGroups[0]!.lr).toBe(0.5);
  });
});

describe('a generator of batches is closed once', () => {
  const generator = (batches: readonly (readonly Tensor[])[], failing?: () => void) => {
    const seen = { closed: 0 };
    const loader = {
      *[Symbol.iterator]() {
        try {
          for (;;) {
            yield* batches;
            failing?.();
          }
        } finally {
          seen.closed++;
        }
      },
    };
    return { seen, loader: loader as unknown as FitRun['loader'] };
  };
  const batchOf = (label: number): Tensor[] => {
    const [x, y] = students(8).tensors;
    y.data[3] = label;
    return [x, y];
  };

  it('when the fit is aborted', async () => {
    const { seen, loader } = generator([batchOf(1)]);
    const controller = new AbortController();
    const run = setUp();
    const before = bitsOf(run.model);
    const fit = fitOf({ ...run, loader }, { signal: controller.signal });
    await vi.waitFor(() => expect(bitsOf(run.model)).not.toEqual(before), { timeout: 300_000 });
    controller.abort();
    await rejection(fit);
    expect(seen.closed).toBe(1);
  });

  it('when a label is refused', async () => {
    const { seen, loader } = generator([batchOf(1), batchOf(9)]);
    expect((await rejection(fitOf({ ...setUp(), loader }))).message).toMatch(/out of range \[0, 5\), in batch 2 of epoch 1/);
    expect(seen.closed).toBe(1);
  });

  it('when it gives what is no batch, when a callback throws, and when it throws itself', async () => {
    const bad = generator([batchOf(1), [3 as unknown as Tensor]]);
    expect((await rejection(fitOf({ ...setUp(), loader: bad.loader }))).message).toMatch(/expected the loader to give lists of tensors/);
    expect(bad.seen.closed).toBe(1);
    const called = generator([batchOf(1)]);
    const onBatch = () => {
      throw new Error('callback');
    };
    expect((await rejection(fitOf({ ...setUp(), loader: called.loader }, { onBatch, progressEvery: 1 }))).message).toBe('callback');
    expect(called.seen.closed).toBe(1);
    const own = generator([batchOf(1)], () => {
      throw new Error('own');
    });
    expect((await rejection(fitOf({ ...setUp(), loader: own.loader }))).message).toBe('own');
    expect(own.seen.closed).toBe(1);
  });

  it('when an evaluation is refused', async () => {
    const { seen, loader } = generator([batchOf(1), batchOf(9)]);
    expect((await rejection(train.evaluate(setUp().model, loader, { criterion }))).message).toMatch(/out of range/);
    expect(seen.closed).toBe(1);
  });

  it('when its end draws random numbers, they are those of the loop', async () => {
    const make = () => {
      const run = setUp();
      const [batch] = [students(8).tensors];
      const loader = {
        *[Symbol.iterator]() {
          try {
            for (let i = 0; i < 3; i++) yield batch;
          } finally {
            rand([40]);
          }
        },
      };
      return { ...run, loader: loader as unknown as FitRun['loader'] };
    };
    const loop = make();
    for (let epoch = 0; epoch < 3; epoch++) for (const batch of loop.loader) eagerStep(loop, batch);
    const after = rand([2]).toArray();
    const run = make();
    await fitOf(run);
    expect(rand([2]).toArray()).toEqual(after);
    expect(bitsOf(run.model)).toEqual(bitsOf(loop.model));
  });
});

describe('an option that a callback sets and the next step refuses', () => {
  it.each(['rows', 'own'])('ends the fit as it ends the loop: %s', async (kind) => {
    const make = () => {
      const run = setUp();
      const { loader } = run;
      const own = { [Symbol.iterator]: () => loader[Symbol.iterator](), length: loader.length };
      return kind === 'rows' ? run : { ...run, loader: own as unknown as FitRun['loader'] };
    };
    const breakIt = ({ optimizer }: FitRun, epoch: number) => {
      if (epoch === 2) optimizer.paramGroups[0]!.lr = -1;
    };
    const loop = make();
    let expected = '';
    try {
      eagerFit({ ...loop, epochs: 5 }, (epoch) => breakIt(loop, epoch));
    } catch (error) {
      expected = (error as Error).message;
    }
    const after = rand([2]).toArray();
    const run = make();
    const error = await rejection(fitOf(run, { epochs: 5, onEpoch: ({ epoch }) => breakIt(run, epoch) }));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe(expected);
    expect(rand([2]).toArray()).toEqual(after);
    expect(bitsOf(run.model)).toEqual(bitsOf(loop.model));
    expect(run.model.parameters().map(({ grad }) => digest(grad!))).toEqual(loop.model.parameters().map(({ grad }) => digest(grad!)));
    run.optimizer.paramGroups[0]!.lr = 0.01;
    eagerFit({ ...run, epochs: 1 });
  });

  it('takes down the progress', async () => {
    const written: string[] = [];
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    const terminal = process.stderr.isTTY;
    process.stderr.isTTY = true;
    try {
      const run = setUp();
      const breakIt = ({ optimizer }: FitRun) => {
        optimizer.paramGroups[0]!.lr = -1;
      };
      await rejection(fitOf(run, { progress: true, onEpoch: () => breakIt(run) }));
      const { length } = written;
      expect(written.at(-1)).toBe('\n');
      await pause(1000); // a bar draws itself anew several times a second
      expect(written.length).toBe(length);
    } finally {
      process.stderr.isTTY = terminal;
      write.mockRestore();
    }
  });
});

describe('gradients in a callback', () => {
  it('are those of the last step to whatever adds to them, and hidden', async () => {
    const [x, y] = students(4).tensors;
    const run = setUp(0);
    const more = ({ model, optimizer }: FitRun) => {
      criterion.forward(model.forward(x), y).backward();
      optimizer.step();
    };
    await fitOf(run, {
      onEpoch: () => {
        expect(() => run.model.parameters()[0]!.grad).toThrow(/did not keep it/);
        more(run);
      },
    });
    const loop = setUp(0);
    eagerFit(loop, () => more(loop));
    expect(bitsOf(run.model)).toEqual(bitsOf(loop.model));
  });
});
