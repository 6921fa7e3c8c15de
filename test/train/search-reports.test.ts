// What searches and cross-validations report besides: the best epoch, seconds, tables, predictions, and whose error surfaces.
import { describe, expect, expectTypeOf, it } from 'vitest';
import { data, manualSeed, metrics, nn, noGrad, optim, type Tensor, tensor, train } from '../../src';
import { rejection } from '../rejection';
import { makeModel, quiet, students } from './runs';

manualSeed(9);
const rows = students(61);
const halves = [new data.Subset(rows, [0, 2, 4, 6, 8]), new data.Subset(rows, [1, 3, 5])] as const;
const task = { task: 'multiclass', numClasses: 5 } as const;

const make = (lr = 0.01, epochs = 4) => {
  const model = makeModel([13, 8, 5], { dropout: 0.2 });
  const optimizer = new optim.Adam(model.parameters(), { lr });
  const loader = new data.DataLoader(rows, { batchSize: 16, shuffle: true });
  return { model, optimizer, loader, criterion: new nn.CrossEntropyLoss(), epochs };
};

describe('the best epoch', () => {
  it.each([
    ['max', 2],
    ['min', 3],
  ] as const)('is that of the figure that is compared, mode %s', async (mode, at) => {
    const figures = [0.5, 0.75, 0.125, 0.25];
    const { best } = await train.search(
      () => {
        let epoch = 0;
        return { ...make(), validation: new data.DataLoader(halves[0], { batchSize: 5 }), metrics: { m: () => figures[epoch++]! } };
      },
      { a: [1] },
      { monitor: 'm', mode },
    );
    expect([best.bestEpoch, best.bestFigures.m, best.figures.m]).toEqual([at, figures[at - 1], 0.25]);
    expect(best.bestFigures.validationLoss).toBe(best.history.validationLoss[at - 1]);
    expect(best.bestFigures.loss).toBe(best.history.loss[at - 1]);
  });

  it('is numbered as the fit does, and over all rungs', async () => {
    const figures = [0.5, 0.25, 0.75, 0.375];
    let epoch = 0;
    const { best } = await train.search(
      () => ({ ...make(0.01, 14), initialEpoch: 10, metrics: { m: () => figures[epoch]! }, onEpoch: () => void epoch++ }),
      { a: [1] },
      { monitor: 'm', mode: 'min', halving: { minEpochs: 1, factor: 2 } },
    );
    expect([best.bestEpoch, best.bestFigures.m]).toEqual([12, 0.25]);
  });

  it('of a fold is its history says', async () => {
    const { folds } = await train.crossValidate(() => ({ ...make(0.1, 8), loader: undefined as never }), rows, { folds: 3, seed: 3 });
    for (const { history, bestFigures, figures } of folds) {
      expect(bestFigures.validationLoss).toBe(Math.min(...history.validationLoss));
      expect(bestFigures.loss).toBe(history.loss[history.bestEpoch - 1]);
      expect(figures.validationLoss).toBe(history.validationLoss.at(-1));
    }
  });

  it('is none where nothing is better than nothing', async () => {
    const { best } = await train.search(() => ({ ...make(), metrics: { m: () => Number.NaN } }), { a: [1] }, { monitor: 'm', mode: 'max' });
    expect([best.bestEpoch, best.bestFigures.m, best.bestFigures.loss]).toEqual([0, Number.NaN, Number.NaN]);
  });

  it('asks for a figure that is one number', async () => {
    const recall = () => new metrics.Recall({ ...task, average: 'none' });
    const search = train.search(() => ({ ...make(), metrics: { recall: recall() } }), { a: [1, 2] }, { monitor: 'recall' });
    expect((await rejection(search)).message).toMatch(/^\[train\.search\] "recall" gives several numbers, and one is watched/);
  });
});

describe('a table', () => {
  it('has a row for each trial, best first, those that failed last', async () => {
    const report = await train.search(
      ({ lr, act }) => {
        if (lr === 0.02) throw new Error('not this one');
        return { ...make(lr, 2), metrics: { acc: new metrics.Accuracy(task), act: () => (act === null ? 1 : 0.123456789) } };
      },
      { lr: [0.0123456789, 0.02, 1], act: [null], layers: [[8, 4]], Kind: [nn.ReLU] },
    );
    const { table, ranking, trials } = report;
    expect(table.map(({ trial }) => trial)).toEqual([...ranking.map(({ trial }) => trial), 1]);
    const at = table.findIndex(({ trial }) => trial === 0);
    const { loss, acc } = trials[0]!.figures;
    expect({ ...table[at], seconds: 0 }).toEqual({
      ...{ trial: 0, lr: 0.012346, act: null, layers: '[8, 4]', Kind: 'ReLU' },
      ...{ loss: Number(loss.toPrecision(5)), acc: Number(acc.toPrecision(5)), 'figures.act': 1 },
      ...{ bestEpoch: trials[0]!.bestEpoch, epochs: 2, seconds: 0 },
    });
    expect(table[2]).toMatchObject({ trial: 1, bestEpoch: 0, epochs: 0, error: 'not this one' });
    expect(table[0]).not.toHaveProperty('error');
    for (const { seconds } of trials) expect(seconds).toBeGreaterThan(0);
    expect(trials[0]!.seconds).toBeGreaterThanOrEqual(trials[0]!.history!.seconds);
  });

  it('has a row for each fold, their mean and their deviation', async () => {
    const { table, folds, mean, std } = await train.crossValidate(
      ({ train: learned }) => ({ ...make(0.01, 2), loader: new data.DataLoader(learned, { batchSize: 16 }) }),
      rows,
      { folds: 3, seed: 1 },
    );
    expect(table.map(({ fold, rows: count }) => [fold, count])).toEqual([
      ...folds.map(({ fold, rows: own }) => [fold, own.length]),
      ['mean', undefined],
      ['std', undefined],
    ]);
    expect(table.map(({ validationLoss }) => validationLoss)).toEqual(
      [...folds.map(({ figures }) => figures.validationLoss), mean.validationLoss, std.validationLoss].map((x) => Number(x.toPrecision(5))),
    );
    for (const { seconds, history } of folds) expect(seconds).toBeGreaterThanOrEqual(history.seconds);
  });
});

describe('predictions for the rows of folds', () => {
  const fold = (targets = 1) => {
    const { loader: _, ...rest } = make();
    return { ...rest, targets };
  };

  it.each([1, 8])("are each model's for its own rows, in their order, %i at a time", async (concurrency) => {
    const report = await train.crossValidate(() => fold(), rows, { folds: 4, seed: 2, predictions: true, concurrency });
    expectTypeOf(report.predictions).toEqualTypeOf<Tensor>();
    expect(report.predictions.shape).toEqual([61, 5]);
    for (const { model, rows: own } of report.folds) {
      model.eval();
      const x = rows.tensors[0].indexSelect(0, tensor(own));
      expect(report.predictions.indexSelect(0, tensor(own)).toArray()).toEqual(noGrad(() => model.forward(x)).toArray());
    }
  });

  it.each([
    ['a tensor dataset', 5],
    ['a tensor dataset, in portions', 6000],
    ["a dataset of one's own", 5],
  ])('of several batches a fold are all there: %s', async (kind, width) => {
    const many = students(700);
    const own: data.Dataset<Tensor[]> = { length: 700, get: (i) => many.get(i) };
    const { predictions, folds } = await train.crossValidate(
      () => {
        const model = new nn.Linear(13, width);
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
        return { model, optimizer, criterion: new nn.CrossEntropyLoss(), batchSize: 350, epochs: 1 };
      },
      kind.startsWith('a tensor') ? many : own,
      { folds: 2, seed: 2, predictions: true },
    );
    expect(predictions.shape).toEqual([700, width]);
    for (const { model, rows: held } of folds) {
      const expected = noGrad(() => model.forward(many.tensors[0].indexSelect(0, tensor(held))));
      expect(
        Buffer.compare(
          Buffer.from(predictions.indexSelect(0, tensor(held)).data.slice().buffer),
          Buffer.from(expected.data.slice().buffer),
        ),
      ).toBe(0);
    }
  });

  it('leave everything else as it is without', async () => {
    const [without, withThem] = await Promise.all([
      train.crossValidate(() => fold(), rows, { folds: 3, seed: 2 }),
      train.crossValidate(() => fold(), rows, { folds: 3, seed: 2, predictions: true }),
    ]);
    expect(withThem.mean).toEqual(without.mean);
    expect(without).not.toHaveProperty('predictions');
    // @ts-expect-error they were not asked for
    expect(without.predictions).toBeUndefined();
  });

  it('come in the form that the model gives them', async () => {
    class Two extends nn.Module {
      body = new nn.Linear(13, 5);
      override forward(x: Tensor): { kind: Tensor; first: Tensor } {
        return { kind: this.body.forward(x), first: x.select(1, 0) };
      }
    }
    class Pair extends Two {
      pair(x: Tensor): [Tensor, Tensor] {
        const { kind, first } = this.forward(x);
        return [kind, first];
      }
    }
    class List extends nn.Module {
      of = new Pair();
      override forward(x: Tensor): [Tensor, Tensor] {
        return this.of.pair(x);
      }
    }
    const criterion = (out: [Tensor, Tensor] | { kind: Tensor }, y: Tensor): Tensor =>
      nn.functional.crossEntropy(Array.isArray(out) ? out[0] : out.kind, y);
    const training = <M extends nn.Module>(model: M) => ({
      ...{ model, optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), criterion, epochs: 1 },
    });
    const options = { folds: 3, seed: 2, predictions: true } as const;
    const named = await train.crossValidate(() => training(new Two()), rows, options);
    expectTypeOf(named.predictions).toEqualTypeOf<{ kind: Tensor; first: Tensor }>();
    expect(named.predictions.first.toArray()).toEqual(rows.tensors[0].select(1, 0).toArray());
    expect(named.predictions.kind.shape).toEqual([61, 5]);
    const listed = await train.crossValidate(() => training(new List()), rows, options);
    expectTypeOf(listed.predictions).toEqualTypeOf<[Tensor, Tensor]>();
    expect(listed.predictions.map(({ shape }) => shape)).toEqual([[61, 5], [61]]);
    expect(listed.predictions[1].toArray()).toEqual(named.predictions.first.toArray());
    class Nested extends nn.Module {
      of = new Two();
      override forward(x: Tensor): { heads: [Tensor, { first: Tensor }]; none: null } {
        const { kind, first } = this.of.forward(x);
        return { heads: [kind, { first }], none: null };
      }
    }
    const nested = await train.crossValidate(
      () => ({
        ...training(new Nested()),
        criterion: ({ heads: [kind] }: ReturnType<Nested['forward']>, y: Tensor) => nn.functional.crossEntropy(kind, y),
      }),
      rows,
      options,
    );
    expect(nested.predictions.none).toBe(null);
    expect(nested.predictions.heads[0].toArray()).toEqual(named.predictions.kind.toArray());
    expect(nested.predictions.heads[1].first.toArray()).toEqual(named.predictions.first.toArray());
  });

  it('leave out targets and weights', async () => {
    const weighted = new data.TensorDataset(rows.tensors[0], rows.tensors[1], tensor(new Float32Array(61).fill(1)));
    const { predictions } = await train.crossValidate(() => ({ ...fold(), sampleWeights: true }), weighted, {
      ...{ folds: 3, seed: 2, predictions: true },
    });
    const plain = await train.crossValidate(() => fold(), rows, { folds: 3, seed: 2, predictions: true });
    expect(predictions.shape).toEqual([61, 5]);
    // The same rows and weights of 1: losses are added up in another order.
    const off = predictions.sub(plain.predictions).abs().max().item();
    expect(off).toBeLessThan(1e-4);
  });

  it('are of as many rows as there are', async () => {
    class Fewer extends nn.Module {
      body = new nn.Linear(13, 5);
      override forward(x: Tensor): Tensor {
        return this.body.forward(x).mean(0, { keepdim: true });
      }
    }
    const running = train.crossValidate(
      () => {
        const model = new Fewer();
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
        return { model, optimizer, criterion: (out: Tensor) => out.sum(), epochs: 1 };
      },
      rows,
      { folds: 2, seed: 2, predictions: true },
    );
    expect((await rejection(running)).message).toMatch(
      /^\[train\.crossValidate\] expected an output for each of 3[01] rows, got shape \[1, 5\]/,
    );
    const of = (predictions: unknown) => rejection(train.crossValidate(() => fold(), rows, { predictions } as never));
    expect((await of('yes')).message).toMatch(/expected predictions to be true or false, got "yes"/);
  });

  it('are of one form', async () => {
    const running = train.crossValidate(
      ({ fold: at }) => {
        const model = makeModel([13, 5 + at]);
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
        return { model, optimizer, criterion: new nn.CrossEntropyLoss(), epochs: 1 };
      },
      rows,
      { folds: 2, seed: 2, predictions: true },
    );
    expect((await rejection(running)).message).toBe(
      "[train.crossValidate] the models' predictions differ in form: tensor of float32 [rows, 5] and tensor of float32 [rows, 6]",
    );
  });
});

describe('the error that surfaces', () => {
  // Trial 1 fails after many steps, trial 3 at once: whichever comes first in time, the lower number is told of.
  const errors = new Map<number, Error>([
    [1, new Error('late')],
    [3, new TypeError('at once')],
  ]);
  const failing = (_: object, { trial }: train.TrialInfo) => {
    if (trial === 3) throw errors.get(3)!;
    const made = make(0.01, trial > 3 ? 1_000_000 : 30);
    const onEpoch = ({ epoch }: train.EpochReport): void => {
      if (trial === 1 && epoch === 30) throw errors.get(1)!;
    };
    return { ...made, onEpoch };
  };
  const space = { a: [0, 1, 2, 3, 4, 5] };

  it.each([1, 2, 3, 6])('is that of the lowest number, with throwErrors and %i at a time', async (concurrency) => {
    const told: [number, Error | null][] = [];
    const onTrial = ({ trial, error }: train.TrialReport<unknown>): void => void told.push([trial, error]);
    const error = await rejection(train.search(failing, space, { throwErrors: true, concurrency, seed: 1, onTrial }));
    expect(error).toBe(errors.get(1));
    const trials = told.map(([trial]) => trial);
    // Those before it were done, those behind it were not, unless they had failed or ended by themselves.
    expect(trials).toEqual(expect.arrayContaining([0, 1]));
    expect(trials).not.toContain(4);
    expect(trials).not.toContain(5);
    for (const [trial, failed] of told) expect(failed).toBe(errors.get(trial) ?? null);
  });

  it('is none without, and all are kept', async () => {
    const few = (params: object, info: train.TrialInfo) => ({ ...failing(params, info), epochs: 30 });
    const seen: unknown[] = [];
    for (const concurrency of [1, 6]) {
      const { trials, best } = await train.search(few, space, { concurrency, seed: 1 });
      expect(trials.map(({ error }) => error)).toEqual([null, errors.get(1), null, errors.get(3), null, null]);
      expect(trials.map(({ model }) => model !== null)).toEqual([true, false, true, false, true, true]);
      seen.push([best.trial, trials.map(({ figures, bestFigures, bestEpoch }) => [figures, bestFigures, bestEpoch])]);
    }
    expect(seen[1]).toEqual(seen[0]);
  });

  it("is the first trial's where all fail, and the others are told of by onTrial", async () => {
    const told = new Map<number, string>();
    const search = train.search(
      (_, { trial }): train.Training => {
        throw new RangeError(`trial ${trial}`);
      },
      space,
      { concurrency: 4, onTrial: ({ trial, error }) => void told.set(trial, error!.message) },
    );
    expect(await rejection(search)).toEqual(new RangeError('trial 0'));
    expect([...told.values()].sort()).toEqual([0, 1, 2, 3, 4, 5].map((trial) => `trial ${trial}`));
  });

  it.each([1, 2, 4])('is that of the fold with the lowest number, %i at a time', async (concurrency) => {
    const running = train.crossValidate(
      ({ fold }) => {
        if (fold === 2) throw new Error('fold 2');
        const { loader: _, ...made } = make(0.01, fold === 3 ? 1_000_000 : 20);
        const onEpoch = ({ epoch }: train.EpochReport): void => {
          if (fold === 1 && epoch === 20) throw new Error('fold 1');
        };
        return { ...made, onEpoch };
      },
      rows,
      { folds: 4, seed: 1, concurrency },
    );
    expect((await rejection(running)).message).toBe('fold 1');
  });
});

it('the names of figures are known', async () => {
  const sets = { a: new data.DataLoader(halves[0], { batchSize: 5 }), b: new data.DataLoader(halves[1], { batchSize: 5 }) };
  const { best, trials } = await train.search(() => ({ ...make(), validation: sets, metrics: { acc: new metrics.Accuracy(task) } }), {
    a: [1],
  });
  expectTypeOf(best.figures['b.acc']).toEqualTypeOf<number>();
  expectTypeOf(best.history.metrics).toEqualTypeOf<{ acc: number[] }>();
  expectTypeOf(trials[0]!.params).toEqualTypeOf<{ a: 1 }>();
  expect(best.figures['b.acc']).toBe(best.history.validation.b.metrics.acc.at(-1));
  expect(Object.keys(best.figures).sort()).toEqual(['a.acc', 'a.loss', 'acc', 'b.acc', 'b.loss', 'loss', 'validationLoss']);
  // @ts-expect-error there is no such figure
  expect(best.figures.nope).toBeUndefined();
  // @ts-expect-error there is no such metric
  expect(best.history.metrics.nope).toBeUndefined();
  const { mean } = await train.crossValidate(() => ({ ...make(), ...quiet, metrics: { acc: new metrics.Accuracy(task) } }), rows);
  expect(Object.keys(mean)).toEqual(['loss', 'validationLoss', 'acc']);
  // @ts-expect-error there is no such figure
  expect(mean.nope).toBeUndefined();
});
