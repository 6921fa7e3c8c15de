// Concatenation and stacking.
import { give, record, share } from '../autograd';
import { describe, rangeError, typeError } from '../errors';
import { normalizeDim, shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';
import { rangeOf, writeRange } from './narrow';
import './convert';
import './views';

function checkTensors(where: string, tensors: readonly Tensor[]): Tensor[] {
  if (!Array.isArray(tensors)) throw typeError(where, `expected an array of tensors, got ${describe(tensors)}`);
  if (tensors.length === 0) throw rangeError(where, 'expected at least one tensor, got none');
  tensors.forEach((t, i) => {
    checkTensor(where, `tensors[${i}]`, t);
  });
  return tensors.some((t) => t.dtype === 'float32') ? tensors.map((t) => t.to('float32')) : tensors.slice();
}

/**
 * Concatenates the tensors along dimension `dim` (default 0): `torch.cat`.
 *
 * All other sizes must be equal, else a RangeError; but tensors `[0]` are left out, as in PyTorch. int32 together with float32 becomes float32.
 *
 * @example
 * cat([tensor([[1, 2]]), tensor([[3, 4]])]).toArray(); // [[1, 2], [3, 4]]
 * cat([tensor([[1, 2]]), tensor([[3, 4]])], 1).toArray(); // [[1, 2, 3, 4]]
 */
export function cat(tensors: readonly Tensor[], dim?: number): Tensor;
/** @internal */
export function cat(tensors: readonly Tensor[], dim: number, where: string): Tensor;
export function cat(tensors: readonly Tensor[], dim = 0, where = 'cat'): Tensor {
  const given = checkTensors(where, tensors);
  const filled = given.filter(({ shape }) => !(shape.length === 1 && shape[0] === 0));
  const parts = filled.length === 0 ? given : filled;
  const { shape } = parts[0]!;
  if (shape.length === 0) throw rangeError(where, 'scalars have no dimension to join', 'stack(tensors) makes a new one');
  const d = normalizeDim(where, dim, shape.length);
  parts.forEach((t, i) => {
    if (t.shape.length !== shape.length || t.shape.some((size, k) => k !== d && size !== shape[k])) {
      throw rangeError(
        where,
        `expected tensors[${i}] ${shapeText(shape.map((size, k) => (k === d ? '*' : size)))}, got ${shapeText(t.shape)}`,
      );
    }
  });
  const y = empty(
    shape.with(
      d,
      parts.reduce((sum, t) => sum + t.shape[d]!, 0),
    ),
    parts[0]!.dtype,
  );
  let start = 0;
  for (const t of parts) {
    writeRange(y, d, start, t);
    start += t.shape[d]!;
  }
  return record(y, 'cat', given, [], (dy) => {
    const send = d === 0 ? share : give; // a range of dimension 0 is on dy's own memory
    let from = 0;
    for (const t of parts) {
      if (t.needsGrad) send(t, rangeOf(dy, d, from, t.shape[d]!));
      from += t.shape[d]!;
    }
    for (const t of given) if (t.needsGrad && !parts.includes(t)) give(t, empty([0]));
  });
}

/**
 * Stacks tensors of the same shape along a new dimension `dim` (default 0): `torch.stack`.
 *
 * @example
 * stack([tensor([1, 2]), tensor([3, 4])]).toArray(); // [[1, 2], [3, 4]]
 */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  const parts = checkTensors('stack', tensors);
  const { shape } = parts[0]!;
  const d = normalizeDim('stack', dim, shape.length + 1);
  parts.forEach((t, i) => {
    if (shapeText(t.shape) !== shapeText(shape)) {
      throw rangeError('stack', `expected tensors[${i}] ${shapeText(shape)}, got ${shapeText(t.shape)}`);
    }
  });
  return cat(
    parts.map((t) => t.unsqueeze(d)),
    d,
    'stack',
  );
}
