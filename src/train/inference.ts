// Evaluation and prediction off the JavaScript thread.

import { noGrad } from '../autograd';
import { compile } from '../compile';
import { checkBoolean, checkInteger, describe, rangeError, SimdnnError, typeError, withDefaults } from '../errors';
import { syncHeld } from '../holders';
import { overlap, type TensorData } from '../memory';
import { Module } from '../nn';
import { randomPosition, setRandomPosition } from '../random';
import { type RecordedStep, Stamps } from '../recording';
import { sameShape, shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';
import { type Batches, Engine } from './engine';
import { type GivenMetrics, gathered, Measures, outputBytes } from './measures';
import { refuseReport, Session } from './session';
import { type Criterion, type CriterionFunction, criterionOf, evaluationTask, inEvaluation, predictionTask } from './tasks';

/** The options of `evaluate`. */
export interface EvaluateOptions {
  /** The loss, reported as `loss`. */
  criterion?: Criterion | CriterionFunction;
  /** Metrics by the names under which they are reported. Of one that gives several numbers `compute()` has them afterwards. */
  metrics?: GivenMetrics;
  /** How many tensors of a batch are targets, behind the inputs (1). */
  targets?: number;
  /** Whether the last tensor of each batch weighs its rows in the loss, as in `fit` (false). */
  sampleWeights?: boolean;
}

type Given = { [name in keyof Required<EvaluateOptions>]: EvaluateOptions[name] | undefined };

// Predictions and other evaluations wait no longer than this, and one step, for the thread that they share.
const legMilliseconds = 4;

function checkModel(where: string, model: unknown): Module {
  if (!(model instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
  // A model that a fit works on is taken as of its last finished step.
  syncHeld([...model.parameters(), ...model.buffers()]);
  return model;
}

// They work on copies: what the model changed there would be lost.
function refuseChanges(where: string, kinds: readonly RecordedStep[]): void {
  if (kinds.every(({ trace }) => trace.written.length === 0)) return;
  throw new SimdnnError(
    'SIMDNN_NOT_RECORDABLE',
    `[${where}] the model changes a tensor in place in evaluation mode, and would change a copy of it\n  hint: if (this.training) around the change, or a loop of one's own`,
  );
}

/**
 * The loss and the metrics of a model over a loader's batches, `[...inputs, target]`, in evaluation mode, without gradients and off the JavaScript thread.
 *
 * The loss is what the criterion would give for all rows in one batch: `sum over batches of rows * loss / sum of rows`, and with
 * `reduction: "sum"` the sum of the batches' losses. Each metric's `update` gets a batch's predictions and targets. The model's values are copied when it is called; one that a `fit` works on is taken as of the
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
export async function evaluate(
  model: Module,
  loader: Batches,
  options: EvaluateOptions = {},
  ...rest: never[]
): Promise<Record<string, number>> {
  const where = 'train.evaluate';
  checkModel(where, model);
  if (rest.length > 0) throw typeError(where, `expected a model, a loader and options, got ${3 + rest.length} arguments`);
  const o = withDefaults<Given>(where, options as Partial<Given>, {
    criterion: undefined,
    metrics: undefined,
    targets: 1,
    sampleWeights: false,
  });
  const layout = {
    targets: checkInteger(where, 'targets', o.targets, 1),
    sampleWeights: checkBoolean(where, 'sampleWeights', o.sampleWeights),
  };
  const metrics = new Measures(where, o.metrics, 'metrics', layout.targets);
  const criterion = o.criterion === undefined ? null : criterionOf(where, o.criterion);
  const task = evaluationTask(where, { model, criterion, layout, handOut: metrics.handOut, classes: metrics.classes });
  const engine = new Engine(where, [{ task, loader }], {
    forFits: false,
    changes: false,
    interrupts: false,
    made: (session) => refuseChanges(where, session.kinds(0)),
  });
  try {
    metrics.reset();
    for (;;) {
      const leg = await engine.leg(0, { epochs: 1, milliseconds: legMilliseconds, outputBytes, finite: false });
      metrics.update(leg);
      if (leg.losses.length > 0) return { ...(criterion && { loss: leg.losses[0]! }), ...metrics.compute().metrics };
    }
  } finally {
    engine.close();
  }
}

// Rows that go through the model at once: enough to fill the kernels, few enough to stay in the cache.
const rowsAtOnce = 256;

interface Predictor {
  session: Session;
  examples: readonly Tensor[];
  /** What its copies of the model's values are as of; null where that cannot be known. */
  stamps: Stamps | null;
  /** Whether rows were seen to have the same outputs in another batch. */
  isProbed: boolean;
  /** The same on the JavaScript thread; null where that takes longer than handing it to another. */
  here: Here | null;
}

interface Here {
  predict: (x: Tensor) => Tensor;
  /** Those that the recording ran, while it holds. */
  modules: readonly Module[];
  /** Those that it used. */
  leaves: readonly Tensor[];
}

// As many products of a row's numbers and weights take less time than a thread is asked for.
const mostHere = 1 << 20;

function hereOf(where: string, model: Module, session: Session, x: Tensor): Here | null {
  const { leaves } = session;
  const [kind, ...others] = session.kinds(0);
  const products = leaves.reduce((sum, { numel }) => sum + numel, 0) * x.shape[0]!;
  if (products > mostHere || others.length > 0 || kind!.draws > 0) return null;
  const { run } = predictionTask(where, model);
  return { predict: compile((batch: Tensor) => run(batch).outputs[0]!), modules: model.modules(), leaves };
}

// A small prediction like one that was done before, at once; null where another thread works on the model, or the recording holds no longer.
function predictedHere(model: Module, x: Tensor): Tensor | null {
  const known = predictors.get(model)?.find(({ here, examples }) => here !== null && isLike(x, examples[0]!));
  if (known === undefined || known.here!.leaves.some(({ version }) => version.holder !== null)) return null;
  const { modules, predict, leaves } = known.here!;
  return inEvaluation(modules, () => {
    if (!known.session.kinds(0)[0]!.holds(randomPosition())) return null;
    const output = noGrad(() => predict(x));
    if (output.shape[0] !== x.shape[0]) return null; // the other way says so
    const isOnOthers = [x, ...leaves].some(({ values }) => overlap(values, output.values));
    return isOnOthers || output.requiresGrad ? noGrad(() => output.detach().clone()) : output;
  });
}

const isLike = (t: Tensor, like: Tensor): boolean => t.dtype === like.dtype && sameShape(t.shape, like.shape);

// Models whose output for a row depends on the other rows: all of them go through at once.
const mixing = new WeakSet<Module>();

// A batch of rows from the end of `x`, then its first ones: each of these has other rows beside it, and another place, than in the first batch.
function probeOf(x: Tensor): { values: TensorData; moved: number } {
  const width = x.numel / x.shape[0]!;
  const moved = Math.min(rowsAtOnce / 2, x.shape[0]! - rowsAtOnce);
  const values = x.values.slice(0, rowsAtOnce * width);
  values.copyWithin(moved * width, 0);
  values.set(x.values.subarray(x.numel - moved * width), 0);
  return { values, moved };
}

// Whether the first rows have other bits in the probe, the last of the batches in `output`, than in the first.
function differs({ values, shape }: Tensor, rows: number, moved: number): boolean {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length);
  const width = values.length / shape[0]!;
  const kept = (rowsAtOnce - moved) * width;
  const at = (rows + moved) * width;
  for (let i = 0; i < kept; i++) if (words[i] !== words[at + i]) return true;
  return false;
}

// A model's recordings are kept with the model, those used last in front, for its next predictions of their shapes; one that is in use is taken away. So
// there are as many as predictions at once, each with a copy of the model's values.
const predictors = new WeakMap<Module, Predictor[]>();
const mostPredictors = 16;
const mostPredictorBytes = 1 << 26; // of those beside the first

function keep(model: Module, predictor: Predictor): void {
  const kept = [predictor, ...(predictors.get(model) ?? [])];
  while (kept.length > mostPredictors || (kept.length - 1) * predictor.session.bytes > mostPredictorBytes) kept.pop();
  predictors.set(model, kept);
}

function take(model: Module, examples: readonly Tensor[]): Predictor | undefined {
  const kept = predictors.get(model) ?? [];
  const at = kept.findIndex(
    (known) => known.examples.length === examples.length && known.examples.every((t, i) => isLike(t, examples[i]!)),
  );
  return at < 0 ? undefined : kept.splice(at, 1)[0];
}

const rowsOf = (x: Tensor, begin: number): Tensor => noGrad(() => x.narrow(0, begin, Math.min(rowsAtOnce, x.shape[0]! - begin)));

function predictorFor(where: string, model: Module, batches: readonly Tensor[]): Predictor {
  const examples = batches.length > 1 ? [batches[0]!, batches.at(-1)!] : [batches[0]!];
  const known = take(model, examples);
  if (known?.session.holds(randomPosition())) {
    if (!known.stamps?.unchanged()) known.session.write();
    return known;
  }
  const own = examples.map((t) => empty(t.shape.slice(), t.dtype));
  const task = predictionTask(where, model);
  const session = Session.make([{ task, source: { examples: own.map((t) => [t]) } }], false, null);
  refuseChanges(where, session.kinds(0));
  const versions = session.kinds(0).map((kind) => kind.versions);
  const stamps = versions.includes(null) ? null : new Stamps([...new Set(versions.flatMap((all) => all!))]);
  return { session, examples: own, stamps, isProbed: false, here: examples.length === 1 ? hereOf(where, model, session, own[0]!) : null };
}

/**
 * The output of a model for the rows of `x`, `[n, *]`, in evaluation mode, without gradients and off the JavaScript thread, unless that takes longer than the
 * prediction: a few rows through a small model, the second time on.
 *
 * The model's values are copied when it is called; one that a `fit` works on is taken as of the last finished step. Rows go through in batches of 256 at most: every row's output
 * has the bits that the whole batch in one piece gives it. A model whose outputs turn out to depend on the other rows takes all of them at once. The recording, with a copy of the model's values, stays with the model for the next call, one for each of up to 16 calls at once. Rejects with
 * a TypeError for what is not a module or a tensor, with a RangeError for a scalar and when the output does not have as many rows as `x`.
 *
 * @example
 * const model = new nn.Linear(4, 3);
 * const logits = await train.predict(model, randn([10, 4]));
 * logits.shape; // [10, 3]
 */
export async function predict(model: Module, x: Tensor, ...rest: never[]): Promise<Tensor> {
  const where = 'train.predict';
  if (!(model instanceof Module)) throw typeError(where, `expected a module, got ${describe(model)}`);
  if (rest.length > 0) throw typeError(where, `expected a model and one tensor, got ${2 + rest.length} arguments`);
  checkTensor(where, 'x', x);
  const rows = x.shape[0] ?? 0;
  if (rows === 0) throw rangeError(where, `expected rows, got shape ${shapeText(x.shape)}`);
  const quick = predictedHere(model, x);
  if (quick !== null) return quick;
  checkModel(where, model);
  const inPieces = rows > rowsAtOnce && !mixing.has(model);
  let batches = inPieces ? Array.from({ length: Math.ceil(rows / rowsAtOnce) }, (_, i) => rowsOf(x, i * rowsAtOnce)) : [x];
  let predictor = predictorFor(where, model, batches);
  if (batches.length > 1 && predictor.session.kinds(0)[0]!.draws > 0) {
    // In pieces a model that draws random numbers would draw them in another order.
    batches = [x];
    predictor = predictorFor(where, model, batches);
  }
  const { session, examples } = predictor;
  const random = randomPosition();
  setRandomPosition({ seed: random.seed, offset: random.offset + session.kinds(0)[0]!.draws });
  const given = batches.map(({ values }, i) => ({
    kind: i + 1 < batches.length ? 0 : examples.length - 1,
    randomOffset: random.offset,
    tensors: [values],
  }));
  const probe = batches.length > 1 && !predictor.isProbed ? probeOf(x) : null;
  if (probe !== null) given.push({ kind: 0, randomOffset: random.offset, tensors: [probe.values] });
  const limits = { epochs: 1, milliseconds: Infinity, outputBytes: Number.MAX_SAFE_INTEGER, finite: false };
  const report = await session.run(0, { ...limits, random, given });
  session.commit(0, report, () => {});
  refuseReport(where, report, session.kinds(0), '');
  const all = gathered(report.outputs[0], session.kinds(0)[0]!.results.outputs[0]!);
  const seen = rows + (probe === null ? 0 : rowsAtOnce);
  if (probe !== null && (all.shape[0] !== seen || differs(all, rows, probe.moved))) {
    mixing.add(model);
    return predict(model, x);
  }
  predictor.isProbed = true;
  keep(model, predictor);
  const output = probe === null ? all : noGrad(() => all.narrow(0, 0, rows));
  if (output.shape[0] !== rows) {
    throw rangeError(where, `expected an output for each of ${rows} rows, got shape ${shapeText(output.shape)}`);
  }
  return output;
}
