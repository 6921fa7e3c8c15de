// Padding.
import { checkInteger, checkNumber, checkOneOf, describe, rangeError, typeError, withDefaults } from '../errors';
import { shapeText } from '../shape';
import { checkTensor, constant, type Tensor } from '../tensor';
import { full } from './create';
import { cat } from './join';
import './narrow';
import './select';

/** How the elements around a tensor are made. */
export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

const where = 'pad';

// The element of a line of n that place i shows, for places outside the line too.
const sources: Record<Exclude<PadMode, 'constant'>, (i: number, n: number) => number> = {
  reflect: (i, n) => (i < 0 ? -i : i < n ? i : 2 * (n - 1) - i),
  replicate: (i, n) => Math.min(Math.max(i, 0), n - 1),
  circular: (i, n) => (i + n) % n,
};
const most: Record<PadMode, (n: number) => number> = {
  constant: () => Infinity,
  reflect: (n) => n - 1,
  replicate: (n) => (n === 0 ? 0 : Infinity),
  circular: (n) => n,
};

function checkSizes(x: Tensor, sizes: unknown): readonly number[] {
  if (!Array.isArray(sizes)) throw typeError(where, `expected sizes to be an array of integers, got ${describe(sizes)}`);
  for (const [i, size] of sizes.entries()) checkInteger(where, `sizes[${i}]`, size, -(2 ** 31), 2 ** 31 - 1);
  if (sizes.length % 2 !== 0 || sizes.length > 2 * x.shape.length) {
    throw rangeError(where, `expected sizes to be pairs for at most ${x.shape.length} dimensions, got [${sizes.join(', ')}]`);
  }
  return sizes;
}

function along(x: Tensor, d: number, before: number, after: number, mode: PadMode, value: number): Tensor {
  const n = x.shape[d]!;
  const [cut, cutBehind] = [Math.max(0, -before), Math.max(0, -after)];
  if (cut + cutBehind > n)
    throw rangeError(where, `dimension ${d} of ${shapeText(x.shape)} is shorter than what ${before} and ${after} cut off`);
  if (Math.max(before, after) > most[mode](n)) {
    throw rangeError(
      where,
      `"${mode}" pads dimension ${d} of ${shapeText(x.shape)} by at most ${most[mode](n)}, got ${before} and ${after}`,
    );
  }
  if (mode !== 'constant') {
    const index = constant([n + before + after], 'int32');
    for (let i = 0; i < index.numel; i++) index.values[i] = sources[mode](i - before, n);
    return x.indexSelect(d, index);
  }
  const kept = x.narrow(d, cut, n - cut - cutBehind);
  const edge = (size: number): Tensor[] => (size <= 0 ? [] : [full(x.shape.with(d, size), value, { dtype: x.dtype })]);
  const parts = [...edge(before), kept, ...edge(after)];
  return parts.length === 1 ? kept : cat(parts, d, where);
}

/**
 * `x` with elements added around it: `torch.nn.functional.pad`. `sizes` has pairs: how many elements before and behind along the last dimension, then along the
 * one before it, and so on; negative sizes cut elements off.
 *
 * `mode`: `"constant"` adds `value` (0); `"reflect"` mirrors at the last element, which is not repeated; `"replicate"` repeats the last element; `"circular"`
 * continues from the other end. All modes work in any dimension; PyTorch's last three modes only work in one to three dimensions of images. A RangeError if
 * there are too few elements to mirror, and for a `value` in another mode than `"constant"`.
 *
 * @example
 * nn.functional.pad(tensor([1, 2, 3]), [1, 2]).toArray(); // [0, 1, 2, 3, 0, 0]
 * nn.functional.pad(tensor([1, 2, 3]), [2, 1], { mode: "reflect" }).toArray(); // [3, 2, 1, 2, 3, 2]
 * nn.functional.pad(tensor([[1, 2]]), [0, 0, 1, 0], { value: 7 }).toArray(); // [[7, 7], [1, 2]]
 */
export function pad(x: Tensor, sizes: readonly number[], options?: { mode?: PadMode; value?: number | null }): Tensor {
  checkTensor(where, 'x', x);
  const { mode, value } = withDefaults<{ mode: PadMode; value: number | null }>(where, options, { mode: 'constant', value: null });
  checkOneOf(where, 'mode', mode, ['constant', 'reflect', 'replicate', 'circular']);
  if (value !== null) checkNumber(where, 'value', value);
  if (mode !== 'constant' && (value ?? 0) !== 0) throw rangeError(where, `"${mode}" takes no value, got ${value}`);
  const pairs = checkSizes(x, sizes);
  let y = x;
  for (let i = 0; i < pairs.length; i += 2) {
    const [before, after] = [pairs[i]!, pairs[i + 1]!];
    if (before !== 0 || after !== 0) y = along(y, x.shape.length - 1 - i / 2, before, after, mode, value ?? 0);
  }
  return y;
}
