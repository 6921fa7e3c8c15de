// Cross-validation: trains a model for each fold, and evaluates it on the rows that it has not seen.
import { isPromise } from '../brands';
import { DataLoader, type Dataset, Subset } from '../data';
import { checkDataset } from '../data/dataset';
import { randomOrder } from '../data/order';
import { rowsOf } from '../data/rows';
import { checkBoolean, checkInteger, describe, rangeError, typeError, withDefaults } from '../errors';
import { getNumThreads } from '../native';
import type { Module } from '../nn';
import { shapeText } from '../shape';
import { Tensor } from '../tensor';
import type { Batches } from './batches';
import { foldsOf } from './folds';
import { Jobs } from './jobs';
import type { FitOptions, FitResult } from './options';
import { inOrder } from './out-of-fold';
import { type FiguresOf, figuresAt, type ResultOf } from './outcome';
import { predictBatches } from './prediction';
import { seedOf } from './random-stream';
import { type TableRow, tableRow } from './table';
import { seedFrom, Trial } from './trial';
import type { GivenValidation } from './validation';

const where = 'train.crossValidate';

/** The argument of `makeModel` of a cross-validation. */
export interface FoldInfo<Item = unknown> {
  /** The fold's number, from 0. */
  fold: number;
  /** The fold's seed: `manualSeed(seed)`, then `makeModel` and `fit`, repeats its training. */
  seed: number;
  /** The training rows. */
  train: Subset<Item>;
  /** The rows of the fold. */
  validation: Subset<Item>;
}

/** The result of `makeModel` of a cross-validation: a model and the options of its fit, all newly made. */
export type FoldTraining<M extends Module = Module> = Omit<FitOptions, 'loader'> & {
  model: M;
  /** Batches of the training rows, if they should not be shuffled batches of `batchSize` rows. */
  loader?: Batches;
  /** The number of rows of a batch (32). */
  batchSize?: number;
};

/** The options of `crossValidate`. */
export interface CrossValidateOptions {
  /** The number of folds (5). */
  folds?: number;
  /** Classes `[n]`, of which every fold gets an equal share; true: the last tensor of a `TensorDataset`, or of a subset of one. */
  stratify?: Tensor | boolean;
  /** The number of trainings at a time (twice the number of threads). It does not change the results. */
  concurrency?: number;
  /** Makes folds and trainings functions of this seed; without it, they follow `manualSeed`. */
  seed?: number;
  /** Whether the models' predictions for the rows of their folds are returned (false). */
  predictions?: boolean;
  /** Aborts all trainings. */
  signal?: AbortSignal;
}

/** The result of a fold. */
export interface FoldReport<M extends Module = Module, R extends FitResult = FitResult, F extends object = Record<string, number>> {
  /** The fold's number. */
  fold: number;
  /** The fold's seed. */
  seed: number;
  /** The numbers of the fold's rows. */
  rows: Int32Array;
  /** The losses and metrics of the last epoch. */
  figures: F;
  /** The losses and metrics of the best epoch, `history.bestEpoch`; NaN if there is none. */
  bestFigures: F;
  /** The losses and metrics of all epochs. */
  history: R;
  /** The trained model. */
  model: M;
  /** The duration from `makeModel` on, while other trainings ran. */
  seconds: number;
}

/** The result of `crossValidate`. */
export interface CrossValidation<M extends Module, R extends FitResult = FitResult, F extends object = Record<string, number>> {
  /** All folds, by number. */
  folds: FoldReport<M, R, F>[];
  /** The mean of each figure over the folds. */
  mean: F;
  /** The standard deviation of each figure over the folds, with divisor folds - 1. */
  std: F;
  /** A row for each fold, then the mean and the standard deviation, for `console.table`. Numbers that are not integers have five digits. */
  table: TableRow[];
}

/** The predictions of `crossValidate`. */
export interface FoldPredictions<M extends Module> {
  /**
   * For each row of the dataset the output of the model that was not trained on it, `[rows, *]`: a tensor, or the structure of tensors that `forward` returns.
   */
  predictions: ReturnType<M['forward']>;
}

type Reported<T extends FoldTraining> = CrossValidation<T['model'], ResultOf<T, FoldValidation<T>>, FiguresOf<T, FoldValidation<T>>>;

// The rows of the fold itself, unless the options name other validation data.
type FoldValidation<T> = 'validation' extends keyof T ? Extract<T['validation'], GivenValidation | undefined> : Batches;

function classesOf(dataset: Dataset<unknown>, stratify: Tensor | boolean): ArrayLike<number> | null {
  if (stratify === false) return null;
  const rows = stratify === true ? rowsOf(dataset) : null;
  if (stratify === true && rows === null)
    throw typeError(where, 'stratify: true is for rows of tensors, and this dataset makes its items', 'stratify: classes, a tensor');
  const given: unknown = rows?.tensors.at(-1) ?? stratify;
  if (!(given instanceof Tensor)) throw typeError(where, `expected stratify to be a tensor of classes, got ${describe(stratify)}`);
  const subset = rows?.subset ?? null;
  const length = subset === null ? dataset.length : given.shape[0]!;
  if (given.shape.length !== 1 || given.numel !== length) {
    throw rangeError(where, `expected stratify [${length}], got ${shapeText(given.shape)}`);
  }
  return subset === null ? given.data : Float64Array.from(subset, (row) => given.data[row]!);
}

/**
 * Divides a dataset into folds and, for each fold, trains a model on the rows of the others; several at a time, on the threads for fits. As
 * `sklearn.model_selection.cross_validate`.
 *
 * `makeModel({ fold, seed, train, validation })` returns the model and the options of its fit, all newly made, without a loader: the fold is the validation set
 * of its fit. With `stratify` the folds' counts of each class differ by at most one. Each fold has its own sequence of random numbers, so that weights and
 * figures do not depend on `concurrency` or the number of threads. Rejects with the error of a fold that fails (of several, that with the lowest number), with
 * a RangeError for fewer rows, or rows of any class, than folds, and with `signal.reason` when `signal` aborts.
 *
 * With `predictions: true` the models' outputs for the rows of their folds are returned in the order of the dataset, as by
 * `sklearn.model_selection.cross_val_predict`, for a confusion matrix or a second model.
 *
 * @example
 * const rows = new data.TensorDataset(randn([60, 4]), zeros([60], { dtype: "int32" }));
 * const { folds, mean, predictions } = await train.crossValidate(
 *   () => {
 *     const model = new nn.Linear(4, 3);
 *     const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
 *     return { model, optimizer, criterion: new nn.CrossEntropyLoss(), epochs: 2 };
 *   },
 *   rows,
 *   { folds: 3, stratify: true, seed: 1, predictions: true },
 * );
 * folds.map(({ rows }) => rows.length); // [20, 20, 20]
 * Object.keys(mean); // ["loss", "validationLoss"]
 * predictions.shape; // [60, 3]
 */
export async function crossValidate<Item, T extends FoldTraining>(
  makeModel: (info: FoldInfo<Item>) => T,
  dataset: Dataset<Item>,
  options: CrossValidateOptions & { predictions: true },
): Promise<Reported<T> & FoldPredictions<T['model']>>;
export async function crossValidate<Item, T extends FoldTraining>(
  makeModel: (info: FoldInfo<Item>) => T,
  dataset: Dataset<Item>,
  options?: CrossValidateOptions,
): Promise<Reported<T>>;
export async function crossValidate<Item>(
  makeModel: (info: FoldInfo<Item>) => FoldTraining,
  dataset: Dataset<Item>,
  options?: CrossValidateOptions,
): Promise<CrossValidation<Module> & Partial<FoldPredictions<Module>>> {
  if (typeof makeModel !== 'function') throw typeError(where, `expected makeModel to be a function, got ${describe(makeModel)}`);
  checkDataset(where, dataset);
  const o = settingsOf(options);
  const classes = classesOf(dataset, o.stratify);
  if (o.folds > dataset.length) throw rangeError(where, `${dataset.length} rows cannot be divided into ${o.folds} folds`);
  const jobs = new Jobs(where, o.concurrency, o.signal);
  const seed = seedFrom(where, o.seed);
  const seeds = Array.from({ length: o.folds }, (_, fold) => seedOf(seed, fold + 1));
  const parts = foldsOf(where, randomOrder(dataset.length, seedOf(seed, 0)), o.folds, classes);

  const seen = new WeakSet<object>();
  const trainings = parts.map((rows, fold) => {
    const own = seeds[fold]!;
    const validation = new Subset(dataset, rows);
    const others = parts.flatMap((other) => (other === rows ? [] : [...other])).sort((a, b) => a - b);
    const info: FoldInfo<Item> = { fold, seed: own, train: new Subset(dataset, others), validation };
    return new Trial(
      where,
      own,
      () => {
        const made = makeModel(info);
        if (isPromise(made) || typeof made !== 'object' || made === null) return made as never;
        const { batchSize = 32, ...rest } = made;
        const loader = rest.loader ?? (new DataLoader(info.train, { batchSize, shuffle: true }) as unknown as Batches);
        return { validation: new DataLoader(validation, { batchSize: 256 }) as unknown as Batches, ...rest, loader };
      },
      seen,
    );
  });
  const outputs: unknown[] = [];
  await jobs.all(o.folds, async (fold, signal) => {
    const training = trainings[fold]!;
    await training.train(Infinity, signal);
    if (!o.predictions || signal.aborted) return;
    const { targets = 1, sampleWeights = false, precision } = training.options;
    const loader = new DataLoader(new Subset(dataset, parts[fold]!), { batchSize: 256 }) as unknown as Batches;
    const layout = { targets, sampleWeights };
    outputs[fold] = await training.inSequence(() => predictBatches(where, training.model, loader, layout, undefined, precision));
  });
  const folds = trainings.map((training, fold): FoldReport => {
    const [history, { initialEpoch = 0 }] = [training.history!, training.options];
    return {
      ...{ fold, seed: seeds[fold]!, rows: parts[fold]!, figures: figuresAt(history) },
      bestFigures: figuresAt(history, history.bestEpoch - initialEpoch),
      ...{ history, model: training.model, seconds: training.seconds },
    };
  });
  const result = { folds, ...summaryOf(folds) };
  if (!o.predictions) return result;
  const predictions = inOrder(
    where,
    dataset.length,
    folds.map(({ rows }, fold) => ({ rows, outputs: outputs[fold] })),
  );
  return { ...result, predictions };
}

function settingsOf(options: CrossValidateOptions | undefined) {
  const o = withDefaults(where, options, {
    folds: 5,
    stratify: false as Tensor | boolean,
    concurrency: 2 * getNumThreads(),
    seed: undefined as number | undefined,
    predictions: false,
    signal: undefined as AbortSignal | undefined,
  });
  checkInteger(where, 'folds', o.folds, 2);
  checkBoolean(where, 'predictions', o.predictions);
  return o;
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function stdOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

function summaryOf(folds: readonly FoldReport[]): Pick<CrossValidation<Module>, 'mean' | 'std' | 'table'> {
  const names = Object.keys(folds[0]!.figures);
  const overFolds = (of: (values: number[]) => number): Record<string, number> =>
    Object.fromEntries(names.map((name) => [name, of(folds.map(({ figures }) => figures[name]!))]));
  const [mean, std] = [overFolds(meanOf), overFolds(stdOf)];
  const table = [
    ...folds.map(({ fold, rows, figures, history: { bestEpoch, epochs }, seconds }) =>
      tableRow(['', { fold, rows: rows.length }], ['figures', figures], ['fold', { bestEpoch, epochs, seconds }]),
    ),
    ...Object.entries({ mean, std }).map(([fold, figures]) => tableRow(['', { fold }], ['figures', figures])),
  ];
  return { mean, std, table };
}
