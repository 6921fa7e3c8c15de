// Predictions, off the JavaScript thread unless they are quick.
import { checkBoolean, checkInteger, describe, rangeError, typeError, withDefaults } from '../errors';
import { Module } from '../nn';
import { checkPrecision, type Float32MatmulPrecision, getFloat32MatmulPrecision } from '../precision';
import { shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import type { Layout } from './batch';
import type { Batches } from './batches';
import { OutputCollector } from './collected-outputs';
import { Engine } from './engine';
import { checkModel, refuseChanges, segmentMilliseconds } from './inference';
import { outputBytes } from './measures';
import { predictRows, predictSynchronously } from './predictors';
import { type Prediction, predictionTask } from './tasks';

const where = 'train.predict';

/** The result of a model's `forward`: a tensor, or several in a list or an object. */
export type Predicted<M> = M extends { forward(...args: never[]): infer Output } ? (unknown extends Output ? Tensor : Output) : never;

/** Batches for predictions: lists of tensors, or single tensors if the model has one input. */
export type PredictBatches =
  | Batches
  | Iterable<Tensor | readonly Tensor[] | PromiseLike<Tensor | readonly Tensor[]>>
  | AsyncIterable<Tensor | readonly Tensor[]>;

/** The options of `predict`. */
export interface PredictOptions<Output = unknown> {
  /** The number of targets at the end of each batch, behind the inputs, which the model does not get (0). */
  targets?: number;
  /** Whether the last tensor of each batch has weights for its rows, which the model does not get either (false). */
  sampleWeights?: boolean;
  /** Where the rows are written, with the structure and shapes of the output; `predict` resolves to it. Default: new tensors. */
  into?: Output;
  /** The precision of large products, in place of that of `setFloat32MatmulPrecision`, even if that is called while this runs. */
  precision?: Float32MatmulPrecision;
}

function checkInputs(inputs: readonly Tensor[]): void {
  for (let i = 0; i < inputs.length; i++) {
    const t = inputs[i]!;
    checkTensor(where, inputs.length === 1 ? 'x' : `x[${i}]`, t);
    const rows = t.shape[0] ?? 0;
    if (rows === 0) throw rangeError(where, `expected rows, got shape ${shapeText(t.shape)}`);
    if (rows === inputs[0]!.shape[0]) continue;
    throw rangeError(where, `expected inputs of as many rows each, got ${shapeText(inputs[0]!.shape)} and ${shapeText(t.shape)}`);
  }
}

// Returns the outputs, or a promise of them.
function predictTensors(model: Module, inputs: readonly Tensor[], into: unknown, precision = getFloat32MatmulPrecision()): unknown {
  checkInputs(inputs);
  const rows = { where, model, inputs, into, precision };
  return predictSynchronously(rows) ?? predictRows(rows);
}

/** Predicts batch by batch, with the batches of the loader. */
export async function predictBatches(
  where: string,
  model: Module,
  loader: Batches,
  layout: Layout,
  into: unknown,
  precision = getFloat32MatmulPrecision(),
): Promise<unknown> {
  checkModel(where, model);
  const task = predictionTask(where, model, layout, precision);
  let gathering: OutputCollector | null = null;
  const engine = new Engine(where, [{ task, loader }], {
    forFits: false,
    mayChange: false,
    acceptsTensors: true,
    onRecorded: ([kinds]) => {
      refuseChanges(where, kinds!);
      gathering ??= new OutputCollector(where, into, engine.rowsOf(0), [...model.parameters(), ...model.buffers()]);
      for (const { results } of kinds!) gathering.accept((results as Prediction).structure, results.rows);
    },
  });
  try {
    for (;;) {
      const segment = await engine.segment(0, { epochs: 1, milliseconds: segmentMilliseconds, outputBytes, finite: false });
      gathering!.append(segment.outputs, segment.rows);
      if (segment.losses.length > 0) return gathering!.finish();
    }
  } finally {
    await engine.close();
  }
}

/**
 * The output of a model for the rows of `x`, `[n, *]`, in evaluation mode, without gradients and off the JavaScript thread. A prediction that takes less than
 * about a millisecond is computed on the JavaScript thread from its second call on. The result has the structure of `forward`'s: a tensor, or several in lists
 * and plain objects.
 *
 * x is a tensor, a list of tensors if the model has several inputs, or batches of inputs: a `DataLoader`, or anything that `for` or `for await` iterates over.
 * Only a few batches and the results are kept, so there may be more batches than memory. Each batch is predicted as it is; `targets` and `sampleWeights` omit
 * the tensors behind its inputs. With `into` rows are written into the given tensors as soon as they are computed.
 *
 * The model's values are copied at the call; if a `fit` is training it, they are those of the last complete step. Rows of tensors are predicted in batches of
 * at most 256, and every row's output has the same bits as in one batch. A model whose outputs depend on the other rows gets all rows at once. The recording,
 * with a copy of the model's values, is kept with the model for the next call; for simultaneous calls there are up to 16. Rejects with a TypeError for what is
 * not a module, a tensor or a loader, with a RangeError for a scalar, if an output does not have as many rows as the input, and for batches of outputs that do
 * not fit together. Rejects with a TypeError or RangeError for an `into` with another structure, type or shape, that requires a gradient or belongs to the
 * model, and with a SimdnnError `"SIMDNN_IN_USE"` if a fit uses it; nothing is written then. If the number of rows is known only at the end, a wrong number is
 * an error then.
 *
 * @example
 * const model = new nn.Linear(4, 3);
 * const logits = await train.predict(model, randn([10, 4]));
 * logits.shape; // [10, 3]
 * const loader = new data.DataLoader(new data.TensorDataset(randn([10, 4]), zeros([10])), { batchSize: 4 });
 * (await train.predict(model, loader, { targets: 1, into: logits })) === logits; // true
 */
export async function predict<M extends Module>(
  model: M,
  x: Tensor | readonly Tensor[] | PredictBatches,
  options?: PredictOptions<Predicted<M>>,
  ...rest: never[]
): Promise<Predicted<M>> {
  if (!(model instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
  if (options === undefined && x instanceof Tensor) return predictTensors(model, [x], undefined) as Predicted<M>; // within a few microseconds
  if (rest.length > 0) throw typeError(where, `expected a model, its input and options, got ${3 + rest.length} arguments`);
  const o = withDefaults(where, (options === undefined ? {} : options) as PredictOptions, {
    targets: 0,
    sampleWeights: false,
    into: undefined as unknown,
    precision: undefined as Float32MatmulPrecision | undefined,
  });
  const precision = checkPrecision(where, o.precision);
  const layout = {
    targets: checkInteger(where, 'targets', o.targets),
    sampleWeights: checkBoolean(where, 'sampleWeights', o.sampleWeights),
  };
  const isList = Array.isArray(x) && x.length > 0 && x.every((t) => t instanceof Tensor);
  if (!isList && !(x instanceof Tensor)) {
    if (typeof x !== 'object' || x === null || ArrayBuffer.isView(x)) checkTensor(where, 'x', x);
    return predictBatches(where, model, x as Batches, layout, o.into, precision) as Promise<Predicted<M>>;
  }
  const inputs = isList ? (x as readonly Tensor[]) : [x as Tensor];
  if (layout.targets > 0 || layout.sampleWeights) {
    throw rangeError(where, 'targets and sampleWeights are of batches, and x is tensors: inputs, all of them');
  }
  return predictTensors(model, inputs, o.into, precision) as Promise<Predicted<M>>;
}
