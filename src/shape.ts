// Arithmetic of shapes.
import { checkInteger, describe, rangeError, typeError } from './errors';

export const numelOf = (shape: readonly number[]): number => shape.reduce((n, size) => n * size, 1);

/** A shape as text for messages: `[32, 13]`. */
export const shapeText = (shape: readonly (number | string)[]): string => `[${shape.join(', ')}]`;

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let d = 0; d < a.length; d++) if (a[d] !== b[d]) return false;
  return true;
}

/** Throws unless the value is a list of sizes whose product is an exact integer. */
export function checkShape(where: string, shape: unknown): number[] {
  if (!Array.isArray(shape)) throw typeError(where, `expected a shape, an array of sizes, got ${describe(shape)}`);
  for (const size of shape) checkInteger(where, 'every size', size);
  if (!Number.isSafeInteger(numelOf(shape))) throw rangeError(where, `the shape ${shapeText(shape)} has too many elements`);
  return [...shape];
}

/** A dimension counted from the front: -1 is the last. Scalars accept 0 and -1, as in PyTorch. */
export function normalizeDim(where: string, dim: unknown, rank: number): number {
  const most = Math.max(rank, 1);
  if (typeof dim !== 'number') {
    const named = (dim as { dim?: unknown } | null | undefined)?.dim; // Python's dim=1, as an option
    const hint = typeof named === 'number' ? `give ${named} itself in place of { dim: ${named} }` : undefined;
    throw typeError(where, `expected dim to be a number, got ${describe(dim)}`, hint);
  }
  if (!Number.isInteger(dim) || dim < -most || dim >= most) {
    throw rangeError(where, `dim ${dim} is outside [${-most}, ${most - 1}]`);
  }
  return dim < 0 ? dim + most : dim;
}

/** The shape seen as [outer, n, inner] around one dimension. */
export function around(shape: readonly number[], dim: number): { outer: number; n: number; inner: number } {
  return { outer: numelOf(shape.slice(0, dim)), n: shape[dim] ?? 1, inner: numelOf(shape.slice(dim + 1)) };
}

/** The strides of a contiguous tensor, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= shape[d]!;
  }
  return strides;
}

/** NumPy's broadcast of two shapes. */
export function broadcastShapes(where: string, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let d = 1; d <= rank; d++) {
    const x = a[a.length - d] ?? 1;
    const y = b[b.length - d] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw rangeError(where, `shapes ${shapeText(a)} and ${shapeText(b)} do not broadcast`, `dimension -${d} is ${x} and ${y}`);
    }
    out[rank - d] = x === 1 ? y : x;
  }
  return out;
}

/** A strided operand: its stride for each dimension of the index space, and the position of its first element. */
export interface Strided {
  /** The stride of each dimension, in elements; 0 repeats the operand along it. */
  strides: readonly number[];
  /** The position of the first element (0). */
  offset?: number;
}

const maxRank = 8; // Layout::kMaxRank in native/support/layout.h

/**
 * The kernels' `layout` argument: [rank, sizes, strides and offset of the first operand, of the second].
 * Neighbouring dimensions that both operands step through as one are merged, so that inner loops are long.
 */
export function layoutOf(where: string, sizes: readonly number[], first: Strided, second: Strided): Int32Array {
  const size: number[] = [];
  const a: number[] = [];
  const b: number[] = [];
  for (let d = 0; d < sizes.length; d++) {
    if (sizes[d] === 1) continue;
    const last = size.length - 1;
    const [n, sa, sb] = [sizes[d]!, first.strides[d]!, second.strides[d]!];
    if (last >= 0 && a[last] === sa * n && b[last] === sb * n) {
      size[last]! *= n;
      a[last] = sa;
      b[last] = sb;
    } else {
      size.push(n);
      a.push(sa);
      b.push(sb);
    }
  }
  if (size.length > maxRank) throw rangeError(where, `more than ${maxRank} dimensions that cannot be merged: ${shapeText(sizes)}`);
  const fields = [size.length, ...size, ...a, first.offset ?? 0, ...b, second.offset ?? 0];
  if (fields.some((n) => n > 0x7fffffff)) throw rangeError(where, `${shapeText(sizes)} is larger than 2^31 - 1 elements in one dimension`);
  return Int32Array.from(fields);
}

/** The sizes of the dimensions over which a layer normalises. */
export function normalizedShapeOf(where: string, shape: number | readonly number[]): number[] {
  const sizes = typeof shape === 'number' ? [shape] : shape;
  if (!Array.isArray(sizes)) throw typeError(where, `expected normalizedShape to be a number or a list of them, got ${describe(shape)}`);
  if (sizes.length === 0) throw rangeError(where, 'expected normalizedShape to have a dimension, got []');
  return sizes.map((size: unknown) => checkInteger(where, 'every size of normalizedShape', size));
}
