// Norms and distances.
import { give, record } from '../autograd';
import { checkBoolean, checkNumber, describe, rangeError, typeError, withDefaults } from '../errors';
import { broadcastShapes, normalizeDim, shapeText } from '../shape';
import { checkTensor, empty, Tensor } from '../tensor';
import { extremesOver } from './amax';
import { binary, scalar } from './broadcast';
import { choose } from './choose';
import { reducedDims } from './reduce';
import { root } from './root';
import './arithmetic';
import './truth';
import * as calls from '../calls.generated';

type Dim = number | readonly number[];

/** Throws unless p is the exponent of a norm. */
export function checkExponent(where: string, p: unknown): number {
  if (p === 'fro') return 2;
  if (typeof p !== 'number' || Number.isNaN(p)) {
    throw typeError(where, `expected p to be a number or "fro", got ${describe(p)}`, 'p is the exponent: 1, 2, Infinity, ...');
  }
  return p;
}

// (sum |x|^p)^(1/p) over the dimensions, for exponents without a formula of their own. The gradient is
// sign(x) |x|^(p-1) / norm^(p-1), and 0 where x or the norm is 0.
function powerNorm(where: string, x: Tensor, dims: readonly number[], keepdim: boolean, p: number): Tensor {
  const kept = x.shape.map((size, d) => (dims.includes(d) ? 1 : size));
  const powers = x.detach().abs().pow(p);
  const y = powers.sum(dims, { keepdim }).pow(1 / p);
  return record(y, 'norm', [x], [x, y], (dy) => {
    const zero = scalar(0);
    const size = empty(x.shape.slice());
    calls.absForward({ y: size.floats, x: x.floats, n: x.numel });
    const sign = empty(x.shape.slice());
    calls.signForward({ y: sign.floats, x: x.floats, n: x.numel });
    const power = empty(x.shape.slice());
    calls.powScalarForward({ y: power.floats, x: size.floats, n: x.numel, exponent: p - 1 });
    const safe = choose(where, binary(where, 'eq', x, zero, 'int32'), zero, power);
    const scale = empty(kept);
    calls.powScalarForward({ y: scale.floats, x: y.floats, n: y.numel, exponent: 1 - p });
    const factor = binary(where, 'mul', new Tensor(dy.values, kept), scale, 'float32');
    const wanted = choose(where, binary(where, 'eq', new Tensor(y.values, kept), zero, 'int32'), zero, factor);
    give(x, binary(where, 'mul', binary(where, 'mul', sign, safe, 'float32'), wanted, 'float32'));
  });
}

// The number of elements that are not 0. It is a step function, so its gradient is 0.
function countNorm(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  const y = x.ne(0).sum(dims, { keepdim }).to('float32');
  return record(y, 'norm', [x], [], () => {
    const dx = empty(x.shape.slice());
    calls.fill({ out: dx.floats, n: x.numel, value: 0 });
    give(x, dx);
  });
}

/** The norm of the vectors along `dim`. */
export function normOf(where: string, x: Tensor, p: number, dim: Dim | undefined, keepdim: boolean): Tensor {
  checkTensor(where, 'x', x, 'float32');
  const reduced = reducedDims(where, dim, x.shape.length);
  const dims = reduced.flatMap((is, d) => (is ? [d] : []));
  if (p === 2) return root('norm', x.square().sum(dims, { keepdim }));
  if (p === 1) return x.abs().sum(dims, { keepdim });
  if (p === 0) return countNorm(x, dims, keepdim);
  if (p === Infinity) return extremesOver('max', where, x.abs(), dims, keepdim);
  if (p === -Infinity) return extremesOver('min', where, x.abs(), dims, keepdim);
  return powerNorm(where, x, dims, keepdim, p);
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The p-norm `(sum |x_i|^p)^(1/p)` over dimension `dim`, over several (an array), or over all (default): `torch.norm`.
     *
     * `p`: 2 by default, also called `"fro"`; 1; Infinity, the largest magnitude; -Infinity, the smallest; 0, the number of elements that are not 0; any other
     * number. The gradient is 0 where the norm is 0. Over several dimensions it is the norm of all their elements as one vector.
     *
     * @example
     * tensor([3, 4]).norm().item(); // 5
     * tensor([[3, -4], [1, 2]]).norm(1, 1).toArray(); // [7, 3]
     */
    norm(p?: number | 'fro', dim?: number | readonly number[], options?: { keepdim?: boolean }): Tensor;
    /**
     * The p-norm of `x - other`, p 2 by default, a scalar; shapes broadcast. As `torch.dist`.
     *
     * @example
     * tensor([1, 2]).dist(tensor([4, 6])).item(); // 5
     */
    dist(other: Tensor, p?: number): Tensor;
    /**
     * The tensor in which each slice along `dim` whose p-norm exceeds `maxnorm` is scaled down to that norm: `torch.renorm`. p is above 0; x has at least two
     * dimensions.
     *
     * @example
     * tensor([[3, 4], [0, 1]]).renorm(2, 0, 1).toArray().flat().map((v) => v.toFixed(2)); // ["0.60", "0.80", "0.00", "1.00"]
     */
    renorm(p: number, dim: number, maxnorm: number): Tensor;
  }
}

Tensor.prototype.norm = function (this: Tensor, p = 2, dim, options) {
  const where = 'Tensor.norm';
  const { keepdim } = withDefaults(where, options, { keepdim: false });
  return normOf(where, this, checkExponent(where, p), dim, checkBoolean(where, 'keepdim', keepdim));
};

Tensor.prototype.dist = function (this: Tensor, other, p = 2) {
  const where = 'Tensor.dist';
  checkTensor(where, 'x', this, 'float32');
  checkTensor(where, 'other', other, 'float32');
  broadcastShapes(where, this.shape, other.shape);
  return normOf(where, this.sub(other), checkExponent(where, p), undefined, false);
};

Tensor.prototype.renorm = function (this: Tensor, p, dim, maxnorm) {
  const where = 'Tensor.renorm';
  checkTensor(where, 'x', this, 'float32');
  checkNumber(where, 'p', p);
  if (p <= 0) throw rangeError(where, `expected p above 0, got ${p}`);
  checkNumber(where, 'maxnorm', maxnorm, 0);
  const rank = this.shape.length;
  if (rank < 2) throw rangeError(where, `expected two dimensions or more, got ${shapeText(this.shape)}`);
  const own = normalizeDim(where, dim, rank);
  const others = this.shape.map((_, d) => d).filter((d) => d !== own);
  const norm = normOf(where, this, p, others, true);
  return this.mul(choose(where, norm.detach().gt(maxnorm), norm.add(1e-7).reciprocal().mul(maxnorm), scalar(1)));
};
