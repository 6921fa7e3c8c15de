// What the types know of a fit's figures: `npx tsc -p test` refuses this file where they do not. What they say holds when it is run as well.
import { describe, expect, expectTypeOf, it } from 'vitest';
import { data, manualSeed, metrics, type NestedArray, nn, optim, type Tensor, train } from '../../src';
import { makeModel, quiet, students } from './runs';

manualSeed(1);
const rows = students(24);
const loader = new data.DataLoader(rows, { batchSize: 12 });
const task = { task: 'multiclass', numClasses: 5 } as const;
const share = (preds: Tensor, target: Tensor): number => preds.argmax(1).eq(target).sum().item() / target.numel;

function setUp() {
  const model = makeModel([13, 4, 5]);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  return { model, basics: { ...quiet, criterion: new nn.CrossEntropyLoss(), optimizer, loader, epochs: 2 } };
}

describe('the names of metrics', () => {
  it('are those that were given', async () => {
    const { model, basics } = setUp();
    const result = await train.fit(model, {
      ...basics,
      metrics: { acc: new metrics.Accuracy(task), f1: { metric: new metrics.F1Score(task), target: 0 }, share },
    });
    expectTypeOf(result.metrics).toEqualTypeOf<{ acc: number[]; f1: number[]; share: number[] }>();
    expect(Object.keys(result.metrics)).toEqual(['acc', 'f1', 'share']);
    expect(result.metrics.acc.length).toBe(2);
    // @ts-expect-error there is no such metric
    expect(result.metrics.nope).toBeUndefined();
    // @ts-expect-error a function gives one number
    expect(result.arrays.share).toBeUndefined();
    // with average: "none" it would be there
    expectTypeOf(result.arrays.acc).toEqualTypeOf<NestedArray[] | undefined>();
    // @ts-expect-error there are no metrics of the training rows
    expect(result.trainMetrics.acc).toBeUndefined();
  });

  it('of matrices are among the arrays', async () => {
    const { model, basics } = setUp();
    const result = await train.fit(model, {
      ...basics,
      metrics: {
        confusion: new metrics.ConfusionMatrix(task),
        routed: { metric: new metrics.ConfusionMatrix(task), target: 0 },
        recall: new metrics.Recall({ ...task, average: 'none' }),
      },
    });
    expectTypeOf(result.arrays.confusion).toEqualTypeOf<NestedArray[]>();
    expectTypeOf(result.arrays.routed).toEqualTypeOf<NestedArray[]>();
    expect([result.arrays.confusion.length, result.arrays.routed.length, result.arrays.recall?.length]).toEqual([2, 2, 2]);
    // @ts-expect-error a matrix is never one number
    expect(result.metrics.confusion).toBeUndefined();
  });

  it('are none where no metrics are given', async () => {
    const { model, basics } = setUp();
    const result = await train.fit(model, basics);
    // @ts-expect-error there are no metrics
    expect(result.metrics.acc).toBeUndefined();
    expectTypeOf(result.loss).toEqualTypeOf<number[]>();
    expect(result.metrics).toEqual({});
  });

  it('of a collection are its own', async () => {
    const { model, basics } = setUp();
    const collection = new metrics.MetricCollection({ acc: new metrics.Accuracy(task), auroc: new metrics.AUROC(task) });
    const result = await train.fit(model, { ...basics, metrics: collection.metrics });
    expect([result.metrics.acc.length, result.metrics.auroc.length]).toEqual([2, 2]);
    // @ts-expect-error there is no such metric
    expect(result.metrics.nope).toBeUndefined();
  });

  it('that only maybe were given are only maybe there', async () => {
    const { model, basics } = setUp();
    const more: { acc?: metrics.Accuracy } = {};
    const result = await train.fit(model, { ...basics, metrics: { ...more, share } });
    expectTypeOf(result.metrics.acc).toEqualTypeOf<number[] | undefined>();
    expect([result.metrics.acc, result.metrics.share.length]).toEqual([undefined, 2]);
  });

  it('that are found only when it is run may be any', async () => {
    const { model, basics } = setUp();
    const named: train.GivenMetrics = Object.fromEntries(['a', 'b'].map((name) => [name, share]));
    const result = await train.fit(model, { ...basics, metrics: named });
    expectTypeOf(result.metrics).toEqualTypeOf<Record<string, number[]>>();
    expect(result.metrics['b']!.length).toBe(2);
  });
});

describe('the loss of a validation', () => {
  it('is there where one is given', async () => {
    const { model, basics } = setUp();
    const result = await train.fit(model, { ...basics, validation: loader, metrics: { share }, trainMetrics: { own: share } });
    expectTypeOf(result.validationLoss).toEqualTypeOf<number[]>();
    expect(result.validationLoss.length).toBe(2);
    expect(result.trainMetrics.own.length).toBe(2);
    // @ts-expect-error a set without a name
    expect(result.validation).toBeUndefined();
    // @ts-expect-error it is the other list's
    expect(result.metrics.own).toBeUndefined();
  });

  it('is not where none is', async () => {
    const { model, basics } = setUp();
    const result = await train.fit(model, basics);
    // @ts-expect-error nothing was validated
    expect(result.validationLoss).toBeUndefined();
    const same = await train.fit(model, { ...basics, validation: undefined });
    // @ts-expect-error nothing was validated
    expect(same.validationLoss).toBeUndefined();
  });

  it('may be there where one may be given', async () => {
    const { model, basics } = setUp();
    const validation = Math.random() < 2 ? loader : undefined;
    const result = await train.fit(model, { ...basics, validation });
    expectTypeOf(result.validationLoss).toEqualTypeOf<number[] | undefined>();
    expect(result.validationLoss?.length).toBe(2);
    const wanted: boolean = result.epochs > 5;
    const other = await train.fit(model, { ...basics, ...(wanted && { validation: loader }) });
    expectTypeOf(other.validationLoss).toEqualTypeOf<number[] | undefined>();
    expect(other.validationLoss).toBeUndefined();
  });

  it('is that of the first of several sets, each of which has its name', async () => {
    const { model, basics } = setUp();
    const result = await train.fit(model, { ...basics, validation: { all: loader, again: loader }, metrics: { share } });
    expectTypeOf(result.validationLoss).toEqualTypeOf<number[]>();
    expectTypeOf(result.validation.again.metrics).toEqualTypeOf<{ share: number[] }>();
    expect(result.validation.again.loss).toEqual(result.validationLoss);
    // @ts-expect-error there is no such set
    expect(result.validation.other).toBeUndefined();
  });
});

describe('what onEpoch is told', () => {
  it('has the same names', async () => {
    const { model, basics } = setUp();
    const seen: number[] = [];
    await train.fit(model, {
      ...basics,
      onEpoch(report) {
        expectTypeOf(report.metrics).toEqualTypeOf<{ acc: number }>();
        expectTypeOf(report.validationLoss).toEqualTypeOf<number>();
        // @ts-expect-error there is no such metric
        expect(report.metrics.nope).toBeUndefined();
        seen.push(report.metrics.acc, report.validationLoss);
      },
      metrics: { acc: new metrics.Accuracy(task) },
      validation: loader,
    });
    expect(seen.length).toBe(4);
  });

  it('has the names of functions that are written in place as well', async () => {
    const { model, basics } = setUp();
    const seen: number[] = [];
    await train.fit(model, {
      ...basics,
      metrics: { hits: (preds, target) => preds.argmax(1).eq(target).sum().item(), acc: new metrics.Accuracy(task) },
      onEpoch: ({ metrics: told }) => void seen.push(told.hits, told.acc),
    });
    expect(seen.length).toBe(4);
  });

  it('is what a function written elsewhere takes', async () => {
    const { model, basics } = setUp();
    const seen: number[] = [];
    const onEpoch = ({ metrics: told, validationLoss }: train.EpochReport): void => void seen.push(told['acc']!, validationLoss ?? 0);
    const result = await train.fit(model, { ...basics, onEpoch, validation: loader, metrics: { acc: new metrics.Accuracy(task) } });
    expectTypeOf(result.metrics).toEqualTypeOf<{ acc: number[] }>();
    expect(seen).toEqual(result.metrics.acc.flatMap((acc, i) => [acc, result.validationLoss[i]]));
  });
});

describe('a fit in general', () => {
  it('is given options of the general type, and its result is taken as one', async () => {
    const { model, basics } = setUp();
    const options: train.FitOptions = { ...basics, metrics: { share }, validation: loader };
    const general: train.FitResult = await train.fit(model, options);
    expectTypeOf(general.metrics).toEqualTypeOf<Record<string, number[]>>();
    expectTypeOf(general.validationLoss).toEqualTypeOf<number[] | undefined>();
    const special: train.FitResult = await train.fit(model, { ...basics, metrics: { share }, validation: { a: loader } });
    expect([general.metrics['share']!.length, special.validation?.['a']?.loss.length]).toEqual([2, 2]);
  });

  it('refuses names that are no options', () => {
    const { model, basics } = setUp();
    // @ts-expect-error it is called earlyStopping
    const wrong = () => train.fit(model, { ...basics, earlyStoping: { patience: 1 } });
    // @ts-expect-error epochs is missing
    const missing = () => train.fit(model, { criterion: basics.criterion, optimizer: basics.optimizer, loader });
    // @ts-expect-error a metric is no number
    const odd = () => train.fit(model, { ...basics, metrics: { acc: 3 } });
    expect([wrong, missing, odd].length).toBe(3);
  });
});

describe('a criterion that is a plain function', () => {
  class Two extends nn.Module {
    body = new nn.Linear(13, 5);
    forward(x: Tensor) {
      return { kind: this.body.call(x), size: x.sum(1) };
    }
  }

  it('is given what the model returns', async () => {
    const model = new Two();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const entropy = new nn.CrossEntropyLoss();
    const options = { ...quiet, optimizer, loader, epochs: 1 };
    const { loss } = await train.fit(model, {
      ...options,
      criterion: (out, target) => {
        expectTypeOf(out).toEqualTypeOf<{ kind: Tensor; size: Tensor }>();
        return entropy.forward(out.kind, target);
      },
      metrics: { share: { metric: share, output: 'kind' } },
      onEpoch: ({ metrics: told }) => expectTypeOf(told).toEqualTypeOf<{ share: number }>(),
    });
    expect(loss.length).toBe(1);
    const figures = await train.evaluate(model, loader, { criterion: (out, target) => entropy.forward(out.kind, target) });
    expect(Object.keys(figures)).toEqual(['loss']);
    // @ts-expect-error there is no such output
    const misspelled = () => train.fit(model, { ...options, criterion: (out, target) => entropy.forward(out.kynd, target) });
    // @ts-expect-error a loss of one tensor
    const ofOne = () => train.fit(model, { ...options, criterion: entropy });
    // @ts-expect-error there is no such output
    const evaluated = () => train.evaluate(model, loader, { criterion: (out, target) => entropy.forward(out.kynd, target) });
    expect([misspelled, ofOne, evaluated].length).toBe(3);
  });

  it('may be written for a part of what the type of the model allows, or for any model', async () => {
    const { model, basics } = setUp();
    const general: nn.Module = model;
    const either = new (class extends nn.Module {
      body = new nn.Linear(13, 5);
      forward(x: Tensor): Tensor | Tensor[] {
        return this.body.call(x);
      }
    })();
    const optimizer = new optim.SGD(either.parameters(), { lr: 0.1 });
    expect((await train.fit(either, { ...basics, optimizer })).epochs).toBe(2);
    const ofAny = (out: { mean(): Tensor }): Tensor => out.mean();
    expect((await train.fit(general, { ...basics, criterion: ofAny })).epochs).toBe(2);
  });
});

describe('an evaluation', () => {
  it('has the loss where a criterion is given, and the names of its metrics', async () => {
    const { model } = setUp();
    const both = await train.evaluate(model, loader, {
      criterion: new nn.CrossEntropyLoss(),
      metrics: { acc: new metrics.Accuracy(task), share },
    });
    expectTypeOf(both.loss).toEqualTypeOf<number>();
    expectTypeOf(both.acc).toEqualTypeOf<number>();
    expect(Object.keys(both)).toEqual(['loss', 'acc', 'share']);
    const alone = await train.evaluate(model, loader, { metrics: { acc: new metrics.Accuracy(task) } });
    // @ts-expect-error there is no criterion
    expect(alone.loss).toBeUndefined();
    // @ts-expect-error there is no such metric
    expect(both.nope).toBeUndefined();
    const options: train.EvaluateOptions = { metrics: { share } };
    expectTypeOf(await train.evaluate(model, loader, options)).toEqualTypeOf<Record<string, number>>();
  });
});
