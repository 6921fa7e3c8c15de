// Many trainings at once: the same bits for any concurrency and number of threads, as one after the other by hand.
import { afterEach, describe, expect, it } from 'vitest';
import { data, getNumThreads, manualSeed, nn, optim, rand, setNumThreads, train } from '../../src';
import { rejection } from '../rejection';
import { bitsOf, makeModel, quiet, students } from './runs';

const threads = getNumThreads();
afterEach(() => setNumThreads(threads));

manualSeed(9);
const rows = students(70);
const space = { lr: train.logUniform(1e-4, 1e-1), hidden: [8, 16], dropout: train.uniform(0, 0.5), layers: train.integer(1, 2) };

const make = ({ lr, hidden, dropout, layers }: train.Params<typeof space>, epochs = 5) => {
  const model = makeModel([13, ...Array<number>(layers).fill(hidden), 5], { dropout });
  return {
    model,
    criterion: new nn.CrossEntropyLoss(),
    optimizer: new optim.Adam(model.parameters(), { lr }),
    loader: new data.DataLoader(rows, { batchSize: 16, shuffle: true }),
    epochs,
  };
};
const outcome = ({ trials, ranking, best }: train.SearchReport<object, nn.Module>) => ({
  trials: trials.map(({ params, seed, history, model }) => [params, seed, history?.loss, model && bitsOf(model)]),
  ranking: ranking.map(({ trial }) => trial),
  best: best.trial,
});

describe('a search', () => {
  it.each([false, { minEpochs: 1, factor: 2 }])('is the same for any concurrency and threads, halving %j', async (halving) => {
    const seen: unknown[] = [];
    for (const [concurrency, most] of [
      [1, 1],
      [2, 2],
      [8, 2],
      [8, 3],
    ] as const) {
      setNumThreads(most);
      manualSeed(5);
      const report = await train.search((params) => make(params), space, { trials: 9, concurrency, halving });
      seen.push({ ...outcome(report), after: rand([3]).toArray() });
    }
    for (const other of seen.slice(1)) expect(other).toEqual(seen[0]);
    expect(new Set((seen[0] as ReturnType<typeof outcome>).trials.map(([params]) => JSON.stringify(params))).size).toBe(9);
  });

  it('does what seed, makeModel and fit do by hand', async () => {
    const { trials } = await train.search((params) => make(params), space, { trials: 3, seed: 2 });
    for (const { params, seed, history, model } of trials) {
      manualSeed(seed);
      const { model: own, ...options } = make(params);
      expect((await train.fit(own, { ...options, ...quiet })).loss).toEqual(history!.loss);
      expect(bitsOf(own)).toEqual(bitsOf(model!));
    }
  });

  it('goes on from rung to rung as one fit does', async () => {
    const { best, trials } = await train.search((params) => make(params), space, { trials: 6, seed: 2, halving: { factor: 2 } });
    expect(best.history.epochs).toBe(5);
    expect(trials.map(({ history }) => history!.epochs).sort()).toEqual([1, 1, 1, 2, 4, 5]);
    manualSeed(best.seed);
    const { model, ...options } = make(best.params);
    expect((await train.fit(model, { ...options, ...quiet })).loss).toEqual(best.history.loss);
    expect(bitsOf(model)).toEqual(bitsOf(best.model));
  });

  it('tries a whole grid, or distinct points of it', async () => {
    const grid = { lr: [0.01, 0.1], hidden: [4, 8, 16] };
    const one = ({ lr, hidden }: train.Params<typeof grid>) => make({ lr, hidden: hidden as 8, dropout: 0, layers: 1 }, 1);
    const { trials } = await train.search(one, grid);
    expect(trials.map(({ params }) => [params.lr, params.hidden])).toEqual(
      [0.01, 0.1].flatMap((lr) => [4, 8, 16].map((hidden) => [lr, hidden])),
    );
    const some = await train.search(one, grid, { trials: 5, seed: 1 });
    expect(new Set(some.trials.map(({ params }) => JSON.stringify(params))).size).toBe(5);
  });

  it('keeps a trial that fails, unless errors are thrown', async () => {
    const failing = (params: train.Params<typeof space>, { trial }: train.TrialInfo) => {
      if (trial === 1) throw new Error('no such model');
      return make(params, 1);
    };
    const { trials, ranking } = await train.search(failing, space, { trials: 3, seed: 1 });
    expect(trials.map(({ error }) => error?.message)).toEqual([undefined, 'no such model', undefined]);
    expect(ranking).toHaveLength(2);
    expect((await rejection(train.search(failing, space, { trials: 3, throwErrors: true }))).message).toBe('no such model');
    const none = () => {
      throw new Error('none');
    };
    expect((await rejection(train.search(none, space, { trials: 2 }))).message).toBe('none');
  });

  it('ends when its signal aborts', async () => {
    const ender = new AbortController();
    const running = train.search((params) => make(params, 1_000_000), space, { trials: 4, signal: ender.signal });
    setTimeout(() => ender.abort(new Error('enough')), 20);
    expect((await rejection(running)).message).toBe('enough');
  });

  it('refuses what it cannot use', async () => {
    const of = async (...args: unknown[]) => (await rejection((train.search as (...args: unknown[]) => Promise<unknown>)(...args))).message;
    expect(await of(1, space)).toBe('[train.search] expected makeModel to be a function, got 1');
    expect(await of(make, {})).toBe('[train.search] the space has no parameters');
    expect(await of(make, { lr: 1 })).toContain('expected lr to be a list of values or a distribution, got 1');
    expect(await of(make, space)).toBe('[train.search] lr has no end of values: trials must say how many are tried');
    expect(await of(make, space, { trial: 3 })).toContain('unknown option "trial", did you mean "trials"?');
    expect(await of((params: train.Params<typeof space>) => make(params, 1), space, { trials: 1, monitor: 'f1' })).toContain(
      'monitor cannot be "f1" (known: loss)',
    );
    expect(await of(async () => make({ lr: 1, hidden: 8, dropout: 0, layers: 1 }), space, { trials: 1 })).toContain(
      'makeModel returned a promise',
    );
    const shared = make({ lr: 1e-3, hidden: 8, dropout: 0, layers: 1 }, 1);
    const { trials } = await train.search(() => shared, space, { trials: 2 });
    expect(trials[1]!.error!.message).toContain('makeModel returned the model of another training');
  });
});
