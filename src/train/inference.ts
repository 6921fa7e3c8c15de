// Evaluation and prediction off the JavaScript thread.

import { DataLoader, TensorDataset } from '../data';
import { describe, rangeError, typeError } from '../errors';
import { Module } from '../nn';
import { checkTensor, type Tensor } from '../tensor';
import { type Batches, Engine } from './engine';
import { checkMetrics, classesServe, compute, gathered, type Metrics, outputBytes, update } from './measures';
import { type Criterion, evaluationTask, predictionTask } from './tasks';

/** The options of `evaluate`. */
export interface EvaluateOptions {
  /** The loss, reported as `loss`. */
  criterion?: Criterion;
  /** Metrics by the names under which they are reported. */
  metrics?: Metrics;
}

function checkModel(where: string, model: unknown): Module {
  if (!(model instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
  // A model that a fit works on is taken as of its last finished step.
  const holders = new Set([...model.parameters(), ...model.buffers()].map(({ version }) => version.holder));
  for (const holder of holders) holder?.sync();
  return model;
}

/**
 * The loss and the metrics of a model over a loader's batches, `[...inputs, target]`, in evaluation mode, without gradients and off the JavaScript thread.
 *
 * The loss is the mean over the batches. The model's values are copied when it is called; one that a `fit` works on is taken as of the
 * last finished step. Rejects as `fit` does.
 *
 * @example
 * const model = new nn.Linear(4, 3);
 * const dataset = new data.TensorDataset(randn([10, 4]), zeros([10], { dtype: "int32" }));
 * const loader = new data.DataLoader(dataset, { batchSize: 5 });
 * const accuracy = new metrics.Accuracy({ task: "multiclass", numClasses: 3 });
 * const figures = await train.evaluate(model, loader, { criterion: new nn.CrossEntropyLoss(), metrics: { accuracy } });
 * Object.keys(figures); // ["loss", "accuracy"]
 */
export async function evaluate(model: Module, loader: Batches, options: EvaluateOptions = {}): Promise<Record<string, number>> {
  const where = 'train.evaluate';
  checkModel(where, model);
  for (const name of Object.keys(options)) {
    if (name !== 'criterion' && name !== 'metrics') throw typeError(where, `unknown option "${name}" (known: criterion, metrics)`);
  }
  const metrics = checkMetrics(where, options.metrics);
  const wanted = Object.keys(metrics).length === 0 ? 'none' : classesServe(metrics) ? 'classes' : 'whole';
  const engine = new Engine(where, [{ task: evaluationTask(where, model, options.criterion ?? null, wanted), loader }], false);
  for (const metric of Object.values(metrics)) metric.reset();
  engine.reserve(1);
  try {
    for (;;) {
      const leg = await engine.leg(0, { epochs: 1, milliseconds: Infinity, outputBytes, finite: false });
      update(metrics, leg, engine.kinds(0)[0]!);
      if (leg.losses.length > 0) return { ...(options.criterion && { loss: leg.losses[0]! }), ...compute(where, metrics) };
    }
  } finally {
    engine.release();
  }
}

// Rows that go through the model at once: enough to fill the kernels, few enough to stay in the cache.
const rowsAtOnce = 256;

/**
 * The output of a model for the rows of `x`, `[n, *]`, in evaluation mode, without gradients and off the JavaScript thread.
 *
 * The model's values are copied when it is called; one that a `fit` works on is taken as of the last finished step. Every row's output has the
 * bits that the whole batch in one piece gives it. Rejects with a TypeError for what is not a module or a tensor, with a RangeError for a scalar
 * and when the output does not have as many rows as `x`.
 *
 * @example
 * const model = new nn.Linear(4, 3);
 * const logits = await train.predict(model, randn([10, 4]));
 * logits.shape; // [10, 3]
 */
export async function predict(model: Module, x: Tensor): Promise<Tensor> {
  const where = 'train.predict';
  checkModel(where, model);
  checkTensor(where, 'x', x);
  if (x.shape.length === 0 || x.shape[0] === 0) throw rangeError(where, `expected rows, got shape [${x.shape.join(', ')}]`);
  const loader = new DataLoader(new TensorDataset(x), { batchSize: Math.min(rowsAtOnce, x.shape[0]!) });
  const engine = new Engine(where, [{ task: predictionTask(where, model), loader: loader as unknown as Batches }], false);
  const leg = await engine.leg(0, { epochs: 1, milliseconds: Infinity, outputBytes: Number.MAX_SAFE_INTEGER, finite: false });
  const output = gathered(leg.outputs, engine.kinds(0)[0]!.output!);
  if (output.shape[0] !== x.shape[0])
    throw rangeError(where, `expected an output for each of ${x.shape[0]} rows, got shape [${output.shape.join(', ')}]`);
  return output;
}
