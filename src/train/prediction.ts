// Predictions, off the JavaScript thread unless they are quick.
import { checkBoolean, checkInteger, describe, rangeError, typeError, withDefaults } from '../errors';
import { Module } from '../nn';
import { checkPrecision, type Float32MatmulPrecision, getFloat32MatmulPrecision } from '../precision';
import { shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import type { Layout } from './batch';
import type { Batches } from './batches';
import { Engine } from './engine';
import { checkModel, refuseChanges, segmentMilliseconds } from './inference';
import { outputBytes } from './measures';
import { predictedHere, predictRows, writePredicted } from './predictors';
import { type Prediction, predictionTask } from './tasks';
import { Gathering } from './written';

const where = 'train.predict';

/** What a model's `forward` returns: a tensor, or several in a list or an object. */
export type Predicted<M> = M extends { forward(...args: never[]): infer Output } ? (unknown extends Output ? Tensor : Output) : never;

/** Batches for predictions: lists of tensors, or tensors where a model has one input. */
export type PredictBatches =
  | Batches
  | Iterable<Tensor | readonly Tensor[] | PromiseLike<Tensor | readonly Tensor[]>>
  | AsyncIterable<Tensor | readonly Tensor[]>;

/** The options of `predict`. */
export interface PredictOptions<Output = unknown> {
  /** How many tensors of a batch are targets, behind the inputs, which the model does not get (0). */
  targets?: number;
  /** Whether the last tensor of each batch weighs its rows (false): the model does not get it either. */
  sampleWeights?: boolean;
  /** Where the rows are written, in the form of the output and of its shape: `predict` resolves to it. Default: fresh tensors. */
  into?: Output;
  /** How large products take their operands, whatever `setFloat32MatmulPrecision` says now or later. */
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

// At once, or a promise.
function predictTensors(model: Module, inputs: readonly Tensor[], into: unknown, precision = getFloat32MatmulPrecision()): unknown {
  checkInputs(inputs);
  const quick = predictedHere(model, inputs, precision);
  if (quick === null) return predictRows({ where, model, inputs, into, precision });
  if (into === undefined) return quick.form.with(quick.leaves);
  writePredicted(where, model, quick, into);
  return into;
}

// Batch by batch, each as the loader gives it.
async function predictBatches(
  model: Module,
  loader: Batches,
  layout: Layout,
  into: unknown,
  precision = getFloat32MatmulPrecision(),
): Promise<unknown> {
  checkModel(where, model);
  const task = predictionTask(where, model, layout, precision);
  let gathering: Gathering | null = null;
  const engine = new Engine(where, [{ task, loader }], {
    forFits: false,
    changes: false,
    interrupts: false,
    alone: true,
    made: ([kinds]) => {
      refuseChanges(where, kinds!);
      gathering ??= new Gathering(where, into, engine.rowsOf(0), [...model.parameters(), ...model.buffers()]);
      for (const { results } of kinds!) gathering.meet((results as Prediction).form, results.rows);
    },
  });
  try {
    for (;;) {
      const segment = await engine.segment(0, { epochs: 1, milliseconds: segmentMilliseconds, outputBytes, finite: false });
      gathering!.take(segment.outputs, segment.rows);
      if (segment.losses.length > 0) return gathering!.finish();
    }
  } finally {
    await engine.close();
  }
}

/**
 * The output of a model for the rows of `x`, `[n, *]`, in evaluation mode, without gradients and off the JavaScript thread, but for what takes less than
 * about a millisecond, the second time on: that is done at once. What `forward` returns comes back in its form: a tensor, or several in lists and plain objects.
 *
 * x is a tensor, a list of tensors where the model has several inputs, or batches of inputs: a `DataLoader`, or whatever else `for` or `for await` goes through. Of batches only those at hand
 * and the results are held, so that there may be more of them than memory; each goes through as it is, and `targets` and `sampleWeights` leave out what stands behind its inputs. With `into` rows are written into tensors that are
 * given, as they come.
 *
 * The model's values are copied when it is called; one that a `fit` works on is taken as of the last finished step. Rows of tensors go through in batches of 256 at most: every row's output
 * has the bits that the whole batch in one piece gives it. A model whose outputs turn out to depend on the other rows takes all of them at once. The recording, with a copy of the model's values, stays with the model for the next call, one for each of up to 16 calls at once. Rejects with
 * a TypeError for what is not a module, a tensor or a loader, with a RangeError for a scalar, when an output does not have as many rows as the input, and for batches of outputs that do not fit together; with a TypeError or RangeError for
 * `into` of another form, type or shape, that requires a gradient or is the model's own, and a SimdnnError `"SIMDNN_IN_USE"` where a fit works on it: nothing is written then. Where the number of
 * rows is known only in the end, a wrong one is an error then.
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
  if (options === undefined && x instanceof Tensor) return predictTensors(model, [x], undefined) as Predicted<M>; // in few microseconds
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
    return predictBatches(model, x as Batches, layout, o.into, precision) as Promise<Predicted<M>>;
  }
  const inputs = isList ? (x as readonly Tensor[]) : [x as Tensor];
  if (layout.targets > 0 || layout.sampleWeights) {
    throw rangeError(where, 'targets and sampleWeights are of batches, and x is tensors: inputs, all of them');
  }
  return predictTensors(model, inputs, o.into, precision) as Promise<Predicted<M>>;
}
