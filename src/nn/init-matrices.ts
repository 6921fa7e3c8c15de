// Initial values of matrices that are not independent draws, and normal values between bounds. Random numbers are drawn into tensors, as by `normal_` and `uniform_`, and
// their values then read, which no recording can do.
import { noGrad } from '../autograd';
import { checkNumber, rangeError, withDefaults } from '../errors';
import { eye, rand } from '../ops';
import { recorder } from '../recorder';
import { shapeText } from '../shape';
import { changed, checkTensor, empty, type Tensor } from '../tensor';
import { fillAtStart, startsSkipped } from './starting';

function checkMatrix(where: string, t: Tensor): { rows: number; columns: number } {
  checkTensor(where, 'the tensor', t, 'float32');
  if (t.shape.length !== 2) throw rangeError(where, `expected a tensor of 2 dimensions, got ${shapeText(t.shape)}`);
  return { rows: t.shape[0]!, columns: t.shape[1]! };
}

// Subtracts from each of four vectors its component along `q`. Four at once, because each sum is a chain of additions, and `q` has to be fetched from memory.
function takeShares(q: Float64Array, [a, b, c, d]: readonly Float64Array[]): void {
  const n = q.length;
  let [sa, sb, sc, sd] = [0, 0, 0, 0];
  for (let k = 0; k < n; k++) {
    const x = q[k]!;
    sa += x * a![k]!;
    sb += x * b![k]!;
    sc += x * c![k]!;
    sd += x * d![k]!;
  }
  for (let k = 0; k < n; k++) {
    const x = q[k]!;
    a![k]! -= sa * x;
    b![k]! -= sb * x;
    c![k]! -= sc * x;
    d![k]! -= sd * x;
  }
}

// Makes vectors, stored one after the other, orthonormal by the Gram-Schmidt process in float64. The rounding error is below that of a float32, unless a vector is within 1e-8 of
// a combination of those before it, which happens for one in ten million of normal values.
function orthonormalize(vectors: Float64Array, count: number, length: number): void {
  const all = Array.from({ length: count }, (_, i) => vectors.subarray(i * length, (i + 1) * length));
  const spare = new Float64Array(length);
  for (let first = 0; first < count; first += 4) {
    const four = [0, 1, 2, 3].map((i) => all[first + i] ?? spare);
    for (let j = 0; j < first; j++) takeShares(all[j]!, four);
    for (let i = first; i < Math.min(first + 4, count); i++) {
      const v = all[i]!;
      for (let j = first; j < i; j++) takeShares(all[j]!, [v, spare, spare, spare]);
      const norm = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
      for (let k = 0; k < length; k++) v[k] = norm === 0 ? 0 : v[k]! / norm;
    }
  }
}

/**
 * A random orthogonal matrix times `gain`, 1 by default: `torch.nn.init.orthogonal_` (Saxe et al., 2013).
 *
 * As a matrix of `shape[0]` rows: its columns are orthonormal, or its rows where these are fewer; each such matrix is as likely. It is Q of the QR decomposition
 * of normal values with a positive diagonal of R. An error inside a compiled function.
 *
 * A RangeError for a tensor of fewer than 2 dimensions. It takes time with the third power of the size: some seconds for 1,000 rows and columns.
 *
 * @example
 * const w = nn.init.orthogonal_(zeros([2, 3]));
 * w.matmul(w.t()).toArray().flat().map(Math.round); // [1, 0, 0, 1]
 */
export function orthogonal_<T extends Tensor>(t: T, options?: { gain?: number }): T {
  const where = 'init.orthogonal_';
  const { gain } = withDefaults(where, options, { gain: 1 });
  checkNumber(where, 'gain', gain);
  checkTensor(where, 'the tensor', t, 'float32');
  if (t.shape.length < 2) throw rangeError(where, `expected a tensor of 2 or more dimensions, got ${shapeText(t.shape)}`);
  recorder?.reading(where);
  if (t.numel === 0 || startsSkipped()) return t;
  const rows = t.shape[0]!;
  const columns = t.numel / rows;
  noGrad(() => t.normal_());
  const values = t.floats;
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const place = rows < columns ? (i: number, k: number) => i * columns + k : (i: number, k: number) => k * columns + i;
  const vectors = new Float64Array(t.numel);
  for (let i = 0; i < count; i++) for (let k = 0; k < length; k++) vectors[i * length + k] = values[place(i, k)]!;
  orthonormalize(vectors, count, length);
  for (let i = 0; i < count; i++) for (let k = 0; k < length; k++) values[place(i, k)] = gain * vectors[i * length + k]!;
  changed(t);
  return t;
}

/**
 * Normal around 0 with deviation `std`, 0.01 by default, and in each column `ceil(sparsity * rows)` zeros: `torch.nn.init.sparse_` (Martens, 2010).
 *
 * A RangeError for a tensor that has not 2 dimensions and for a sparsity that is not from 0 to 1. An error inside a compiled function.
 *
 * @example
 * const w = nn.init.sparse_(zeros([10, 3]), 0.75);
 * w.eq(0).sum(0).toArray(); // [8, 8, 8]
 */
export function sparse_<T extends Tensor>(t: T, sparsity: number, std: number | { std?: number } = 0.01): T {
  const where = 'init.sparse_';
  const { rows, columns } = checkMatrix(where, t);
  checkNumber(where, 'sparsity', sparsity, 0, 1);
  const deviation = typeof std === 'object' ? withDefaults(where, std, { std: 0.01 }).std : std;
  checkNumber(where, 'std', deviation, 0);
  recorder?.reading(where);
  if (startsSkipped()) return t;
  noGrad(() => t.normal_(0, deviation));
  const zeros = Math.ceil(sparsity * rows);
  const order = rand([columns, rows]).floats;
  const values = t.floats;
  for (let column = 0; column < columns; column++) {
    const drawn = order.subarray(column * rows, (column + 1) * rows);
    const chosen = Array.from(drawn.keys()).sort((a, b) => drawn[a]! - drawn[b]!);
    for (const row of chosen.slice(0, zeros)) values[row * columns + column] = 0;
  }
  changed(t);
  return t;
}

/**
 * Ones on the diagonal, zeros elsewhere: `torch.nn.init.eye_`. A RangeError for a tensor that has not 2 dimensions.
 *
 * @example
 * nn.init.eye_(ones([2, 3])).toArray(); // [[1, 0, 0], [0, 1, 0]]
 */
export function eye_<T extends Tensor>(t: T): T {
  const { rows, columns } = checkMatrix('init.eye_', t);
  return fillAtStart(t, () => t.copy_(eye(rows, columns)));
}

// The distribution function of the normal distribution, with an error of 1e-7 (Abramowitz and Stegun, 7.1.26). It only decides between two methods of drawing.
function normalShare(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const s = 1 / (1 + 0.3275911 * z);
  const tail = s * (0.254829592 + s * (-0.284496736 + s * (1.421413741 + s * (-1.453152027 + s * 1.061405429)))) * Math.exp(-z * z);
  return x > 0 ? 1 - tail / 2 : tail / 2;
}

const greatest = 2 ** 128 - 2 ** 104; // the largest float32

interface Truncated {
  mean: number;
  std: number;
  a: number;
  b: number;
}

// Rejection sampling: `fill` makes candidates, and `accepts` decides about each, until every element is accepted.
function fillAccepted(
  values: Float32Array,
  fill: (candidates: Tensor) => void,
  accepts: (candidates: Float32Array) => (i: number) => boolean,
): void {
  let missing = Array.from(values.keys());
  while (missing.length > 0) {
    const candidates = empty([missing.length]);
    fill(candidates);
    const accepted = accepts(candidates.floats);
    const rejected: number[] = [];
    missing.forEach((place, i) => {
      if (accepted(i)) values[place] = candidates.floats[i]!;
      else rejected.push(place);
    });
    missing = rejected;
  }
}

// If much of the distribution is between the bounds, normal values are drawn until they are. Otherwise uniform values are drawn, each accepted with the probability of its density over the largest
// density. Where `(x - mean)^2` exceeds its least value by `80 std^2`, that is below 1e-17, so the uniform values end there.
function fillTruncated(values: Float32Array, { mean, std, a, b }: Truncated): void {
  const [low, high] = [Math.fround(a), Math.fround(b)];
  const isInside = (x: number): boolean => x >= low && x <= high;
  if (normalShare((high - mean) / std) - normalShare((low - mean) / std) > 0.3) {
    fillAccepted(
      values,
      (candidates) => void candidates.normal_(mean, std),
      (candidates) => (i) => isInside(candidates[i]!),
    );
    return;
  }
  const mode = Math.max(low, Math.min(mean, high));
  const reach = Math.sqrt((mode - mean) ** 2 + 80 * std ** 2);
  const from = Math.max(low, mean - reach);
  const to = Math.max(from, Math.min(high, mean + reach));
  const logDensity = (x: number): number => ((mode - mean) ** 2 - (x - mean) ** 2) / (2 * std ** 2);
  fillAccepted(
    values,
    (candidates) => void candidates.uniform_(from, to),
    (candidates) => {
      const chances = rand([candidates.length]).floats;
      return (i) => isInside(candidates[i]!) && Math.log(chances[i]!) <= logDensity(candidates[i]!);
    },
  );
}

function checkTruncated(where: string, { mean, std, a, b }: Truncated): void {
  checkNumber(where, 'mean', mean, -greatest, greatest);
  if (checkNumber(where, 'std', std, 0, greatest) === 0) throw rangeError(where, 'expected std to be above 0, got 0');
  checkNumber(where, 'a', a, -Infinity, greatest);
  checkNumber(where, 'b', b, Math.max(a, -greatest));
  if (b > greatest && b < Infinity) throw rangeError(where, `expected b to be a float32, got ${b}`);
  if (a < -greatest && a > -Infinity) throw rangeError(where, `expected a to be a float32, got ${a}`);
}

/**
 * Normal with the given mean and deviation, drawn again where it is outside of [a, b]: `torch.nn.init.trunc_normal_`.
 *
 * By default mean 0, deviation 1, from -2 to 2; they are given one by one or as `{ mean, std, a, b }`. A RangeError unless std is above 0 and b at least a. An
 * error inside a compiled function.
 *
 * @example
 * const w = nn.init.truncNormal_(zeros([100]), { std: 0.5, a: 0, b: 1 });
 * w.toArray().every((v) => v >= 0 && v <= 1); // true
 */
export function truncNormal_<T extends Tensor>(t: T, mean: number | Partial<Truncated> = 0, std = 1, a = -2, b = 2): T {
  const where = 'init.truncNormal_';
  checkTensor(where, 'the tensor', t, 'float32');
  const o = typeof mean === 'object' ? withDefaults<Truncated>(where, mean, { mean: 0, std: 1, a: -2, b: 2 }) : { mean, std, a, b };
  checkTruncated(where, o);
  recorder?.reading(where);
  if (startsSkipped()) return t;
  const drawn = new Float32Array(t.numel);
  if (o.a === o.b) drawn.fill(o.a);
  else noGrad(() => fillTruncated(drawn, o));
  t.floats.set(drawn);
  changed(t);
  return t;
}
