// Integrals by the trapezoidal rule, and Vandermonde matrices.
import { checkBoolean, checkInteger, checkNumber, rangeError, withDefaults } from '../errors';
import { broadcastShapes, normalizeDim, shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { stack } from './join';
import { onesLike } from './likes';
import './arithmetic';
import './narrow';
import './reduce';
import './scans';
import './views';

/** The options of `trapezoid` and `cumulativeTrapezoid`. */
export interface TrapezoidOptions {
  /** The distance of neighbouring points if `x` is not given (1). */
  dx?: number;
  /** The dimension to integrate along (-1). */
  dim?: number;
}

/**
 * The integral of `y` along `dim` (the last by default) by the trapezoidal rule: `torch.trapezoid`. With points `x` it is `sum (x_i+1 - x_i) (y_i + y_i+1) /
 * 2`; without them neighbouring points have the distance `dx` (1).
 *
 * y and x are float32. x is `[n]`, with as many elements as y along dim, or has a shape that broadcasts with y's. Fewer than two elements give 0.
 *
 * @example
 * trapezoid(tensor([1, 2, 4])).item(); // 4.5
 * trapezoid(tensor([1, 2, 4]), tensor([0, 1, 3])).item(); // 7.5
 * trapezoid(tensor([[1, 2, 4], [0, 0, 2]]), null, { dx: 2 }).toArray(); // [9, 2]
 */
export function trapezoid(y: Tensor, x: Tensor | null = null, options?: TrapezoidOptions): Tensor {
  const { areas, d } = areasOf('trapezoid', y, x, options);
  return areas.sum(d);
}

/**
 * The integrals of `y` along `dim` (the last by default) from its first element to each later one by the trapezoidal rule: `torch.cumulative_trapezoid`. The
 * last one is the result of `trapezoid` with the same arguments; the dimension has one element fewer than y's.
 *
 * @example
 * cumulativeTrapezoid(tensor([1, 2, 4])).toArray(); // [1.5, 4.5]
 * cumulativeTrapezoid(tensor([1, 2, 4]), tensor([0, 1, 3])).toArray(); // [1.5, 7.5]
 */
export function cumulativeTrapezoid(y: Tensor, x: Tensor | null = null, options?: TrapezoidOptions): Tensor {
  const { areas, d } = areasOf('cumulativeTrapezoid', y, x, options);
  return areas.cumsum(d);
}

// The areas between neighbours along dimension d.
function areasOf(where: string, y: Tensor, x: Tensor | null, options: TrapezoidOptions | undefined): { areas: Tensor; d: number } {
  checkTensor(where, 'y', y, 'float32');
  const { dx, dim } = withDefaults(where, options, { dx: 1, dim: -1 });
  checkNumber(where, 'dx', dx);
  const d = normalizeDim(where, dim, y.shape.length);
  const n = y.shape[d];
  if (n === undefined) throw rangeError(where, 'expected y to have dimensions, got []');
  if (n === 0) return { areas: y, d };
  const [first, second] = [0, 1].map((start) => y.narrow(d, start, n - 1)) as [Tensor, Tensor];
  const sums = first.add(second);
  if (x === null) return { areas: sums.mul(dx / 2), d };
  return { areas: sums.mul(stepsOf(where, checkTensor(where, 'x', x, 'float32'), y, d, n)).mul(0.5), d };
}

// The distances of neighbouring points along dimension d of y.
function stepsOf(where: string, x: Tensor, y: Tensor, d: number, n: number): Tensor {
  const places = x.shape.length === 1 ? x.reshape(y.shape.map((_, k) => (k === d ? -1 : 1))) : x;
  const along = d - y.shape.length + places.shape.length;
  if (places.shape[along] !== n)
    throw rangeError(where, `expected x [${n}] or a shape like y's, ${shapeText(y.shape)}, got ${shapeText(x.shape)}`);
  if (!broadcastShapes(where, y.shape, places.shape).every((size, k) => size === y.shape[k])) {
    throw rangeError(where, `expected x to broadcast to y, ${shapeText(y.shape)}, got ${shapeText(x.shape)}`);
  }
  return places.narrow(along, 1, n - 1).sub(places.narrow(along, 0, n - 1));
}

/**
 * The Vandermonde matrix: each row has the powers of an element, `x^(n-1), ..., x, 1`, or with `increasing` `1, x, ...`. `torch.vander`. x is `[m]`, the result
 * `[m, n]`; n is m by default.
 *
 * @example
 * vander(tensor([1, 2, 3])).toArray(); // [[1, 1, 1], [4, 2, 1], [9, 3, 1]]
 * vander(tensor([2, 3]), 4, { increasing: true }).toArray(); // [[1, 2, 4, 8], [1, 3, 9, 27]]
 */
export function vander(x: Tensor, n: number | null = null, options?: { increasing?: boolean }): Tensor {
  const where = 'vander';
  checkTensor(where, 'x', x);
  const { increasing } = withDefaults(where, options, { increasing: false });
  checkBoolean(where, 'increasing', increasing);
  if (x.shape.length !== 1) throw rangeError(where, `expected x [m], got ${shapeText(x.shape)}`);
  const count = n === null ? x.numel : checkInteger(where, 'n', n, 0, 2 ** 31 - 1);
  if (count === 0) return x.unsqueeze(1).narrow(1, 0, 0);
  const powers = [onesLike(x)];
  while (powers.length < count) powers.push(powers.length === 1 ? x : powers.at(-1)!.mul(x));
  return stack(increasing ? powers : powers.reverse(), 1);
}
