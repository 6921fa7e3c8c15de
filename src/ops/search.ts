// Binary search in sorted sequences, and membership.
import { checkBoolean, checkOneOf, describe, rangeError, typeError, withDefaults } from '../errors';
import { sameShape, shapeText } from '../shape';
import { checkTensor, constant, Tensor } from '../tensor';
import { scalar } from './broadcast';
import './arithmetic';
import './compare';
import './expand';
import './select';
import './sort';
import './truth';
import './views';

// The number of elements of each row of `sorted` that come before each value of the same row of `values`, by binary search with the same number of steps for
// every value. Equal elements come before a value if `right`; NaN comes after all.
function placesOf(sorted: Tensor, values: Tensor, right: boolean): Tensor {
  const last = sorted.shape.length - 1;
  const before = (index: Tensor): Tensor => {
    const met = sorted.gather(last, index);
    return (right ? met.gt(values) : met.ge(values)).logicalNot();
  };
  let places = constant(values.shape.slice(), 'int32');
  let length = sorted.shape[last]!;
  if (length === 0) return places;
  const steps = (count: number): Tensor => scalar(count, 'int32');
  for (; length > 1; length -= length >> 1) {
    const half = length >> 1;
    places = places.add(before(places.add(steps(half - 1))).mul(steps(half)));
  }
  return places.add(before(places));
}

function numberOrTensor(where: string, name: string, value: unknown, like: Tensor): Tensor {
  if (typeof value !== 'number') return checkTensor(where, name, value, like.dtype).detach();
  if (like.dtype === 'int32' && (value | 0) !== value) throw rangeError(where, `expected ${name} to be an int32, got ${value}`);
  return scalar(value, like.dtype);
}

function search(where: string, names: [sorted: string, values: string], sorted: Tensor, given: unknown, right: boolean): Tensor {
  const values = numberOrTensor(where, names[1], given, sorted);
  if (sorted.shape.length === 1) return placesOf(sorted, values.reshape([-1]), right).reshape(values.shape);
  const rows = sorted.shape.slice(0, -1);
  if (values.shape.length === 0 || sorted.shape.length === 0 || !sameShape(rows, values.shape.slice(0, -1))) {
    const got = `${shapeText(sorted.shape)} and ${shapeText(values.shape)}`;
    throw rangeError(where, `expected ${names[0]} [n], or both to differ in the last dimension alone, got ${got}`);
  }
  return placesOf(sorted, values, right);
}

/** The options of `searchsorted`. */
export interface SearchsortedOptions {
  /** Whether a value's place is behind equal elements (false). */
  right?: boolean;
  /** The same as a word: `"right"` is `right: true`; `"left"` is the default and contradicts `right: true`. */
  side?: 'left' | 'right' | null;
  /** The indices that sort the sequence, as `argsort` returns them, int32 of the same shape; without it the sequence must be in ascending order. */
  sorter?: Tensor | null;
}

/**
 * The index at which each value would have to be inserted into a sorted sequence to keep it sorted, int32: `torch.searchsorted`.
 *
 * `i` satisfies `sorted[i - 1] < v <= sorted[i]`, with `right` `sorted[i - 1] <= v < sorted[i]`; NaN comes after all.
 *
 * Shapes: sorted `[n]` and values of any shape or a number; or sorted `[..., n]` and values `[..., m]`, row by row. The result has the shape of values. A TypeError if
 * their element types differ. A sequence that is not sorted gives meaningless results, as in PyTorch. There is no gradient.
 *
 * @example
 * searchsorted(tensor([1, 3, 5]), tensor([0, 3, 6])).toArray(); // [0, 1, 3]
 * searchsorted(tensor([1, 3, 5]), 3, { right: true }).item(); // 2
 */
export function searchsorted(sorted: Tensor, values: Tensor | number, options?: SearchsortedOptions): Tensor {
  const where = 'searchsorted';
  checkTensor(where, 'sorted', sorted);
  const { right, side, sorter } = withDefaults<Required<SearchsortedOptions>>(where, options, { right: false, side: null, sorter: null });
  checkBoolean(where, 'right', right);
  if (side !== null) checkOneOf(where, 'side', side, ['left', 'right']);
  if (right && side === 'left') throw rangeError(where, 'side "left" stands against right: true');
  let sequence = sorted.detach();
  if (sorter !== null) {
    checkTensor(where, 'sorter', sorter, 'int32');
    if (!sameShape(sorter.shape, sorted.shape)) {
      throw rangeError(where, `expected sorter ${shapeText(sorted.shape)}, got ${shapeText(sorter.shape)}`);
    }
    sequence = sequence.gather(-1, sorter);
  }
  return search(where, ['sorted', 'values'], sequence, values, right || side === 'right');
}

/**
 * The number of the interval between sorted boundaries in which each element of `x` lies, int32: `torch.bucketize`.
 *
 * `i` satisfies `boundaries[i - 1] < x <= boundaries[i]`, with `right: true` `boundaries[i - 1] <= x < boundaries[i]`. It is 0 below the first boundary, and
 * the number of boundaries above the last one and for NaN. x is a tensor of any shape or a number, boundaries `[n]` of the same element type. There is no
 * gradient.
 *
 * @example
 * bucketize(tensor([0.5, 1, 7]), tensor([1, 3, 5])).toArray(); // [0, 0, 3]
 * bucketize(tensor([0.5, 1, 7]), tensor([1, 3, 5]), { right: true }).toArray(); // [0, 1, 3]
 */
export function bucketize(x: Tensor | number, boundaries: Tensor, options?: { right?: boolean }): Tensor {
  const where = 'bucketize';
  checkTensor(where, 'boundaries', boundaries);
  const { right } = withDefaults(where, options, { right: false });
  checkBoolean(where, 'right', right);
  if (boundaries.shape.length !== 1) throw rangeError(where, `expected boundaries [n], got ${shapeText(boundaries.shape)}`);
  return search(where, ['boundaries', 'x'], boundaries.detach(), x, right);
}

/**
 * 1 where an element of `elements` is among `testElements`, else 0, int32, where PyTorch gives booleans: `torch.isin`. `invert` exchanges 1 and 0.
 *
 * Both are tensors of any shape, or one is a number; the result has the shape of elements. int32 and float32 are compared as float32. NaN equals
 * nothing. `assumeUnique` is accepted for compatibility and has no effect.
 *
 * @example
 * isin(tensor([[1, 2], [3, 4]]), tensor([2, 4])).toArray(); // [[0, 1], [0, 1]]
 * isin(tensor([1, 2, 3]), 2, { invert: true }).toArray(); // [1, 0, 1]
 */
export function isin(
  elements: Tensor | number,
  testElements: Tensor | number,
  options?: { assumeUnique?: boolean; invert?: boolean },
): Tensor {
  const where = 'isin';
  const { assumeUnique, invert } = withDefaults(where, options, { assumeUnique: false, invert: false });
  checkBoolean(where, 'assumeUnique', assumeUnique);
  checkBoolean(where, 'invert', invert);
  if (typeof elements === 'number' && typeof testElements === 'number') {
    throw typeError(where, 'expected one of both to be a tensor, got two numbers');
  }
  const [x, among] = alike(operandOf(where, 'elements', elements), operandOf(where, 'testElements', testElements));
  const found = foundIn(x, among);
  return invert ? found.logicalNot() : found;
}

// A number becomes float32, so that it is compared with int32 as float32.
function operandOf(where: string, name: string, value: unknown): Tensor {
  if (typeof value === 'number') return scalar(value);
  if (!(value instanceof Tensor)) throw typeError(where, `expected ${name} to be a tensor or a number, got ${describe(value)}`);
  return checkTensor(where, name, value).detach();
}

const alike = (a: Tensor, b: Tensor): [Tensor, Tensor] => (a.dtype === b.dtype ? [a, b] : [a.to('float32'), b.to('float32')]);

// Whether an element equals the smallest of `among` that is not below it.
function foundIn(x: Tensor, among: Tensor): Tensor {
  if (among.numel === 0) return constant(x.shape.slice(), 'int32');
  const sorted = among.reshape([-1]).sort().values;
  const places = placesOf(sorted.narrow(0, 0, among.numel - 1), x.reshape([-1]), false); // if none of these is large enough, the last element is compared
  return sorted
    .gather(0, places)
    .eq(x.reshape([-1]))
    .reshape(x.shape);
}
