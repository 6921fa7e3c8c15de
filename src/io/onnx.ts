// Exports models as ONNX files: the kernel calls of a recorded forward pass become ONNX operators.
import { isInt32Array, isRangeError } from '../brands';
import { checkBoolean, describe, rangeError, typeError, withDefaults } from '../errors';
import { syncHeld } from '../holders';
import type { TensorData } from '../memory';
import type { Module } from '../nn';
import { type Base, type ForwardTrace, type TracedTensor, traceForward } from '../recording';
import { numelOf } from '../shape';
import { empty, Tensor } from '../tensor';
import { checkModel, evaluating, examplesOf } from './examples';
import { Call } from './onnx-call';
import { notExportable } from './onnx-error';
import { type Dimension, Graph } from './onnx-graph';
import { translations, untranslated } from './onnx-kernels';
import { GraphMemory } from './onnx-memory';
import { type OnnxPreprocessing, preprocess } from './onnx-preprocessing';
import { type Batches, dynamicBatches, fixed, isFixed, type Size } from './onnx-size';
import { pathOf } from './paths';
import { loadProtobuf } from './protobuf';
import { writeWhole } from './write';

/** The options of `exportOnnx`. */
export interface ExportOnnxOptions {
  /** The arguments of the model: a tensor, or one for each argument. Their first size is the batch; their values do not matter. */
  example: Tensor | readonly Tensor[];
  /** The version of ONNX's operators: 20 (the default), or 17 for older runtimes. */
  opset?: 17 | 20;
  /** Names of the inputs (`input`, of several `input_0`, ...). */
  inputNames?: readonly string[] | null;
  /** Names of the outputs (`output`, of several `output_0`, ...). */
  outputNames?: readonly string[] | null;
  /** Whether the exported model accepts batches of any size (true), or only of the example's. */
  dynamicBatch?: boolean;
  /** A fitted scaler or imputer of numbers, or a pipeline of these, which is applied to the model's first input. */
  preprocessing?: OnnxPreprocessing | null;
}

const where = 'io.exportOnnx';

function namesFrom(option: string, given: readonly string[] | null, count: number, stem: string): string[] {
  if (given === null) return count === 1 ? [stem] : Array.from({ length: count }, (_, i) => `${stem}_${i}`);
  if (!Array.isArray(given)) throw typeError(where, `expected ${option} to be an array of names, got ${describe(given)}`);
  for (const name of given) {
    if (typeof name !== 'string' || name === '')
      throw typeError(where, `expected every name of ${option} to be text, got ${describe(name)}`);
  }
  if (given.length !== count) throw rangeError(where, `expected ${count} ${option}, got ${given.length}`);
  if (new Set(given).size < count) throw rangeError(where, `a name stands twice in ${option}`);
  return [...given];
}

// The example's rows, repeated until there are as many as needed.
function withRows(t: Tensor, rows: number): Tensor {
  const shape = t.shape.with(0, rows);
  const made = empty(shape, t.dtype);
  for (let i = 0; i < made.numel; i++) made.values[i] = t.values[i % t.numel]!;
  return made;
}

const ownCopy = (t: Tensor): Tensor => new Tensor(t.values.slice(), t.shape.slice());

/** The forward pass in the three recordings. */
function record(model: Module, examples: readonly Tensor[], dynamic: boolean): { traces: ForwardTrace[]; batches: Batches } {
  const rows = examples[0]!.shape[0];
  if (!dynamic) {
    const args = examples.map(ownCopy);
    const trace = evaluating(model, () => traceForward(() => model.call(...(args as never[])), args));
    return { traces: [trace, trace, trace], batches: [rows ?? 1, rows ?? 1, rows ?? 1] };
  }
  if (rows === undefined) throw rangeError(where, 'the example is a scalar and has no batch', 'dynamicBatch: false');
  if (examples.some((t) => t.numel === 0)) throw rangeError(where, 'expected the example to have rows, got none');
  const traces = dynamicBatches.map((batch) => {
    const args = examples.map((t) => (t.shape[0] === rows ? withRows(t, batch) : ownCopy(t)));
    try {
      return evaluating(model, () => traceForward(() => model.call(...(args as never[])), args));
    } catch (error) {
      if (rows === batch || !isRangeError(error)) throw error;
      throw notExportable(where, `the model does not take a batch of ${batch} rows: ${error.message}`, 'dynamicBatch: false');
    }
  });
  return { traces, batches: dynamicBatches };
}

const three = <T>(traces: readonly ForwardTrace[], of: (traces: ForwardTrace) => T): [T, T, T] => [
  of(traces[0]!),
  of(traces[1]!),
  of(traces[2]!),
];

function shapeIn(traces: readonly ForwardTrace[], of: (traces: ForwardTrace) => TracedTensor): Size[] {
  const [a, b, c] = three(traces, (h) => of(h).shape);
  if (a.length !== b.length || a.length !== c.length)
    throw notExportable(where, 'how many dimensions there are follows from the batch size', 'dynamicBatch: false');
  return a.map((size, d) => [size, b[d]!, c[d]!]);
}

const dimensions = (shape: readonly Size[]): Dimension[] =>
  shape.map((size) =>
    isFixed(size) ? size[0] : size === shape[0] && String(size) === String(dynamicBatches) ? 'batch' : `size_${size[0]}`,
  );

// Finds the calls of the other recordings that correspond to each call of the first one.
function refuseOthers(traces: readonly ForwardTrace[]): void {
  const [first, ...others] = traces as [ForwardTrace, ...ForwardTrace[]];
  for (const other of others) {
    const same = other.calls.length === first.calls.length && other.calls.every(({ kernel }, i) => kernel === first.calls[i]!.kernel);
    if (!same || other.results.length !== first.results.length) {
      throw notExportable(where, 'the model does other operations for another batch size', 'dynamicBatch: false');
    }
  }
}

function namesOfTensors(model: Module): (array: TensorData) => string {
  const key = ({ buffer, byteOffset, length }: TensorData): [ArrayBufferLike, string] => [buffer, `${byteOffset} ${length}`];
  const buffers = new Map<ArrayBufferLike, Map<string, string>>();
  for (const [name, t] of Object.entries(model.stateDict())) {
    if (!(t instanceof Tensor)) continue; // another value that a module keeps among its tensors
    const [buffer, at] = key(t.values);
    if (!buffers.has(buffer)) buffers.set(buffer, new Map());
    buffers.get(buffer)!.set(at, name);
  }
  return (array) => {
    const [buffer, at] = key(array);
    return buffers.get(buffer)?.get(at) ?? 'tensor';
  };
}

function translate(traces: readonly ForwardTrace[], memory: GraphMemory): void {
  const [first] = traces as [ForwardTrace, ...ForwardTrace[]];
  first.calls.forEach(({ kernel }, i) => {
    const { operation, module } = first.sources[i]!;
    memory.doing = `${operation || kernel}${module === '' ? '' : ` in ${module}`}`;
    const translation = translations[kernel];
    if (translation === undefined) {
      memory.refuse(untranslated[kernel] ?? `${kernel} has no counterpart in ONNX`, 'leave it out of forward in evaluation mode');
    }
    translation(
      new Call(
        memory,
        traces.map((h) => h.calls[i]!.args),
      ),
    );
  });
}

/**
 * Writes the model's forward pass as an ONNX file, which ONNX Runtime and others run: `torch.onnx.export`.
 *
 * The forward pass is recorded in evaluation mode without gradients, so the user's own modules can be exported too; nothing is calculated. `opset` is 20 (IR 9), or 17
 * (IR 8). With `dynamicBatch` the pass is recorded with three batch sizes, and all sizes that differ must be linear functions of the batch size; every example
 * whose first size equals the first example's gets such batches. The weights are those shortly after the call, when the library that writes the file has been
 * loaded; while a fit trains the model, those of its last finished step. With `preprocessing`, a fitted `StandardScaler`, `MinMaxScaler`, `RobustScaler`,
 * `SimpleImputer` or `Pipeline` of these, the file accepts the first input as it was before preprocessing, which the file does in float32. Indices are int32.
 *
 * Rejects with a SimdnnError `SIMDNN_NOT_EXPORTABLE`, which names the operation and its module, for random numbers, losses, changes in place of tensors that
 * outlive the pass, and other functions of the batch size; rejects with the file system's errors. `path` may be a `file:` URL; the file is written to a
 * temporary file, synced and renamed.
 *
 * @example
 * const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
 * await io.exportOnnx("build/model.onnx", model, { example: zeros([1, 4]) });
 */
export async function exportOnnx(path: string | URL, model: Module, options: ExportOnnxOptions): Promise<void> {
  const file = pathOf(where, path);
  checkModel(where, model);
  const defaults = { example: null, opset: 20, inputNames: null, outputNames: null, dynamicBatch: true, preprocessing: null };
  const o = withDefaults<{ [K in keyof ExportOnnxOptions]-?: ExportOnnxOptions[K] | null }>(where, options, defaults as never);
  if (o.example === null) throw typeError(where, 'expected an example, what the model is called with', '{ example: zeros([1, features]) }');
  if (o.opset !== 17 && o.opset !== 20) throw rangeError(where, `expected opset to be 17 or 20, got ${describe(o.opset)}`);
  loadProtobuf();
  syncHeld([...model.parameters(), ...model.buffers()]);
  await writeWhole(file, [bytesOf(model, o as Required<ExportOnnxOptions>)]);
}

function bytesOf(model: Module, o: Required<ExportOnnxOptions>): Uint8Array {
  const examples = examplesOf(where, o.example);
  const dynamic = checkBoolean(where, 'dynamicBatch', o.dynamicBatch);
  const inputNames = namesFrom('inputNames', o.inputNames, examples.length, 'input');
  const { traces, batches } = record(model, examples, dynamic);
  refuseOthers(traces);
  const [first] = traces as [ForwardTrace, ...ForwardTrace[]];
  const outputNames = namesFrom('outputNames', o.outputNames, first.results.length, 'output');
  const graph = new Graph(o.opset);
  for (const name of [...inputNames, ...outputNames]) {
    if (graph.fresh(name) !== name) throw rangeError(where, `"${name}" is the name of an input and of an output`);
  }
  const constantAt = constantsOf(traces);
  const memory = new GraphMemory(graph, where, batches, namesOfTensors(model), constantAt);
  memory.batchInput = dynamic ? inputNames[0]! : null;
  memory.doing = 'the inputs';
  inputNames.forEach((name, i) => {
    const shape = shapeIn(traces, (h) => h.inputs[i]!);
    const { value } = first.inputs[i]!;
    graph.input(name, examples[i]!.dtype, dimensions(shape));
    memory.shaped(name, shape);
    const begin = fixed(0);
    const length = three(traces, (h) => numelOf(h.inputs[i]!.shape)) as Size;
    const isFloat = examples[i]!.dtype === 'float32';
    const ready = i === 0 ? preprocess(where, graph, memory, o.preprocessing, { input: name, isFloat, shape }) : name;
    memory.write({ value, begin, length }, ready, shape);
  });
  translate(traces, memory);
  memory.doing = 'the outputs';
  outputNames.forEach((name, i) => {
    const shape = shapeIn(traces, (h) => h.results[i]!);
    const { value } = first.results[i]!;
    const begin = three(traces, (h) => h.results[i]!.value.begin) as Size;
    const length = three(traces, (h) => numelOf(h.results[i]!.shape)) as Size;
    graph.alias(memory.read({ value, begin, length }, shape), name);
    graph.output(name, isInt32Array(value.array) ? 'int32' : 'float32', dimensions(shape));
  });
  return graph.finish();
}

// The constants of the first recording, paired with those of the other recordings.
function constantsOf(traces: readonly ForwardTrace[]): (base: Base) => readonly TensorData[] | null {
  const lists = traces.map(({ constants }) => [...constants]);
  const places = new Map(lists[0]!.map(([base], i) => [base, i]));
  return (base) => {
    const i = places.get(base);
    if (i === undefined) return null;
    return lists.map((list) => list[i]![1]);
  };
}
