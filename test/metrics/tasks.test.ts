// What all metrics of classes have in common: the batches that they take, and how they gather them.
import { describe, expect, it } from 'vitest';
import { compile, metrics, nn, rand, Tensor, tensor, zeros } from '../../src';
import { expectError } from '../helpers';

const ints = (values: number[], shape = [values.length]): Tensor => Tensor.fromTypedArray(Int32Array.from(values), shape);
const floats = (values: number[], shape = [values.length]): Tensor => Tensor.fromTypedArray(Float32Array.from(values), shape);

type Options = metrics.TaskOptions & Record<string, unknown>;
interface AnyMetric extends metrics.Metric<unknown> {}
type Kind = new (options: Options) => AnyMetric;

const kind = (name: string): Kind => (metrics as unknown as Record<string, Kind>)[name]!;
const counting = [
  'Accuracy',
  'Precision',
  'Recall',
  'F1Score',
  'FBetaScore',
  'Specificity',
  'StatScores',
  'HammingDistance',
  'JaccardIndex',
  'ConfusionMatrix',
  'MatthewsCorrCoef',
];
const scoring = ['ROC', 'PrecisionRecallCurve', 'AUROC', 'AveragePrecision', 'EER'];
const withoutLabels = ['CohenKappa', 'CalibrationError'];
const all = [...counting, ...scoring, ...withoutLabels];
const needScores = [...scoring, 'CalibrationError'];

const binary: Options = { task: 'binary' };
const multiclass: Options = { task: 'multiclass', numClasses: 3 };
const multilabel: Options = { task: 'multilabel', numLabels: 2 };

// Numbers of a value, whatever it is made of.
function numbersOf(value: unknown): number[] {
  if (value instanceof Tensor) return [...value.data];
  return Object.values(value as object).flatMap(numbersOf);
}
const after = (name: string, options: Options, ...batches: [Tensor, Tensor][]): number[] => {
  const metric = new (kind(name))(options);
  for (const [preds, target] of batches) metric.update(preds, target);
  return numbersOf(metric.compute());
};

it('says what torchmetrics says of which figure is better', () => {
  const said = Object.fromEntries(all.map((name) => [name, new (kind(name))(binary).higherIsBetter]));
  expect(said).toEqual({
    ...{ Accuracy: true, Precision: true, Recall: true, F1Score: true, FBetaScore: true, Specificity: null, ConfusionMatrix: null },
    ...{ MatthewsCorrCoef: true, CohenKappa: true, ROC: null, PrecisionRecallCurve: null, AUROC: true, AveragePrecision: true },
    EER: false,
    ...{ CalibrationError: false, StatScores: null, HammingDistance: false, JaccardIndex: true },
  });
});

it('classes serve what counts classes alone', () => {
  const serves = (options: Options) =>
    all.filter((name) => (options.task !== 'multilabel' || !withoutLabels.includes(name)) && new (kind(name))(options).takesClasses);
  expect(serves(multiclass).sort()).toEqual([...counting, 'CohenKappa'].sort());
  expect(serves(binary)).toEqual([]);
  expect(serves(multilabel)).toEqual([]);
  expect(new metrics.Recall({ task: 'multiclass', numClasses: 3, topK: 2 }).takesClasses).toBe(0);
});

describe.each(all)('%s', (name) => {
  const scores = floats([0.25, 0.75, 0.5, 0.125, 0.875, 0.75]);
  const target = ints([0, 1, 1, 0, 0, 1]);

  it('gathers over updates, until it is reset', () => {
    const metric = new (kind(name))(binary);
    const empty = numbersOf(metric.compute());
    for (const [begin, n] of [
      [0, 1],
      [1, 0],
      [1, 5],
    ] as const) {
      metric.update(scores.narrow(0, begin, n), target.narrow(0, begin, n));
    }
    const value = numbersOf(metric.compute());
    expect(value).toEqual(after(name, binary, [scores, target]));
    expect(value).not.toEqual(empty);
    expect(numbersOf(metric.compute())).toEqual(value);
    metric.reset();
    expect(numbersOf(metric.compute())).toEqual(empty);
    metric.update(scores, target);
    expect(numbersOf(metric.compute())).toEqual(value);
  });

  it('keeps nothing of the memory that it is given', () => {
    const [own, wanted] = [scores.clone(), target.clone()];
    const metric = new (kind(name))(binary);
    metric.update(own, wanted);
    own.fill_(0.5);
    wanted.fill_(0);
    expect(numbersOf(metric.compute())).toEqual(after(name, binary, [scores, target]));
  });

  it('takes float32 targets, as losses of probabilities have them, and any shape', () => {
    const value = after(name, binary, [scores, target]);
    expect(after(name, binary, [scores, target.to('float32')])).toEqual(value);
    expect(after(name, binary, [scores.reshape([3, 1, 2]), target.reshape([3, 1, 2])])).toEqual(value);
  });

  it('takes scores outside [0, 1] as logits', () => {
    const logits = floats([-1, 3, 0.5, -2, 4, 0.25]);
    expect(after(name, binary, [logits, target])).toEqual(after(name, binary, [logits.sigmoid(), target]));
    const rows = floats([2, -1, 0.5, 0.25, 3, -3, 1, 1.5, 1.25], [3, 3]);
    const classes = ints([0, 1, 1]);
    expect(after(name, multiclass, [rows, classes])).toEqual(after(name, multiclass, [rows.softmax(1), classes]));
  });

  it('leaves ignored targets out, whatever stands beside them', () => {
    const value = after(name, multiclass, [floats([0.5, 0.25, 0.25, 0.125, 0.75, 0.125], [2, 3]), ints([0, 1])]);
    const preds = floats([0.5, 0.25, 0.25, Number.NaN, 9, -9, 0.125, 0.75, 0.125], [3, 3]);
    expect(after(name, { ...multiclass, ignoreIndex: -100 }, [preds, ints([0, -100, 1])])).toEqual(value);
  });

  it('refuses batches that do not fit, and takes in nothing of them', () => {
    const metric = new (kind(name))(binary);
    metric.update(scores, target);
    const value = numbersOf(metric.compute());
    const where = `[${name}.update]`;
    expectError(
      () => metric.update(0.5 as never, target),
      TypeError,
      `${where} expected preds to be a tensor, got 0.5\n  hint: tensor(...) makes one`,
    );
    expectError(
      () => metric.update(scores, [1] as never),
      TypeError,
      `${where} expected target to be a tensor, got an array\n  hint: tensor(...) makes one`,
    );
    expectError(() => metric.update(scores, ints([1])), RangeError, `${where} expected preds [1], got [6]`);
    expectError(
      () => metric.update(scores.reshape([6, 1]), target),
      RangeError,
      `${where} expected preds [6], got [6, 1]\n  hint: reshape gives one the shape of the other`,
    );
    expectError(() => metric.update(scores, ints([0, 1, 2, 0, 0, 0])), RangeError, `${where} expected target 0 or 1, got 2 at position 2`);
    expectError(
      () => metric.update(scores, floats([0, 1, 0, Number.NaN, 0, 0])),
      RangeError,
      `${where} expected target 0 or 1, got NaN at position 3`,
    );
    if (needScores.includes(name))
      expectError(() => metric.update(target, target), TypeError, `${where} ${name} needs scores, float32, got int32`);
    else
      expectError(() => metric.update(ints([0, 1, 0, 0, 0, 7]), target), RangeError, `${where} expected preds 0 or 1, got 7 at position 5`);
    expect(numbersOf(metric.compute())).toEqual(value);
  });

  it('refuses classes that there are not', () => {
    const metric = new (kind(name))(multiclass);
    const where = `[${name}.update]`;
    expectError(() => metric.update(rand([2, 3]), ints([0, 3])), RangeError, `${where} expected target from 0 to 2, got 3 at position 1`);
    expectError(() => metric.update(rand([2, 4]), ints([0, 1])), RangeError, `${where} expected preds [2, 3], got [2, 4]`);
    expectError(
      () => metric.update(rand([2, 3]), zeros([2])),
      TypeError,
      `${where} expected target to be int32, got float32\n  hint: target.to("int32") converts it`,
    );
    expectError(() => metric.update(rand([2, 3, 5]), ints([0, 1])), RangeError, `${where} expected preds [2, 3], got [2, 3, 5]`);
    expectError(() => metric.update(rand([3]), ints([0], [])), RangeError, `${where} expected target [n, ...], got []`);
    const classes = (): void => metric.update(ints([0, -1]), ints([0, 1]));
    if (needScores.includes(name)) expectError(classes, TypeError, `${where} ${name} needs scores, float32 [n, 3], got classes`);
    else expectError(classes, RangeError, `${where} expected preds from 0 to 2, got -1 at position 1`);
  });

  it('refuses options that make no sense', () => {
    const make = (options: object) => () => new (kind(name))(options as Options);
    const tasks = withoutLabels.includes(name) ? '"binary", "multiclass"' : '"binary", "multiclass", "multilabel"';
    expectError(make({}), RangeError, `[${name}] expected task to be one of ${tasks}, got undefined`);
    expectError(make({ task: 'multiclass' }), TypeError, `[${name}] expected numClasses to be a number, got undefined`);
    expectError(make({ ...multiclass, numClasses: 1 }), RangeError, `[${name}] expected numClasses to be at least 2, got 1`);
    expectError(make({ ...binary, numClasses: 2.5 }), RangeError, `[${name}] expected numClasses to be an integer, got 2.5`);
    expectError(make({ ...binary, ignoreIndex: 0.5 }), RangeError, `[${name}] expected ignoreIndex to be an integer, got 0.5`);
    expect(make({ ...multiclass, numClasses: 2 ** 31 })).toThrow(/expected numClasses up to \d+, got 2147483648$/);
    expect(make({ ...binary, num_labels: 2 })).toThrow(`[${name}] unknown option "num_labels", did you mean "numLabels"?`);
    if (!withoutLabels.includes(name)) {
      expectError(make({ task: 'multilabel' }), TypeError, `[${name}] expected numLabels to be a number, got undefined`);
      const metric = new (kind(name))(multilabel);
      const where = `[${name}.update]`;
      expectError(() => metric.update(rand([4]), ints([0, 1, 1, 0])), RangeError, `${where} expected target [n, 2, ...], got [4]`);
      expectError(
        () => metric.update(rand([2, 3]), ints([0, 1, 1, 0, 1, 1], [2, 3])),
        RangeError,
        `${where} expected target [n, 2, ...], got [2, 3]`,
      );
    }
  });

  it('is updated outside of compiled functions', () => {
    const metric = new (kind(name))(multiclass);
    const model = new nn.Linear(4, 3);
    const step = compile((x: Tensor, y: Tensor) => {
      const scores = model.forward(x);
      metric.update(scores, y);
      return scores;
    });
    expect(() => step(rand([2, 4]), ints([0, 1]))).toThrow(`[${name}.update] a value cannot be read inside a compiled function`);
  });
});

describe('a threshold', () => {
  it('is below what is predicted', () => {
    const at = (threshold: number): number[] => after('Recall', { ...binary, threshold }, [floats([0.25, 0.5, 0.75]), ints([1, 1, 1])]);
    expect(at(0.25)).toEqual([Math.fround(2 / 3)]);
    expect(at(0.24)).toEqual([1]);
    expect(at(0.75)).toEqual([0]);
    // 0.3 in float32, as scores are.
    expect(after('Recall', { ...binary, threshold: 0.3 }, [floats([0.3]), ints([1])])).toEqual([0]);
    expect(after('Recall', binary, [floats([Number.NaN, 0.9]), ints([1, 1])])).toEqual([0.5]);
  });

  it('lies between 0 and 1', () => {
    expectError(
      () => new metrics.Recall({ task: 'binary', threshold: 1.5 }),
      RangeError,
      '[Recall] expected threshold to be from 0 to 1, got 1.5',
    );
    expectError(
      () => new metrics.ConfusionMatrix({ task: 'binary', threshold: '0' as never }),
      TypeError,
      '[ConfusionMatrix] expected threshold to be a number, got "0"',
    );
  });
});

describe('averages', () => {
  // Label 0: tp 1, fp 1, fn 0, tn 1; label 1: tp 0, fp 0, fn 2, tn 1.
  const batch = [ints([1, 0, 1, 0, 0, 0], [3, 2]), ints([1, 1, 0, 1, 0, 0], [3, 2])] as [Tensor, Tensor];
  const recall = (average: string): number[] => after('Recall', { ...multilabel, average }, batch);

  it('are those of labels', () => {
    expect(recall('none')).toEqual([1, 0]);
    expect(recall('macro')).toEqual([0.5]);
    expect(recall('weighted')).toEqual([Math.fround(1 / 3)]);
    expect(recall('micro')).toEqual([Math.fround(1 / 3)]);
    expect(after('Accuracy', { ...multilabel, average: 'none' }, batch)).toEqual([Math.fround(2 / 3), Math.fround(1 / 3)]);
    expect(after('Accuracy', { ...multilabel, average: 'macro' }, batch)).toEqual([0.5]);
  });

  it('take zeroDivision where there is nothing to divide by', () => {
    const zeroDivision = 1;
    expect(after('Precision', { ...multilabel, average: 'none' }, batch)).toEqual([0.5, 0]);
    expect(after('Precision', { ...multilabel, average: 'none', zeroDivision }, batch)).toEqual([0.5, 1]);
    expect(after('Recall', { ...binary, zeroDivision }, [ints([0]), ints([0])])).toEqual([1]);
    expect(after('F1Score', { ...binary, zeroDivision }, [ints([0]), ints([0])])).toEqual([1]);
    expect(after('FBetaScore', { ...binary, zeroDivision }, [ints([0]), ints([0])])).toEqual([1]);
    for (const name of ['Precision', 'Recall', 'F1Score', 'FBetaScore']) {
      expectError(
        () => new (kind(name))({ ...binary, zeroDivision: 0.5 }),
        RangeError,
        `[${name}] expected zeroDivision to be 0 or 1, got 0.5`,
      );
    }
    expect(() => new (kind('Accuracy'))({ ...binary, zeroDivision })).toThrow('[Accuracy] unknown option "zeroDivision"');
  });

  it('refuse what they do not know', () => {
    const list = '"micro", "macro", "weighted", "none"';
    expectError(
      () => new (kind('F1Score'))({ ...binary, average: 'mean' }),
      RangeError,
      `[F1Score] expected average to be one of ${list}, got "mean"`,
    );
    expectError(() => new (kind('FBetaScore'))({ ...binary, beta: 0 }), RangeError, '[FBetaScore] expected beta above 0, got 0');
    expectError(() => new (kind('FBetaScore'))({ ...binary, beta: '1' }), TypeError, '[FBetaScore] expected beta to be a number, got "1"');
    expectError(
      () => new (kind('AUROC'))({ ...multiclass, average: 'micro' }),
      RangeError,
      '[AUROC] expected average to be one of "macro", "weighted", "none", got "micro"',
    );
  });
});

describe('topK', () => {
  const rows = floats([Number.NaN, 3, 2, 1, Number.NaN, Number.NaN], [2, 3]);
  const top = (topK: number, target: number[]): number[] => after('Accuracy', { ...multiclass, topK }, [rows, ints(target)]);

  it('takes NaN for higher than all numbers, the first of several', () => {
    expect([top(1, [0, 1]), top(1, [1, 2])]).toEqual([[1], [0]]);
    expect([top(2, [1, 2]), top(2, [2, 0])]).toEqual([[1], [0]]);
  });

  it('counts a class that is predicted alone as torchmetrics does: not in accuracy, precision and recall', () => {
    // The second row's target 2 is not among the two highest; its prediction, 0, is no target.
    const batch = [floats([1, 3, 2, 3, 2, 1], [2, 3]), ints([1, 2])] as [Tensor, Tensor];
    const macro = (name: string): number[] => after(name, { ...multiclass, topK: 2, average: 'macro' }, batch);
    expect([macro('Accuracy'), macro('Precision'), macro('Recall')]).toEqual([[0.5], [0.5], [0.5]]);
    expect([macro('F1Score'), macro('FBetaScore')]).toEqual([[Math.fround(1 / 3)], [Math.fround(1 / 3)]]);
  });

  it('is of several classes alone, and up to all of them', () => {
    expectError(() => top(4, [0, 0]), RangeError, '[Accuracy] expected topK to be from 1 to 3, got 4');
    expectError(
      () => new metrics.Recall({ task: 'multiclass', numClasses: 3, topK: 2 }).update(ints([0]), ints([0])),
      TypeError,
      '[Recall.update] topK 2 needs scores, float32 [n, 3], got classes',
    );
    expect(after('Recall', { ...binary, topK: 2 }, [ints([1]), ints([1])])).toEqual([1]);
  });
});

describe('matrices', () => {
  it('refuse options that they do not know', () => {
    expectError(
      () => new (kind('ConfusionMatrix'))({ ...binary, normalize: 'rows' }),
      RangeError,
      '[ConfusionMatrix] expected normalize to be one of "true", "pred", "all", "none", got "rows"',
    );
    expectError(
      () => new (kind('CohenKappa'))({ ...binary, weights: 'cubic' }),
      RangeError,
      '[CohenKappa] expected weights to be one of "linear", "quadratic", "none", got "cubic"',
    );
  });

  it('are of nothing before any update', () => {
    expect(new metrics.ConfusionMatrix({ task: 'multilabel', numLabels: 2 }).compute().toArray()).toEqual([
      [
        [0, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ]);
    expect(after('ConfusionMatrix', { ...multiclass, normalize: 'true' })).toEqual(Array(9).fill(0));
    expect(after('CohenKappa', binary)).toEqual([Number.NaN]);
    expect(after('MatthewsCorrCoef', binary)).toEqual([0]);
    expect(after('MatthewsCorrCoef', multiclass)).toEqual([0]);
  });

  it('correlate as Pearson does', () => {
    const [preds, target] = [ints([1, 0, 1, 1, 0, 1, 0]), ints([1, 0, 0, 1, 1, 1, 0])];
    const pearson = new metrics.PearsonCorrCoef();
    pearson.update(preds, target);
    expect(after('MatthewsCorrCoef', binary, [preds, target])[0]).toBeCloseTo(pearson.compute().item(), 6);
    expect(after('MatthewsCorrCoef', binary, [ints([0, 0]), ints([0, 0])])).toEqual([1]);
    expect(after('MatthewsCorrCoef', binary, [ints([0, 1]), ints([1, 0])])).toEqual([-1]);
    expect(after('MatthewsCorrCoef', multiclass, [ints([1, 1, 1]), ints([0, 1, 2])])).toEqual([0]);
  });
});

describe('CalibrationError', () => {
  it('has a bin for each part of [0, 1], and one for 1', () => {
    const options = { ...binary, nBins: 2 };
    const batch = [floats([0.25, 0.5, 1]), ints([1, 1, 1])] as [Tensor, Tensor];
    expect(after('CalibrationError', options, batch)[0]).toBeCloseTo((0.75 + 0.5) / 3, 6);
    expect(after('CalibrationError', { ...options, norm: 'max' }, batch)).toEqual([0.75]);
    expect(after('CalibrationError', { ...options, norm: 'l2' }, batch)[0]).toBeCloseTo(Math.sqrt((0.75 ** 2 + 0.5 ** 2) / 3), 6);
    expect(after('CalibrationError', { ...options, nBins: 1 }, [floats([0.25, 0.75]), ints([0, 1])])).toEqual([0]);
  });

  it('is NaN for what is NaN, and of nothing', () => {
    for (const norm of ['l1', 'l2', 'max']) {
      expect(after('CalibrationError', { ...binary, norm })).toEqual([Number.NaN]);
      expect(after('CalibrationError', { ...binary, norm }, [floats([0.5, Number.NaN]), ints([0, 1])])).toEqual([Number.NaN]);
    }
  });

  it('refuses options that make no sense', () => {
    const make = (options: object) => () => new (kind('CalibrationError'))({ ...binary, ...options });
    expectError(make({ nBins: 0 }), RangeError, '[CalibrationError] expected nBins to be from 1 to 16777216, got 0');
    expectError(make({ norm: 'l3' }), RangeError, '[CalibrationError] expected norm to be one of "l1", "l2", "max", got "l3"');
    expect(make({ threshold: 0.5 })).toThrow('[CalibrationError] unknown option "threshold"');
  });
});

it('a tensor with more dimensions has a class at each place', () => {
  // Places (0, 0) and (0, 1) of one sample.
  const scores = tensor([
    [
      [0.75, 0.125],
      [0.125, 0.125],
      [0.125, 0.75],
    ],
  ]);
  expect(after('Accuracy', multiclass, [scores, ints([0, 2], [1, 2])])).toEqual([1]);
  expect(after('Accuracy', { ...multiclass, topK: 2 }, [scores, ints([1, 1], [1, 2])])).toEqual([0.5]);
  expect(after('Accuracy', multiclass, [ints([0, 2], [1, 2]), ints([0, 1], [1, 2])])).toEqual([0.5]);
});
