// Predictions for tensors: recordings are kept with the model, rows are predicted in pieces, and a quick prediction is done at once on the calling thread.
import { noGrad } from '../autograd';
import type { TensorData } from '../memory';
import type { Module } from '../nn';
import type { Float32MatmulPrecision } from '../precision';
import { randomPosition, setRandomPosition } from '../random';
import { type RecordedStep, Stamps } from '../recording';
import { sameShape } from '../shape';
import { changed, empty, type Tensor } from '../tensor';
import type { Form } from './forms';
import { Here, isQuick } from './here';
import { checkModel, refuseChanges } from './inference';
import { refuseReport } from './refusals';
import { Session } from './session';
import { type Prediction, predictionTask } from './tasks';
import { areAlike, checkInto, Gathering, refuseUnwritable, writeInto } from './written';

const allInputs = { targets: 0, sampleWeights: false };
const tensorsOf = (model: Module): Tensor[] => [...model.parameters(), ...model.buffers()];

// The number of rows of a piece: enough to fill the kernels, few enough to stay in the cache.
const rowsAtOnce = 256;

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
  /** The versions of the model's tensors that were copied; null if changes of them cannot be noticed. */
  stamps: Stamps | null;
  /** Whether it was checked that rows have the same outputs in another batch. */
  isProbed: boolean;
  /** The same prediction on the calling thread; null if it is to be done on another one. */
  here: Here | null;
}

// On the calling thread, where that is quick. A model that draws random numbers, or whose outputs are no rows, goes the general way.
function hereOf({ where, model, precision }: Rows, kinds: readonly RecordedStep[]): Here | null {
  const [kind, ...others] = kinds as [RecordedStep, ...RecordedStep[]];
  if (others.length > 0 || kind.draws > 0 || !hasRows(kind) || !isQuick(kind)) return null;
  return new Here(where, model, kind, precision, predictionTask(where, model, allInputs, precision));
}

// Loops rather than callbacks here and in `areLike`: a quick prediction takes a microsecond in all.
function hereLike(model: Module, inputs: readonly Tensor[], precision: Float32MatmulPrecision): Here | null {
  const kept = predictors.get(model);
  if (kept === undefined) return null;
  for (let i = 0; i < kept.length; i++) {
    const { here, precision: own, examples } = kept[i]!;
    if (here !== null && own === precision && areLike(inputs, examples[0]!)) return here;
  }
  return null;
}

/** Does a quick prediction on the calling thread. Null if none like it was done before, or if it must go the general way. */
export function predictedHere({ where, model, inputs, into, precision }: Rows): unknown {
  const here = hereLike(model, inputs, precision);
  if (here === null) return null;
  if (into === undefined) {
    const leaves = here.outputs(inputs, null);
    return leaves && here.form.with(leaves);
  }
  let checked: readonly Tensor[] | null = null;
  const targets = (): readonly Tensor[] => {
    checked ??= checkInto(where, into, here.form, inputs[0]!.shape[0]!, tensorsOf(model));
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

function areLike(inputs: readonly Tensor[], like: readonly Tensor[]): boolean {
  if (inputs.length !== like.length) return false;
  for (let i = 0; i < inputs.length; i++) {
    if (inputs[i]!.dtype !== like[i]!.dtype || !sameShape(inputs[i]!.shape, like[i]!.shape)) return false;
  }
  return true;
}

// Models whose output for a row depends on the other rows. All rows go through them together.
const mixing = new WeakSet<Module>();

const movedOf = (rows: number): number => Math.min(rowsAtOnce / 2, rows - rowsAtOnce);

// A batch of some rows from the end of `x` followed by its first rows, which are then at another position and beside other rows than in the first batch.
function probeOf(x: Tensor): TensorData {
  const width = x.numel / x.shape[0]!;
  const moved = movedOf(x.shape[0]!);
  const values = x.values.slice(0, rowsAtOnce * width);
  values.copyWithin(moved * width, 0);
  values.set(x.values.subarray(x.numel - moved * width), 0);
  return values;
}

// Whether the first rows have other bits in that batch, the last one of an output with `width` numbers per row, than in the first batch.
function differs(output: ArrayBuffer, width: number, rows: number): boolean {
  const words = new Int32Array(output);
  const moved = movedOf(rows);
  const kept = (rowsAtOnce - moved) * width;
  const at = (rows + moved) * width;
  for (let i = 0; i < kept; i++) if (words[i] !== words[at + i]) return true;
  return false;
}

// A model's recordings are kept with the model for its next predictions of the same shapes, the last used first. One that is in use is removed from the list,
// so that there are as many as there are predictions at the same time, each with a copy of the model's values.
const predictors = new WeakMap<Module, Predictor[]>();
const mostPredictors = 16;
const mostPredictorBytes = 1 << 26; // for those after the first

function keep(model: Module, predictor: Predictor): void {
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
      known.examples.every((batch, i) => areLike(batch, examples[i]!)),
  );
  return at < 0 ? undefined : kept.splice(at, 1)[0];
}

const rowsOf = (x: Tensor, begin: number): Tensor => noGrad(() => x.narrow(0, begin, Math.min(rowsAtOnce, x.shape[0]! - begin)));

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
  return { session, precision, examples: own, stamps, isProbed: false, here: hereOf(rows, session.kinds(0)) };
}

const formOf = ({ results }: RecordedStep): Form => (results as Prediction).form;
const hasRows = (kind: RecordedStep): boolean => formOf(kind).leaves.every(({ shape }) => shape[0] === kind.results.rows);

/**
 * The outputs of a model for the rows of some tensors with equal numbers of rows: in pieces, even if that changes the bits of a model whose outputs depend on
 * other rows.
 */
export async function predictRows(given: Rows): Promise<unknown> {
  const { where, model, inputs, into } = given;
  const rows = inputs[0]!.shape[0]!;
  checkModel(where, model);
  const pieces = rows > rowsAtOnce && !mixing.has(model) ? Math.ceil(rows / rowsAtOnce) : 1;
  let batches = pieces === 1 ? [inputs] : Array.from({ length: pieces }, (_, i) => inputs.map((x) => rowsOf(x, i * rowsAtOnce)));
  let predictor = predictorFor(given, batches);
  if (batches.length > 1) {
    const [kind, last = kind] = predictor.session.kinds(0) as [RecordedStep, RecordedStep?];
    // A model that draws random numbers would draw them in another order in pieces. An output without a row for each row, or whose rows differ in a smaller
    // piece, cannot be joined.
    const isMixed = !hasRows(kind) || !hasRows(last) || !areAlike(formOf(kind), formOf(last));
    if (isMixed) mixing.add(model);
    if (isMixed || kind.draws > 0) {
      batches = [inputs];
      predictor = predictorFor(given, batches);
    }
  }
  const { session, examples } = predictor;
  const kind = session.kinds(0)[0]!;
  const gathering = new Gathering(where, into, into === undefined ? null : rows, into === undefined ? [] : tensorsOf(model));
  gathering.meet(formOf(kind), kind.results.rows);
  const random = randomPosition();
  setRandomPosition({ seed: random.seed, offset: random.offset + kind.draws });
  const pieced = batches.map((batch, i) => ({
    kind: i + 1 < batches.length ? 0 : examples.length - 1,
    randomOffset: random.offset,
    tensors: batch.map(({ values }) => values),
  }));
  const probes = batches.length > 1 && !predictor.isProbed;
  if (probes) pieced.push({ kind: 0, randomOffset: random.offset, tensors: inputs.map(probeOf) });
  const limits = { epochs: 1, milliseconds: Infinity, outputBytes: Number.MAX_SAFE_INTEGER, finite: false };
  const report = await session.run(0, { ...limits, random, given: pieced });
  session.commit(0, report);
  refuseReport(where, report, session.kinds(0), '');
  if (probes && formOf(kind).leaves.some((leaf, i) => differs(report.outputs[i]!, leaf.numel / kind.results.rows, rows))) {
    mixing.add(model);
    return predictRows(given);
  }
  predictor.isProbed = true;
  keep(model, predictor);
  gathering.take(report.outputs, rows);
  return gathering.finish();
}
