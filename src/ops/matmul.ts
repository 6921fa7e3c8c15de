// Products of matrices, of batches of matrices, and of vectors with them.
import { give, hasGradient, open, otherFactors, record } from '../autograd';
import * as calls from '../calls.generated';
import { rangeError } from '../errors';
import { broadcastShapes, numelOf, sameShape, shapeText } from '../shape';
import { checkTensor, empty, Tensor } from '../tensor';
import { repeatStrides } from './broadcast';
import { view } from './views';

// One operand's matrices in the broadcast of both batches: the i-th of `count` matrices begins at `starts[i]`.
interface Batches {
  size: number;
  starts: number[];
  repeated: boolean;
}

function batchesOf(own: readonly number[], all: readonly number[], size: number): Batches {
  const strides = repeatStrides(own, all);
  const starts = [0];
  for (let d = all.length - 1, built = 1; d >= 0; built *= all[d]!, d--) {
    starts.length = built * all[d]!;
    for (let i = built; i < starts.length; i++) starts[i] = starts[i - built]! + strides[d]! * size;
  }
  return { size, starts, repeated: numelOf(own) < numelOf(all) };
}

const at = (memory: Float32Array, batches: Batches, i: number): Float32Array =>
  batches.starts.length === 1 ? memory : memory.subarray(batches.starts[i], batches.starts[i]! + batches.size);

// Adds the product of each batch to the gradient of `t`. A matrix that was used in several products gets the sum of all.
function addProducts(t: Tensor, batches: Batches, multiply: (dt: Float32Array, i: number, accumulate: boolean) => void): void {
  if (!t.needsGrad) return;
  let accumulate = hasGradient(t);
  const dt = open(t)!;
  if (!accumulate && batches.repeated) {
    calls.fill({ out: dt, n: t.numel, value: 0 });
    accumulate = true;
  }
  for (let i = 0; i < batches.starts.length; i++) multiply(at(dt, batches, i), i, accumulate);
}

// a [..., m, k] times b [..., k, n] with the same batch dimensions, in one call.
function batched(a: Tensor, b: Tensor): Tensor {
  const lead = a.shape.slice(0, -2);
  const batch = numelOf(lead);
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape[b.shape.length - 1]!;
  const y = empty([...lead, m, n]);
  calls.batchedMatmul({ c: y.floats, a: a.floats, b: b.floats, batch, m, n, k });
  return record(y, 'matmul', [a, b], otherFactors(a, b), (dy) => {
    // da = dy b^T, db = a^T dy
    if (a.needsGrad) {
      const da = empty(a.shape.slice());
      calls.batchedMatmul({ c: da.floats, a: dy.floats, b: b.floats, batch, m, n: k, k: n, transposeB: true });
      give(a, da);
    }
    if (b.needsGrad) {
      const db = empty(b.shape.slice());
      calls.batchedMatmul({ c: db.floats, a: a.floats, b: dy.floats, batch, m: k, n, k: m, transposeA: true });
      give(b, db);
    }
  });
}

// a [..., m, k] times b [..., k, n], both with at least two dimensions.
function product(a: Tensor, b: Tensor): Tensor {
  const [aLead, bLead] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  if (aLead.length > 0 && sameShape(aLead, bLead)) return batched(a, b);
  const lead = broadcastShapes('Tensor.matmul', aLead, bLead);
  const k = a.shape[a.shape.length - 1]!;
  const n = b.shape[b.shape.length - 1]!;
  const rows = a.shape[a.shape.length - 2]!;
  // If all of a's batches use the same b, the rows of all batches together are one matrix.
  const joined = bLead.length === 0;
  const m = joined ? numelOf(aLead) * rows : rows;
  const batch = joined ? [] : lead;
  const aBatches = batchesOf(joined ? [] : aLead, batch, m * k);
  const bBatches = batchesOf(bLead, batch, k * n);
  const yBatches = batchesOf(batch, batch, m * n);
  const y = empty([...lead, rows, n]);
  for (let i = 0; i < yBatches.starts.length; i++) {
    calls.matmul({ c: at(y.floats, yBatches, i), a: at(a.floats, aBatches, i), b: at(b.floats, bBatches, i), m, n, k });
  }
  return record(y, 'matmul', [a, b], otherFactors(a, b), (dy) => {
    // da = dy b^T, db = a^T dy
    addProducts(a, aBatches, (da, i, accumulate) => {
      calls.matmul({ c: da, a: at(dy.floats, yBatches, i), b: at(b.floats, bBatches, i), m, n: k, k: n, transposeB: true, accumulate });
    });
    addProducts(b, bBatches, (db, i, accumulate) => {
      calls.matmul({ c: db, a: at(a.floats, aBatches, i), b: at(dy.floats, yBatches, i), m: k, n, k: m, transposeA: true, accumulate });
    });
  });
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The matrix product, as `torch.matmul`: `[m, k]` with `[k, n]` gives `[m, n]`; leading dimensions are batches and broadcast; a vector on the left
     * counts as a row, on the right as a column, and that dimension is left out of the result.
     *
     * float32 only, where PyTorch multiplies integers too. A RangeError when the inner sizes differ, or for a scalar.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).matmul(tensor([1, 1])).toArray(); // [3, 7]
     */
    matmul(other: Tensor): Tensor;
  }
}

Tensor.prototype.matmul = function (this: Tensor, other) {
  const where = 'Tensor.matmul';
  checkTensor(where, 'x', this, 'float32');
  checkTensor(where, 'other', other, 'float32');
  const [left, right] = [this.shape, other.shape];
  if (left.length === 0 || right.length === 0) throw rangeError(where, 'a scalar has no rows or columns', 'mul() multiplies by a scalar');
  const k = left[left.length - 1]!;
  if (right[Math.max(0, right.length - 2)] !== k) {
    const expected = right.length === 1 ? [k] : ['*', k, 'n'];
    throw rangeError(where, `expected other ${shapeText(expected)} for x ${shapeText(left)}, got ${shapeText(right)}`);
  }
  const a = left.length === 1 ? view(this, [1, left[0]!]) : this;
  const b = right.length === 1 ? view(other, [right[0]!, 1]) : other;
  const y = product(a, b);
  if (a === this && b === other) return y;
  const shape = y.shape.filter((_, d) => !(a !== this && d === y.shape.length - 2) && !(b !== other && d === y.shape.length - 1));
  return view(y, shape);
};
