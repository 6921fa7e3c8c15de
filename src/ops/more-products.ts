// Products under PyTorch's more specific names, and products that are added to something.
import { checkNumber, rangeError, withDefaults } from '../errors';
import { broadcastShapes, normalizeDim, shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { permute } from './transpose';
import { view } from './views';
import './arithmetic';
import './flip';
import './matmul';
import './reduce';

const kinds: Record<number, string> = { 1: 'a vector', 2: 'a matrix', 3: 'a batch of matrices' };

function checkRank(where: string, name: string, t: unknown, rank: number, of: Tensor | null = null): Tensor {
  const x = checkTensor(where, name, t, of?.dtype === 'int32' ? 'int32' : 'float32');
  if (x.shape.length !== rank) throw rangeError(where, `expected ${name} to be ${kinds[rank]}, got ${shapeText(x.shape)}`);
  return x;
}

function checkInner(where: string, left: Tensor, name: string, right: Tensor): void {
  if (left.shape.at(-1) !== right.shape[0]) {
    throw rangeError(
      where,
      `expected ${name} to begin with ${left.shape.at(-1)}, the last size of ${shapeText(left.shape)}, got ${shapeText(right.shape)}`,
    );
  }
}

const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : x.mul(factor));

type Factors = { beta?: number; alpha?: number };

declare module '../tensor' {
  interface Tensor {
    /**
     * The product of two matrices, `[m, k]` and `[k, n]`: `torch.mm`. `matmul` also takes vectors and batches.
     *
     * @example
     * tensor([[1, 2]]).mm(tensor([[3], [4]])).toArray(); // [[11]]
     */
    mm(mat2: Tensor): Tensor;
    /**
     * The products of two batches of matrices, `[batch, m, k]` and `[batch, k, n]`: `torch.bmm`.
     *
     * @example
     * ones([2, 1, 3]).bmm(ones([2, 3, 1])).toArray(); // [[[3]], [[3]]]
     */
    bmm(mat2: Tensor): Tensor;
    /**
     * `beta * x + alpha * batch1 @ batch2` for batches of matrices, with the rules of `addmm`: `torch.baddbmm`.
     *
     * @example
     * ones([1]).baddbmm(ones([2, 1, 3]), ones([2, 3, 1])).toArray(); // [[[4]], [[4]]]
     */
    baddbmm(batch1: Tensor, batch2: Tensor, options?: { beta?: number; alpha?: number }): Tensor;
    /**
     * The product of a matrix `[m, k]` and a vector `[k]`: `torch.mv`.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).mv(tensor([1, 1])).toArray(); // [3, 7]
     */
    mv(vec: Tensor): Tensor;
    /**
     * The inner product of two vectors of one length, a scalar; int32 of two int32 vectors. As `torch.dot`.
     *
     * @example
     * tensor([1, 2]).dot(tensor([3, 4])).item(); // 11
     */
    dot(other: Tensor): Tensor;
    /**
     * `dot` by another name: `torch.vdot`, which is the same for real numbers.
     *
     * @example
     * tensor([1, 2]).vdot(tensor([3, 4])).item(); // 11
     */
    vdot(other: Tensor): Tensor;
    /**
     * The outer product `x[i] * vec2[j]` of this vector `[n]` and `vec2` `[m]`: `[n, m]`. As `torch.outer`.
     *
     * @example
     * tensor([1, 2]).outer(tensor([3, 4])).toArray(); // [[3, 4], [6, 8]]
     */
    outer(vec2: Tensor): Tensor;
    /**
     * The Kronecker product, in which each element of this tensor is replaced by the element times `other`. Each size is the product of the two sizes; the
     * tensor with fewer dimensions gets sizes of 1 in front. As `torch.kron`.
     *
     * @example
     * tensor([1, 2]).kron(tensor([3, 4])).toArray(); // [3, 4, 6, 8]
     */
    kron(other: Tensor): Tensor;
    /**
     * The cross products of vectors of three elements along `dim`, by default the first dimension of size 3; the other sizes broadcast. As `torch.cross`.
     *
     * @example
     * tensor([1, 0, 0]).cross(tensor([0, 1, 0])).toArray(); // [0, 0, 1]
     */
    cross(other: Tensor, dim?: number): Tensor;
    /**
     * The inner products of all pairs of vectors along the last dimensions: `[..., k]` and `[..., k]` give the leading dimensions of both, one after the other. A
     * scalar multiplies. float32. As `torch.inner`.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).inner(tensor([1, 1])).toArray(); // [3, 7]
     */
    inner(other: Tensor): Tensor;
    /**
     * `beta * x + alpha * mat1 @ mat2`, where x broadcasts to the product and both factors are 1 by default; with beta 0 x is not read. As `torch.addmm`.
     *
     * @example
     * tensor([10, 20]).addmm(tensor([[1, 2]]), eye(2)).toArray(); // [[11, 22]]
     */
    addmm(mat1: Tensor, mat2: Tensor, options?: { beta?: number; alpha?: number }): Tensor;
    /**
     * `beta * x + alpha * mat @ vec`, with the rules of `addmm`: `torch.addmv`.
     *
     * @example
     * tensor([10, 20]).addmv(eye(2), tensor([1, 2])).toArray(); // [11, 22]
     */
    addmv(mat: Tensor, vec: Tensor, options?: { beta?: number; alpha?: number }): Tensor;
    /**
     * `beta * x + alpha` times the sum of the products of all pairs of matrices, `[batch, m, k]` and `[batch, k, n]`, with the rules of `addmm`: `torch.addbmm`.
     *
     * @example
     * ones([1]).addbmm(ones([2, 1, 3]), ones([2, 3, 1])).toArray(); // [[7]]
     */
    addbmm(batch1: Tensor, batch2: Tensor, options?: { beta?: number; alpha?: number }): Tensor;
    /**
     * `beta * x + alpha` times the outer product of two vectors, with the rules of `addmm`: `torch.addr`.
     *
     * @example
     * ones([2, 2]).addr(tensor([1, 2]), tensor([3, 4])).toArray(); // [[4, 5], [7, 9]]
     */
    addr(vec1: Tensor, vec2: Tensor, options?: { beta?: number; alpha?: number }): Tensor;
    /**
     * `x + value * tensor1 * tensor2`, element by element; `value` is 1 by default, shapes broadcast. As `torch.addcmul`.
     *
     * @example
     * tensor([1, 2]).addcmul(tensor([3, 4]), tensor([5, 6]), { value: 0.5 }).toArray(); // [8.5, 14]
     */
    addcmul(tensor1: Tensor, tensor2: Tensor, options?: { value?: number }): Tensor;
    /**
     * `x + value * tensor1 / tensor2`, element by element; `value` is 1 by default, shapes broadcast. As `torch.addcdiv`.
     *
     * @example
     * tensor([1, 2]).addcdiv(tensor([3, 4]), tensor([2, 8])).toArray(); // [2.5, 2.5]
     */
    addcdiv(tensor1: Tensor, tensor2: Tensor, options?: { value?: number }): Tensor;
  }
}

Tensor.prototype.mm = function (this: Tensor, mat2) {
  const where = 'Tensor.mm';
  checkInner(where, checkRank(where, 'x', this, 2), 'mat2', checkRank(where, 'mat2', mat2, 2));
  return this.matmul(mat2);
};

function checkBatches(where: string, left: Tensor, name: string, right: Tensor): void {
  const [batch, , k] = left.shape as [number, number, number];
  if (right.shape[0] !== batch || right.shape[1] !== k) {
    throw rangeError(where, `expected ${name} ${shapeText([batch, k, '*'])} for ${shapeText(left.shape)}, got ${shapeText(right.shape)}`);
  }
}

Tensor.prototype.bmm = function (this: Tensor, mat2) {
  const where = 'Tensor.bmm';
  checkBatches(where, checkRank(where, 'x', this, 3), 'mat2', checkRank(where, 'mat2', mat2, 3));
  return this.matmul(mat2);
};

/** x and the products of two batches of matrices, which `take` turns into what is added to x. */
function addedBatches(
  where: string,
  x: Tensor,
  batch1: Tensor,
  batch2: Tensor,
  options: Factors | undefined,
  take: (products: Tensor) => Tensor,
): Tensor {
  const products = (checked: Checked): Tensor => {
    checkBatches(where, checked('batch1', batch1, 3), 'batch2', checked('batch2', batch2, 3));
    return take(batch1.matmul(batch2));
  };
  return added(where, x, products, options);
}

Tensor.prototype.baddbmm = function (this: Tensor, batch1, batch2, options) {
  return addedBatches('Tensor.baddbmm', this, batch1, batch2, options, (products) => products);
};

Tensor.prototype.addbmm = function (this: Tensor, batch1, batch2, options) {
  return addedBatches('Tensor.addbmm', this, batch1, batch2, options, (products) => products.sum(0));
};

Tensor.prototype.addr = function (this: Tensor, vec1, vec2, options) {
  return added('Tensor.addr', this, (checked) => checked('vec1', vec1, 1).outer(checked('vec2', vec2, 1)), options);
};

Tensor.prototype.mv = function (this: Tensor, vec) {
  const where = 'Tensor.mv';
  checkInner(where, checkRank(where, 'x', this, 2), 'vec', checkRank(where, 'vec', vec, 1));
  return this.matmul(vec);
};

function dot(name: 'dot' | 'vdot') {
  return function (this: Tensor, other: Tensor): Tensor {
    const where = `Tensor.${name}`;
    checkRank(where, 'x', this, 1, this);
    checkRank(where, 'other', other, 1, this);
    if (this.numel !== other.numel) throw rangeError(where, `expected other ${shapeText(this.shape)}, got ${shapeText(other.shape)}`);
    return this.dtype === 'int32' ? this.mul(other).sum() : this.matmul(other);
  };
}
Tensor.prototype.dot = dot('dot');
Tensor.prototype.vdot = dot('vdot');

Tensor.prototype.outer = function (this: Tensor, vec2) {
  const where = 'Tensor.outer';
  checkRank(where, 'x', this, 1, this);
  checkRank(where, 'vec2', vec2, 1, checkTensor(where, 'vec2', vec2));
  return view(this, [this.numel, 1], 'outer').mul(vec2);
};

Tensor.prototype.inner = function (this: Tensor, other) {
  const where = 'Tensor.inner';
  checkTensor(where, 'x', this, 'float32');
  checkTensor(where, 'other', other, 'float32');
  const [a, b] = [this.shape, other.shape];
  if (a.length === 0 || b.length === 0) return this.mul(other);
  const k = a.at(-1)!;
  if (b.at(-1) !== k) throw rangeError(where, `expected other ${shapeText(['*', k])}, got ${shapeText(b)}`);
  const rows = (t: Tensor): Tensor => view(t, [t.shape.slice(0, -1).reduce((n, size) => n * size, 1), k], 'inner');
  return view(rows(this).matmul(permute('inner', rows(other), [1, 0])), [...a.slice(0, -1), ...b.slice(0, -1)], 'inner');
};

/** Throws, with the argument's name, unless `t` is a tensor of this rank. */
type Checked = (name: string, t: unknown, rank: number) => Tensor;

// beta x + alpha times the product.
function added(where: string, x: Tensor, product: (checked: Checked) => Tensor, options?: Factors): Tensor {
  checkTensor(where, 'x', x, 'float32');
  const { beta, alpha } = withDefaults(where, options, { beta: 1, alpha: 1 });
  checkNumber(where, 'beta', beta);
  checkNumber(where, 'alpha', alpha);
  const y = product((name, t, rank) => checkRank(where, name, t, rank));
  const missing = y.shape.length - x.shape.length;
  if (missing < 0 || x.shape.some((size, d) => size !== 1 && size !== y.shape[d + missing])) {
    throw rangeError(where, `expected x to broadcast to ${shapeText(y.shape)}, got ${shapeText(x.shape)}`);
  }
  return beta === 0 ? scaled(y, alpha) : scaled(x, beta).add(scaled(y, alpha));
}

Tensor.prototype.addmm = function (this: Tensor, mat1, mat2, options) {
  const where = 'Tensor.addmm';
  return added(
    where,
    this,
    (checked) => {
      checkInner(where, checked('mat1', mat1, 2), 'mat2', checked('mat2', mat2, 2));
      return mat1.matmul(mat2);
    },
    options,
  );
};

Tensor.prototype.addmv = function (this: Tensor, mat, vec, options) {
  const where = 'Tensor.addmv';
  return added(
    where,
    this,
    (checked) => {
      checkInner(where, checked('mat', mat, 2), 'vec', checked('vec', vec, 1));
      return mat.matmul(vec);
    },
    options,
  );
};

function addc(name: 'addcmul' | 'addcdiv') {
  return function (this: Tensor, tensor1: Tensor, tensor2: Tensor, options?: { value?: number }): Tensor {
    const where = `Tensor.${name}`;
    checkTensor(where, 'tensor1', tensor1);
    checkTensor(where, 'tensor2', tensor2);
    const { value } = withDefaults(where, options, { value: 1 });
    checkNumber(where, 'value', value);
    broadcastShapes(where, broadcastShapes(where, tensor1.shape, tensor2.shape), this.shape);
    return this.add(scaled(name === 'addcmul' ? tensor1.mul(tensor2) : tensor1.div(tensor2), value));
  };
}
Tensor.prototype.addcmul = addc('addcmul');
Tensor.prototype.addcdiv = addc('addcdiv');

Tensor.prototype.kron = function (this: Tensor, other) {
  checkTensor('Tensor.kron', 'other', other);
  const rank = Math.max(this.shape.length, other.shape.length);
  const sizes = (x: Tensor): number[] => [...Array(rank - x.shape.length).fill(1), ...x.shape];
  const [a, b] = [sizes(this), sizes(other)];
  const outer = this.reshape(a.flatMap((size) => [size, 1])).mul(other.reshape(b.flatMap((size) => [1, size])));
  return outer.reshape(a.map((size, d) => size * b[d]!));
};

Tensor.prototype.cross = function (this: Tensor, other, dim) {
  const where = 'Tensor.cross';
  checkTensor(where, 'other', other, this.dtype);
  const rank = this.shape.length;
  const d = dim === undefined ? this.shape.indexOf(3) : normalizeDim(where, dim, rank);
  if (other.shape.length !== rank || this.shape[d] !== 3 || other.shape[d] !== 3) {
    const what = dim === undefined ? 'a dimension of size 3' : `size 3 in dimension ${d}`;
    throw rangeError(
      where,
      `expected both tensors to have as many dimensions and ${what}, got ${shapeText(this.shape)} and ${shapeText(other.shape)}`,
    );
  }
  broadcastShapes(where, this.shape, other.shape);
  const next = (x: Tensor, by: number): Tensor => x.roll(-by, d);
  return next(this, 1)
    .mul(next(other, 2))
    .sub(next(this, 2).mul(next(other, 1)));
};
