// How well a model does on rows that it has not seen: as many trainings as folds.
import { isPromise } from '../brands';
import { DataLoader, type Dataset, Subset, TensorDataset } from '../data';
import { checkDataset } from '../data/dataset';
import { randomOrder } from '../data/order';
import { checkBoolean, checkInteger, describe, rangeError, typeError, withDefaults } from '../errors';
import { getNumThreads } from '../native';
import type { Module } from '../nn';
import { shapeText } from '../shape';
import { Tensor } from '../tensor';
import type { Batches } from './batches';
import { foldsOf } from './folds';
import { Jobs } from './jobs';
import type { FitOptions, FitResult } from './options';
import { inOrder, type Outputs, outputsFor } from './out-of-fold';
import { type FiguresOf, figuresAt, type ResultOf } from './outcome';
import { seedOf } from './stream';
import { type TableRow, tableRow } from './table';
import { seedFrom, Trial } from './trial';
import type { GivenValidation } from './validation';

const where = 'train.crossValidate';

/** What `makeModel` of a cross-validation is told. */
export interface FoldInfo<Item = unknown> {
  /** The fold's number, 0 for the first. */
  fold: number;
  /** Its seed: `manualSeed(seed)`, `makeModel` and `fit` do again what it does. */
  seed: number;
  /** The rows to learn from. */
  train: Subset<Item>;
  /** The rows of the fold. */
  validation: Subset<Item>;
}

/** What `makeModel` of a cross-validation returns: a model and the options of its fit, all made anew. */
export type FoldTraining<M extends Module = Module> = Omit<FitOptions, 'loader'> & {
  model: M;
  /** Batches of the rows to learn from, where they are not to be shuffled batches of `batchSize` rows. */
  loader?: Batches;
  /** Rows in a batch (32). */
  batchSize?: number;
};

/** The options of `crossValidate`. */
export interface CrossValidateOptions {
  /** How many folds (5). */
  folds?: number;
  /** Classes `[n]`, each of which is to have its share in every fold; true: the last tensor of a `TensorDataset`. */
  stratify?: Tensor | boolean;
  /** How many are trained at a time (twice the threads). The results are the same for any. */
  concurrency?: number;
  /** Makes folds and trainings functions of this seed; without it, they follow `manualSeed`. */
  seed?: number;
  /** Whether what the models predict for the rows of their folds is returned (false). */
  predictions?: boolean;
  /** Ends all. */
  signal?: AbortSignal;
}

/** What became of a fold. */
export interface FoldReport<M extends Module = Module, R extends FitResult = FitResult, F extends object = Record<string, number>> {
  /** Its number. */
  fold: number;
  /** Its seed. */
  seed: number;
  /** The numbers of its rows. */
  rows: Int32Array;
  /** Losses and metrics of the last epoch. */
  figures: F;
  /** Those of the best epoch, `history.bestEpoch`: NaN where there is none. */
  bestFigures: F;
  /** Those of all epochs. */
  history: R;
  /** The trained model. */
  model: M;
  /** How long it took, from `makeModel` on, beside those that were under way with it. */
  seconds: number;
}

/** What `crossValidate` returns. */
export interface CrossValidation<M extends Module, R extends FitResult = FitResult, F extends object = Record<string, number>> {
  /** All folds, in the order of their numbers. */
  folds: FoldReport<M, R, F>[];
  /** The mean of each figure over the folds. */
  mean: F;
  /** Its standard deviation, with folds - 1 as divisor. */
  std: F;
  /** A row for each fold, then the mean and the standard deviation, for `console.table`. Numbers that are not whole have five digits. */
  table: TableRow[];
}

/** The predictions of `crossValidate`. */
export interface FoldPredictions<M extends Module> {
  /** For each row of the dataset the output of the model that has not learned from it, `[rows, *]`: a tensor, or as many as `forward` returns. */
  predictions: ReturnType<M['forward']>;
}

type Reported<T extends FoldTraining> = CrossValidation<T['model'], ResultOf<T, FoldValidation<T>>, FiguresOf<T, FoldValidation<T>>>;

// The fold's own rows, where no other is named.
type FoldValidation<T> = 'validation' extends keyof T ? Extract<T['validation'], GivenValidation | undefined> : Batches;

function classesOf(dataset: Dataset<unknown>, stratify: Tensor | boolean): ArrayLike<number> | null {
  if (stratify === false) return null;
  const given: unknown = stratify === true ? (dataset instanceof TensorDataset ? dataset.tensors.at(-1) : undefined) : stratify;
  if (!(given instanceof Tensor)) throw typeError(where, `expected stratify to be a tensor of classes, got ${describe(stratify)}`);
  if (given.shape.length !== 1 || given.numel !== dataset.length) {
    throw rangeError(where, `expected stratify [${dataset.length}], got ${shapeText(given.shape)}`);
  }
  return given.data;
}

/**
 * Divides a dataset into folds and trains a model for each on the rows of the others, several at a time on the threads for fits. As `sklearn.model_selection.cross_validate`.
 *
 * `makeModel({ fold, seed, train, validation })` returns the model and the options of its fit, all made anew, without the rows: a fold is the validation of its fit. With
 * `stratify` the folds' counts of each class differ by one at most. Each fold draws from a sequence of its own, so that weights and figures are the same for any
 * `concurrency` and number of threads. Rejects with the error of a fold that fails, of several with that of the lowest number, with a RangeError for fewer rows, or rows of
 * a class, than folds, and with `signal.reason` when `signal` aborts.
 *
 * With `predictions: true` the models' outputs for the rows of their folds are returned in the order of the dataset, as by `sklearn.model_selection.cross_val_predict`: what a
 * confusion matrix or a second model is made of.
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
  const outputs: Outputs[] = [];
  await jobs.all(o.folds, async (fold, signal) => {
    const training = trainings[fold]!;
    await training.train(Infinity, signal);
    if (!o.predictions || signal.aborted) return;
    const { targets = 1, sampleWeights = false, precision } = training.options;
    const rows = new Subset(dataset, parts[fold]!);
    outputs[fold] = await training.inSequence(() => outputsFor(where, training.model, rows, { targets, sampleWeights }, precision));
  });
  const folds = trainings.map((training, fold): FoldReport => {
    const [history, { initialEpoch = 0 }] = [training.history!, training.options];
    return {
      ...{ fold, seed: seeds[fold]!, rows: parts[fold]!, figures: figuresAt(history) },
      bestFigures: figuresAt(history, history.bestEpoch - initialEpoch),
      ...{ history, model: training.model, seconds: training.seconds },
    };
  });
  const names = Object.keys(folds[0]!.figures);
  const overFolds = (of: (values: number[]) => number): Record<string, number> =>
    Object.fromEntries(names.map((name) => [name, of(folds.map(({ figures }) => figures[name]!))]));
  const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const stdOf = (values: readonly number[]): number => {
    const mean = meanOf(values);
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  };
  const [mean, std] = [overFolds(meanOf), overFolds(stdOf)];
  const table = [
    ...folds.map(({ fold, rows, figures, history: { bestEpoch, epochs }, seconds }) =>
      tableRow(['', { fold, rows: rows.length }], ['figures', figures], ['fold', { bestEpoch, epochs, seconds }]),
    ),
    ...Object.entries({ mean, std }).map(([fold, figures]) => tableRow(['', { fold }], ['figures', figures])),
  ];
  if (!o.predictions) return { folds, mean, std, table };
  const predictions = inOrder(
    where,
    dataset.length,
    folds.map(({ rows }, fold) => ({ rows, outputs: outputs[fold]! })),
  );
  return { folds, mean, std, table, predictions };
}
