// Collects the outputs of a prediction's batches in their order, in new tensors or in the given ones.
import { rangeError, typeError } from '../errors';
import { refuseHeld } from '../holders';
import { overlap, type TensorData } from '../memory';
import { sameShape, shapeText } from '../shape';
import { changed, checkTensor, empty, refuseLost, Tensor } from '../tensor';
import { flattenOutput, type OutputStructure } from './output-structure';

const widthOf = ({ shape }: Tensor): number => shape.slice(1).reduce((a, b) => a * b, 1);
const viewOf = (memory: ArrayBuffer, { dtype }: Tensor, length: number): TensorData =>
  dtype === 'float32' ? new Float32Array(memory, 0, length) : new Int32Array(memory, 0, length);

/** Whether two outputs have the same structure, types and shapes, except for the number of rows. */
export const areCompatible = (one: OutputStructure, other: OutputStructure): boolean =>
  one.text === other.text &&
  one.leaves.every((t, i) => t.dtype === other.leaves[i]!.dtype && sameShape(t.shape.slice(1), other.leaves[i]!.shape.slice(1)));

/** An output's structure, types and shapes as text, without its number of rows. */
export const formText = ({ text, leaves }: OutputStructure): string =>
  `${text} of ${leaves.map((t) => `${t.dtype} ${shapeText(['rows' as never, ...t.shape.slice(1)])}`).join(' and ')}`;

/** Checks the tensors of `into` against the structure of the output and its number of rows (null: not known yet). `of` has the model's own tensors. */
export function checkInto(
  where: string,
  into: unknown,
  form: OutputStructure,
  rows: number | null,
  of: readonly Tensor[],
): readonly Tensor[] {
  const given = flattenOutput(where, 'into', 'into to be', into);
  if (given.text !== form.text) throw typeError(where, `expected into in the form of the model's output, ${form.text}, got ${given.text}`);
  for (const [i, t] of given.leaves.entries()) {
    const name = given.paths[i]!;
    const like = form.leaves[i]!;
    checkTensor(where, name, t, like.dtype);
    const expected = [rows ?? 'rows', ...like.shape.slice(1)];
    if (t.shape.length !== expected.length || expected.some((size, d) => size !== 'rows' && size !== t.shape[d])) {
      throw rangeError(where, `expected ${name} of shape [${expected.join(', ')}], got ${shapeText(t.shape)}`);
    }
    if (t.requiresGrad)
      throw typeError(where, `${name} requires a gradient, and outputs have none`, `${name}.detach() is on the same memory`);
    if (given.leaves.some((other, j) => j < i && overlap(other.values, t.values)))
      throw rangeError(where, `${name} overlaps another tensor of into`);
    if (of.some((own) => overlap(own.values, t.values))) throw rangeError(where, `${name} is on memory of the model`);
  }
  return given.leaves;
}

/** Refuses a tensor that another thread works on, or that has lost its memory. */
export function refuseUnwritable(where: string, t: Tensor): void {
  refuseHeld(where, t);
  refuseLost(where, t);
}

/** Copies values to a tensor of `into` from element `begin` on. */
export function writeInto(where: string, t: Tensor, values: TensorData, begin: number): void {
  refuseUnwritable(where, t);
  t.values.set(values, begin);
  changed(t);
}

/** Concatenates the outputs of batches. */
export class OutputCollector {
  private structure: OutputStructure | null = null;
  private target: readonly Tensor[] | null = null;
  private parts: ArrayBuffer[][] = [];
  private rows = 0;

  /** `total` is the total number of rows, or null if it is not known. */
  constructor(
    private readonly where: string,
    private readonly into: unknown,
    private readonly total: number | null,
    private readonly modelTensors: readonly Tensor[],
  ) {}

  /** Accepts the structure of the outputs of a kind of batch with `rows` rows; throws if it does not fit the earlier ones. */
  accept(form: OutputStructure, rows: number): void {
    const { where } = this;
    for (const [i, { shape }] of form.leaves.entries()) {
      if (shape[0] === rows) continue;
      const what = form.leaves.length === 1 ? 'an output' : form.paths[i]!;
      throw rangeError(where, `expected ${what} for each of ${rows} rows, got shape ${shapeText(shape)}`);
    }
    if (this.structure !== null) {
      if (areCompatible(this.structure, form)) return;
      throw rangeError(
        where,
        `the outputs of all batches are put together, and one gives ${formText(form)}, those before ${formText(this.structure)}`,
      );
    }
    this.structure = form;
    this.parts = form.leaves.map(() => []);
    if (this.into !== undefined) this.target = checkInto(where, this.into, form, this.total, this.modelTensors);
    else if (this.total !== null) this.target = form.leaves.map(({ shape, dtype }) => empty([this.total!, ...shape.slice(1)], dtype));
  }

  /** Appends the outputs of further rows. */
  append(outputs: readonly ArrayBuffer[], rows: number): void {
    if (rows === 0) return;
    const { where, target } = this;
    for (const [i, like] of this.structure!.leaves.entries()) {
      if (target === null) {
        this.parts[i]!.push(outputs[i]!);
        continue;
      }
      const t = target[i]!;
      if (this.rows + rows > t.shape[0]!)
        throw rangeError(where, `into has ${t.shape[0]} rows, and the batches give more`, 'the rows before are written');
      writeInto(where, t, viewOf(outputs[i]!, like, rows * widthOf(like)), this.rows * widthOf(like));
    }
    this.rows += rows;
  }

  /** Returns the whole output in the structure of the model's output. */
  finish(): unknown {
    const { where, into, structure, rows } = this;
    if (into === undefined) return structure!.unflatten(this.target ?? structure!.leaves.map((like, i) => this.concatenated(i, like)));
    const { shape } = this.target![0]!;
    if (rows !== shape[0]) throw rangeError(where, `into has ${shape[0]} rows, and the batches gave ${rows}: these are written`);
    return into;
  }

  // Releases each part once it has been copied, so that a large output is not held twice.
  private concatenated(i: number, like: Tensor): Tensor {
    const parts = this.parts[i]!;
    const shape = [this.rows, ...like.shape.slice(1)];
    if (parts.length === 1) return new Tensor(viewOf(parts[0]!, like, this.rows * widthOf(like)), shape);
    const all = empty(shape, like.dtype);
    let begin = 0;
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      const values = viewOf(part, like, part.byteLength / 4);
      all.values.set(values, begin);
      begin += values.length;
    }
    return all;
  }
}
