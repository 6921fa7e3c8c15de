// Element-wise kernels of two operands whose shapes broadcast as in NumPy, and the sums over repeated dimensions that their gradients need.
import { give, share } from '../autograd';
import * as calls from '../calls.generated';
import type { DType } from '../memory';
import { kernels } from '../native';
import { broadcastShapes, layoutOf, numelOf, sameShape, stridesOf } from '../shape';
import { checkTensor, constant, empty, Tensor } from '../tensor';

/** The type of the right operand of arithmetic. */
export type Operand = Tensor | number;

export type BinaryKernel =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'pow'
  | 'maximum'
  | 'minimum'
  | 'remainder'
  | 'fmod'
  | 'floorDivide'
  | 'atan2'
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  | 'addInt'
  | 'subInt'
  | 'mulInt'
  | 'maximumInt'
  | 'minimumInt'
  | 'remainderInt'
  | 'floorDivideInt'
  | 'eqInt'
  | 'neInt'
  | 'ltInt'
  | 'leInt'
  | 'gtInt'
  | 'geInt';

/** A scalar tensor that holds a number. */
export function scalar(value: number, dtype: DType = 'float32'): Tensor {
  const t = constant([], dtype);
  t.values[0] = value;
  return t;
}

/** The right operand as a tensor. A number becomes int32 if the left operand is int32 and the number is an int32, else float32. */
export function operand(where: string, left: Tensor, right: unknown): Tensor {
  if (typeof right === 'number') return scalar(right, left.dtype === 'int32' && (right | 0) === right ? 'int32' : 'float32');
  return checkTensor(where, 'other', right);
}

/** x repeated to `shape`, without history; x itself if it has that shape already. */
export function repeated(where: string, x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const y = empty(shape.slice(), x.dtype);
  const layout = layoutOf(where, shape, { strides: stridesOf(shape) }, { strides: repeatStrides(x.shape, shape) });
  calls.copyStrided({ out: y.values, x: x.values, layout });
  return y;
}

/** The layout of two contiguous operands with n elements. */
export const flatLayout = (n: number): Int32Array => Int32Array.of(1, n, 1, 0, 1, 0);

/** The layout of an operand with `n` elements and one with a single element. */
export const byOneLayout = (n: number): Int32Array => Int32Array.of(1, n, 1, 0, 0, 0);

/** The strides of a tensor of shape `from` that is repeated to shape `to`. */
export function repeatStrides(from: readonly number[], to: readonly number[]): number[] {
  const strides = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((_, d) => (d < missing || from[d - missing] === 1 ? 0 : strides[d - missing]!));
}

/** `kernel` applied to two tensors of the kernel's own dtype. */
export function binary(where: string, kernel: BinaryKernel, a: Tensor, b: Tensor, dtype: DType): Tensor {
  const same = sameShape(a.shape, b.shape);
  const shape = same ? a.shape.slice() : broadcastShapes(where, a.shape, b.shape);
  const out = empty(shape, dtype);
  const layout = same
    ? flatLayout(a.numel)
    : layoutOf(where, shape, { strides: repeatStrides(a.shape, shape) }, { strides: repeatStrides(b.shape, shape) });
  const call = kernels[kernel] as (out: unknown, a: unknown, b: unknown, layout: Int32Array) => void;
  call(out.values, a.values, b.values, layout);
  return out;
}

/**
 * The sum of x times `scale` over the dimensions marked in `reduced`, which stay with size 1; x itself if none is marked.
 * Neighbouring dimensions are summed as one.
 */
export function sumOver(x: Tensor, reduced: readonly boolean[], scale = 1): Tensor {
  const sizes = x.shape.slice();
  let y = x;
  for (let last = sizes.length - 1; last >= 0; last--) {
    if (!reduced[last]) continue;
    let first = last;
    while (first > 0 && reduced[first - 1]) first--;
    const n = numelOf(sizes.slice(first, last + 1));
    const outer = numelOf(sizes.slice(0, first));
    const inner = numelOf(sizes.slice(last + 1));
    sizes.fill(1, first, last + 1);
    const out = empty(sizes.slice(), x.dtype);
    if (x.dtype === 'int32') calls.sumInt({ out: out.ints, x: y.ints, outer, n, inner });
    else calls.sum({ out: out.floats, x: y.floats, outer, n, inner, scale: y === x ? scale : 1 });
    y = out;
    last = first;
  }
  return y;
}

/** Adds `gradient`, which has the broadcast shape, to t's gradient. `fresh` tells that t may keep the memory of `gradient`. */
export function giveSummed(t: Tensor, gradient: Tensor, fresh: boolean): void {
  if (!t.needsGrad) return;
  if (!sameShape(t.shape, gradient.shape)) {
    const missing = gradient.shape.length - t.shape.length;
    const reduced = gradient.shape.map((size, d) => d < missing || (t.shape[d - missing] === 1 && size !== 1));
    give(t, new Tensor(sumOver(gradient, reduced).values, t.shape.slice()));
  } else if (fresh) {
    give(t, gradient);
  } else {
    share(t, gradient);
  }
}
