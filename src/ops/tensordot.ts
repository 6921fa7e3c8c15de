// Sums of products along chosen dimensions.
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { normalizeDim, numelOf, shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { permute } from './transpose';
import './matmul';
import './views';

const where = 'tensordot';

function dimsOf(name: string, given: unknown, rank: number): number[] {
  if (!Array.isArray(given)) throw typeError(where, `expected ${name} to be an array of dimensions, got ${describe(given)}`);
  const dims = given.map((dim) => normalizeDim(where, dim, rank));
  if (new Set(dims).size !== dims.length) throw rangeError(where, `a dimension stands twice in ${name}, [${given.join(', ')}]`);
  return dims;
}

function summedDims(a: Tensor, b: Tensor, dims: unknown): [number[], number[]] {
  if (typeof dims === 'number') {
    checkInteger(where, 'dims', dims, 0, Math.min(a.shape.length, b.shape.length));
    const first = Array.from({ length: dims }, (_, d) => d);
    return [first.map((d) => a.shape.length - dims + d), first];
  }
  if (!Array.isArray(dims) || dims.length !== 2)
    throw typeError(where, `expected dims to be a number or two arrays, got ${describe(dims)}`);
  return [dimsOf('dims[0]', dims[0], a.shape.length), dimsOf('dims[1]', dims[1], b.shape.length)];
}

/**
 * The sum of products over pairs of dimensions: `torch.tensordot`. `dims` is the number of last dimensions of `a` that are paired with the first ones of `b` (2
 * by default; 0 for all products), or two lists: dimensions of a, and the dimensions of b of the same sizes.
 *
 * The result has the other dimensions of a, then those of b; both are float32.
 *
 * @example
 * tensordot(tensor([[1, 2], [3, 4]]), tensor([[1, 0], [0, 1]])).item(); // 5
 * tensordot(tensor([[1, 2], [3, 4]]), tensor([1, 10]), [[0], [0]]).toArray(); // [31, 42]
 */
export function tensordot(a: Tensor, b: Tensor, dims: number | readonly [readonly number[], readonly number[]] = 2): Tensor {
  checkTensor(where, 'a', a, 'float32');
  checkTensor(where, 'b', b, 'float32');
  const [inA, inB] = summedDims(a, b, dims);
  const summed = inA.map((d) => a.shape[d]!);
  if (inA.length !== inB.length || inB.some((d, i) => b.shape[d] !== summed[i])) {
    const sizes = `[${inA.join(', ')}] of ${shapeText(a.shape)} and [${inB.join(', ')}] of ${shapeText(b.shape)}`;
    throw rangeError(where, `expected dimensions of the same sizes, got ${sizes}`);
  }
  const others = (t: Tensor, dimsOfSum: readonly number[]): number[] => t.shape.map((_, d) => d).filter((d) => !dimsOfSum.includes(d));
  const [ofA, ofB] = [others(a, inA), others(b, inB)];
  const [rows, columns] = [ofA.map((d) => a.shape[d]!), ofB.map((d) => b.shape[d]!)];
  const left = permute(where, a, [...ofA, ...inA]).reshape([numelOf(rows), numelOf(summed)]);
  const right = permute(where, b, [...inB, ...ofB]).reshape([numelOf(summed), numelOf(columns)]);
  return left.matmul(right).reshape([...rows, ...columns]);
}
