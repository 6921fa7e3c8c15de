// Evaluation, off the JavaScript thread.

import { checkBoolean, checkInteger, typeError, withDefaults } from '../errors';
import type { Module } from '../nn';
import { checkPrecision, type Float32MatmulPrecision, getFloat32MatmulPrecision } from '../precision';
import { Tensor } from '../tensor';
import { type Batches, checkLoader, theLoader } from './batches';
import { Engine } from './engine';
import type { NoMetrics, NumbersOf } from './figure-types';
import { checkModel, refuseChanges, segmentMilliseconds } from './inference';
import { type GivenMetrics, Measures, outputBytes } from './measures';
import { MetricsInUse } from './metrics-in-use';
import { type AnyOutput, type Criterion, type CriterionFunction, criterionOf, evaluationTask, type OutputOf } from './tasks';

/** The options of `evaluate`. */
export interface EvaluateOptions<M extends GivenMetrics = GivenMetrics, Output = AnyOutput> {
  /** The loss, reported as `loss`. */
  criterion?: Criterion<Output> | CriterionFunction<Output>;
  /** Metrics by the names under which they are reported. For a metric that is several numbers, call its `compute()` afterwards. */
  metrics?: M;
  /** The number of targets at the end of each batch, behind the inputs (1). */
  targets?: number;
  /** Whether the last tensor of each batch has weights for its rows in the loss, as in `fit` (false). */
  sampleWeights?: boolean;
  /** The precision of large products, in place of that of `setFloat32MatmulPrecision`, even if that is called while this runs. */
  precision?: Float32MatmulPrecision;
}

type Given = { [name in keyof Required<EvaluateOptions>]: EvaluateOptions[name] | undefined };

/**
 * The loss and the metrics of a model over a loader's batches, `[...inputs, target]`, in evaluation mode, without gradients and off the JavaScript thread. The
 * loader may be asynchronous, and may have more data than memory, because only a few batches are kept at a time.
 *
 * The loss is that of the criterion for all rows in one batch: `sum over batches of rows * loss / sum of rows`, or with `reduction: "sum"` the sum of the
 * batches' losses. Each metric's `update` gets a batch's predictions and targets. The model's values are copied at the call; if a `fit` is training it, they
 * are those of the last complete step. Rejects as `fit` does, and with a TypeError if there is neither criterion nor metric. In a group of processes the
 * figures are those of this process's loader.
 *
 * @example
 * const model = new nn.Linear(4, 3);
 * const dataset = new data.TensorDataset(randn([10, 4]), zeros([10], { dtype: "int32" }));
 * const loader = new data.DataLoader(dataset, { batchSize: 5 });
 * const accuracy = new metrics.Accuracy({ task: "multiclass", numClasses: 3 });
 * const figures = await train.evaluate(model, loader, { criterion: new nn.CrossEntropyLoss(), metrics: { accuracy } });
 * Object.keys(figures); // ["loss", "accuracy"]
 */
export function evaluate<Net extends Module, M extends GivenMetrics = NoMetrics>(
  model: Net,
  loader: Batches,
  options: EvaluateOptions<M, OutputOf<Net>> & { criterion: Criterion<OutputOf<Net>> | CriterionFunction<OutputOf<Net>> },
): Promise<{ loss: number } & NumbersOf<M, number>>;
export function evaluate<M extends GivenMetrics = NoMetrics>(
  model: Module,
  loader: Batches,
  options?: EvaluateOptions<M> & { criterion?: undefined },
): Promise<NumbersOf<M, number>>;
export function evaluate(model: Module, loader: Batches, options?: EvaluateOptions, ...rest: never[]): Promise<Record<string, number>>;
export async function evaluate(
  model: Module,
  loader: Batches,
  options: EvaluateOptions = {},
  ...rest: never[]
): Promise<Record<string, number>> {
  const where = 'train.evaluate';
  checkModel(where, model);
  if (loader instanceof Tensor) checkLoader(where, loader, theLoader); // before targets are taken as options
  if (rest.length > 0) throw typeError(where, `expected a model, a loader and options, got ${3 + rest.length} arguments`);
  const o = withDefaults<Given>(where, options as Partial<Given>, {
    criterion: undefined,
    metrics: undefined,
    targets: 1,
    sampleWeights: false,
    precision: undefined,
  });
  const layout = {
    targets: checkInteger(where, 'targets', o.targets, 1),
    sampleWeights: checkBoolean(where, 'sampleWeights', o.sampleWeights),
  };
  const metrics = new Measures(where, o.metrics, 'metrics', layout.targets);
  const criterion = o.criterion === undefined ? null : criterionOf(where, o.criterion);
  if (criterion === null && metrics.all.length === 0)
    throw typeError(
      where,
      'expected a criterion, metrics or both',
      '{ criterion: new nn.MSELoss() }; train.predict gives what the model does',
    );
  const precision = checkPrecision(where, o.precision) ?? getFloat32MatmulPrecision();
  const task = evaluationTask(where, {
    model,
    criterion,
    layout,
    selectOutputs: metrics.selectOutputs,
    classes: metrics.classes,
    precision,
  });
  const engine = new Engine(where, [{ task, loader }], {
    forFits: false,
    mayChange: false,
    onRecorded: ([kinds]) => refuseChanges(where, kinds!),
  });
  const inUse = new MetricsInUse(where, metrics.all);
  try {
    inUse.hold();
    metrics.reset();
    for (;;) {
      const segment = await engine.segment(0, { epochs: 1, milliseconds: segmentMilliseconds, outputBytes, finite: false });
      metrics.update(segment);
      if (segment.losses.length > 0) return { ...(criterion && { loss: segment.losses[0]! }), ...metrics.compute().metrics };
    }
  } finally {
    inUse.release();
    await engine.close();
  }
}
