// Predictions for tensors. Recordings are cached with the model, many rows are predicted in chunks, and a quick prediction is done synchronously on the calling thread.
import { noGrad } from '../autograd';
import type { TensorData } from '../memory';
import type { Module } from '../nn';
import type { Float32MatmulPrecision } from '../precision';
import { randomPosition, setRandomPosition } from '../random';
import { type RecordedStep, Stamps } from '../recording';
import { sameShape } from '../shape';
import { changed, empty, type Tensor } from '../tensor';
import { areCompatible, checkInto, OutputCollector, refuseUnwritable, writeInto } from './collected-outputs';
import { checkModel, refuseChanges } from './inference';
import type { OutputStructure } from './output-structure';
import { refuseReport } from './run-errors';
import { Session } from './session';
import { isQuick, SynchronousPrediction } from './synchronous-prediction';
import { type Prediction, predictionTask } from './tasks';

const allInputs = { targets: 0, sampleWeights: false };
const tensorsOf = (model: Module): Tensor[] => [...model.parameters(), ...model.buffers()];

// Enough rows to fill the kernels' tiles, and few enough for their activations to stay in the cache.
const rowsPerChunk = 256;

/** Rows of some tensors that go through a model. */
interface Rows {
  readonly where: string;
  readonly model: Module;
  readonly inputs: readonly Tensor[];
  readonly into: unknown;
  readonly precision: Float32MatmulPrecision;
}

interface Predictor {
  session: Session;
  precision: Float32MatmulPrecision;
  /** The inputs of each kind of batch. */
  examples: readonly (readonly Tensor[])[];
  /** The versions of the model's tensors that were copied; null if their changes cannot be detected. */
  stamps: Stamps | null;
  /** Whether it was checked that the output for a row does not depend on the other rows of its chunk. */
  isProbed: boolean;
  /** The same prediction on the calling thread; null if it must be done on another one. */
  synchronous: SynchronousPrediction | null;
}

// Null if the prediction is not quick, if the model draws random numbers, or if its outputs do not have a row for each input row.
function synchronousPredictionFor({ where, model, precision }: Rows, kinds: readonly RecordedStep[]): SynchronousPrediction | null {
  const [kind, ...others] = kinds as [RecordedStep, ...RecordedStep[]];
  if (others.length > 0 || kind.draws > 0 || !hasRows(kind) || !isQuick(kind)) return null;
  return new SynchronousPrediction(where, model, kind, precision, predictionTask(where, model, allInputs, precision));
}

// Loops instead of callbacks here and in `haveSameShapes`, because a quick prediction takes only a microsecond in all.
function findSynchronousPrediction(
  model: Module,
  inputs: readonly Tensor[],
  precision: Float32MatmulPrecision,
): SynchronousPrediction | null {
  const kept = predictors.get(model);
  if (kept === undefined) return null;
  for (let i = 0; i < kept.length; i++) {
    const { synchronous, precision: own, examples } = kept[i]!;
    if (synchronous !== null && own === precision && haveSameShapes(inputs, examples[0]!)) return synchronous;
  }
  return null;
}

/** Does a quick prediction on the calling thread. Null if none with these shapes was done before, or if it must be done on another thread. */
export function predictSynchronously({ where, model, inputs, into, precision }: Rows): unknown {
  const here = findSynchronousPrediction(model, inputs, precision);
  if (here === null) return null;
  if (into === undefined) {
    const leaves = here.outputs(inputs, null);
    return leaves && here.structure.unflatten(leaves);
  }
  let checked: readonly Tensor[] | null = null;
  const targets = (): readonly Tensor[] => {
    checked ??= checkInto(where, into, here.structure, inputs[0]!.shape[0]!, tensorsOf(model));
    for (const t of checked) refuseUnwritable(where, t);
    return checked;
  };
  const leaves = here.outputs(inputs, targets);
  if (leaves === null) return null;
  for (const [i, t] of targets().entries()) {
    if (leaves[i] === t) changed(t);
    else writeInto(where, t, leaves[i]!.values, 0);
  }
  return into;
}

function haveSameShapes(inputs: readonly Tensor[], like: readonly Tensor[]): boolean {
  if (inputs.length !== like.length) return false;
  for (let i = 0; i < inputs.length; i++) {
    if (inputs[i]!.dtype !== like[i]!.dtype || !sameShape(inputs[i]!.shape, like[i]!.shape)) return false;
  }
  return true;
}

// Models whose output for a row depends on the other rows of the batch. They get all rows in one batch.
const batchDependent = new WeakSet<Module>();

const movedRows = (rows: number): number => Math.min(rowsPerChunk / 2, rows - rowsPerChunk);

// A chunk with some rows from the end of `x`, followed by its first rows. These are at another position and beside other rows than in the first chunk, so that an output
// that depends on either differs.
function probeOf(x: Tensor): TensorData {
  const width = x.numel / x.shape[0]!;
  const moved = movedRows(x.shape[0]!);
  const values = x.values.slice(0, rowsPerChunk * width);
  values.copyWithin(moved * width, 0);
  values.set(x.values.subarray(x.numel - moved * width), 0);
  return values;
}

// Whether the outputs for the first rows have other bits in the probe, which is the last batch of `output`, than in the first chunk. `width` is the number of values for
// each row.
function differs(output: ArrayBuffer, width: number, rows: number): boolean {
  const words = new Int32Array(output);
  const moved = movedRows(rows);
  const kept = (rowsPerChunk - moved) * width;
  const at = (rows + moved) * width;
  for (let i = 0; i < kept; i++) if (words[i] !== words[at + i]) return true;
  return false;
}

// A cache of each model's recordings for predictions of the same shapes, the last used first. A recording is removed while it is in use. So simultaneous predictions
// have a recording each, with a copy of the model's values.
const predictors = new WeakMap<Module, Predictor[]>();
const mostPredictors = 16;
const mostPredictorBytes = 1 << 26; // for those after the first

function cache(model: Module, predictor: Predictor): void {
  const kept = [predictor, ...(predictors.get(model) ?? [])];
  while (kept.length > mostPredictors || (kept.length - 1) * predictor.session.bytes > mostPredictorBytes) kept.pop();
  predictors.set(model, kept);
}

function take({ model, precision }: Rows, examples: readonly (readonly Tensor[])[]): Predictor | undefined {
  const kept = predictors.get(model) ?? [];
  const at = kept.findIndex(
    (known) =>
      known.precision === precision &&
      known.examples.length === examples.length &&
      known.examples.every((batch, i) => haveSameShapes(batch, examples[i]!)),
  );
  return at < 0 ? undefined : kept.splice(at, 1)[0];
}

const chunkOf = (x: Tensor, begin: number): Tensor => noGrad(() => x.narrow(0, begin, Math.min(rowsPerChunk, x.shape[0]! - begin)));

function predictorFor(rows: Rows, batches: readonly (readonly Tensor[])[]): Predictor {
  const { where, model, precision } = rows;
  const examples = batches.length > 1 ? [batches[0]!, batches.at(-1)!] : [batches[0]!];
  const known = take(rows, examples);
  if (known?.session.isValid(randomPosition())) {
    if (!known.stamps?.unchanged()) known.session.write();
    return known;
  }
  const own = examples.map((batch) => batch.map((t) => empty(t.shape.slice(), t.dtype)));
  const task = predictionTask(where, model, allInputs, precision);
  const session = Session.make([{ task, source: { examples: own } }], false, null);
  refuseChanges(where, session.kinds(0));
  const versions = session.kinds(0).map((kind) => kind.versions);
  const stamps = versions.includes(null) ? null : new Stamps([...new Set(versions.flatMap((all) => all!))]);
  return { session, precision, examples: own, stamps, isProbed: false, synchronous: synchronousPredictionFor(rows, session.kinds(0)) };
}

const structureOf = ({ results }: RecordedStep): OutputStructure => (results as Prediction).structure;
const hasRows = (kind: RecordedStep): boolean => structureOf(kind).leaves.every(({ shape }) => shape[0] === kind.results.rows);

/**
 * The outputs of a model for the rows of tensors with equal numbers of rows. Many rows are predicted in chunks, with the bits of one batch: the first prediction adds a
 * probe, by which a model whose outputs depend on other rows is recognised; it then gets all rows at once.
 */
export async function predictRows(given: Rows): Promise<unknown> {
  const { where, model, inputs, into } = given;
  const rows = inputs[0]!.shape[0]!;
  checkModel(where, model);
  const chunks = rows > rowsPerChunk && !batchDependent.has(model) ? Math.ceil(rows / rowsPerChunk) : 1;
  let batches = chunks === 1 ? [inputs] : Array.from({ length: chunks }, (_, i) => inputs.map((x) => chunkOf(x, i * rowsPerChunk)));
  let predictor = predictorFor(given, batches);
  if (batches.length > 1) {
    const [kind, last = kind] = predictor.session.kinds(0) as [RecordedStep, RecordedStep?];
    // In chunks, a model that draws random numbers would draw them in another order. An output that does not have a row for each input row, or whose rows have another
    // shape in a smaller chunk, cannot be concatenated.
    const isBatchDependent = !hasRows(kind) || !hasRows(last) || !areCompatible(structureOf(kind), structureOf(last));
    if (isBatchDependent) batchDependent.add(model);
    if (isBatchDependent || kind.draws > 0) {
      batches = [inputs];
      predictor = predictorFor(given, batches);
    }
  }
  const { session, examples } = predictor;
  const kind = session.kinds(0)[0]!;
  const gathering = new OutputCollector(where, into, into === undefined ? null : rows, into === undefined ? [] : tensorsOf(model));
  gathering.accept(structureOf(kind), kind.results.rows);
  const random = randomPosition();
  setRandomPosition({ seed: random.seed, offset: random.offset + kind.draws });
  const chunkBatches = batches.map((batch, i) => ({
    kind: i + 1 < batches.length ? 0 : examples.length - 1,
    randomOffset: random.offset,
    tensors: batch.map(({ values }) => values),
  }));
  const probes = batches.length > 1 && !predictor.isProbed;
  if (probes) chunkBatches.push({ kind: 0, randomOffset: random.offset, tensors: inputs.map(probeOf) });
  const limits = { epochs: 1, milliseconds: Infinity, outputBytes: Number.MAX_SAFE_INTEGER, finite: false };
  const report = await session.run(0, { ...limits, random, given: chunkBatches });
  session.commit(0, report);
  refuseReport(where, report, session.kinds(0), '');
  if (probes && structureOf(kind).leaves.some((leaf, i) => differs(report.outputs[i]!, leaf.numel / kind.results.rows, rows))) {
    batchDependent.add(model);
    return predictRows(given);
  }
  predictor.isProbed = true;
  cache(model, predictor);
  gathering.append(report.outputs, rows);
  return gathering.finish();
}
