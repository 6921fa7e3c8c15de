// Orthogonal weights: maps from learned matrices to orthogonal ones.
import { noGrad } from '../autograd';
import { checkBoolean, checkOneOf, describe, rangeError, withDefaults } from '../errors';
import { cat } from '../ops';
import { eye, randn, zeros } from '../ops/create';
import { qr } from '../ops/factors';
import { matrixExp } from '../ops/matrix-functions';
import { solution } from '../ops/solve';
import { sameShape, shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { Module } from './module';
import { weightOf } from './normed';

const maps = ['matrix_exp', 'cayley', 'householder'] as const;

/** The map to orthogonal matrices. */
export type OrthogonalMap = (typeof maps)[number];

/** The options of `orthogonal`. */
export interface OrthogonalOptions {
  /** The name of the parameter; default `"weight"`. */
  name: string;
  /** The map; by default (null) `"matrix_exp"` for a square matrix and `"householder"` for another. */
  orthogonalMap: OrthogonalMap | null;
  /** Whether the result of the map is multiplied by a fixed matrix, the buffer `base`, so that the map is always near the identity (true). */
  useTrivialization: boolean;
}

// Orthonormal columns with the same span as those of the matrices: Q of the QR decomposition whose R has a positive diagonal.
function orthogonalized(matrices: Tensor): Tensor {
  const { Q, R } = qr(matrices);
  return Q.mul(R.diagonal({ dim1: -2, dim2: -1 }).sign().unsqueeze(-2));
}

function isOrthogonal(Q: Tensor): boolean {
  const [n, k] = Q.shape.slice(-2) as [number, number];
  return (
    Q.mT
      .matmul(Q)
      .sub(eye(k))
      .abs()
      .le(10 * n * 2 ** -23)
      .all()
      .item() === 1
  );
}

// The skew-symmetric matrix [..., n, n] of the lower triangle of x [..., n, k].
function skew(x: Tensor): Tensor {
  const [n, k] = x.shape.slice(-2) as [number, number];
  const lower = x.tril();
  const full = n === k ? lower : cat([lower, zeros([...x.shape.slice(0, -1), n - k])], -1);
  return full.sub(full.mT);
}

// (1 + A / 2) (1 - A / 2)^-1
function cayley(A: Tensor): Tensor {
  const [half, one] = [A.mul(0.5), eye(A.shape.at(-1)!)];
  return solution(half.neg().add(one), half.add(one));
}

// The first k columns of the product of the reflections 1 - 2 v v^T / v^T v for the columns v of V [..., n, k]: 1 - V S^-1 V^T, where S is the upper triangle
// of V^T V with half its diagonal. Source: Joffrain et al., "Accumulating Householder transformations, revisited" (2006).
function reflections(V: Tensor): Tensor {
  const k = V.shape.at(-1)!;
  const products = V.mT.matmul(V);
  const S = products.triu().sub(products.mul(eye(k)).mul(0.5));
  return eye(V.shape.at(-2)!, k).sub(V.matmul(solution(S, V.narrow(-2, 0, k).mT)));
}

// Below the diagonal the vectors v of the reflections whose product is Q, on the diagonal the signs of its columns.
function unreflected(matrices: Tensor): Tensor {
  const { Q, R } = qr(matrices);
  const [n, k] = Q.shape.slice(-2) as [number, number];
  const [rest, made, triangle] = [Float64Array.from(Q.data, (v) => -v), zeros(Q.shape.slice()), R.data];
  // 1 - Q = V U with V lower triangular: elimination. Source: Ballard et al., "Reconstructing Householder vectors from tall-skinny QR" (2015).
  for (let at = 0, i = 0; at < rest.length; at += n * k, i++) {
    for (let c = 0; c < k; c++) rest[at + c * k + c]! += 1;
    for (let c = 0; c < k; c++) {
      const diagonal = at + c * k + c;
      const pivot = rest[diagonal]!;
      const isReflected = pivot > 0.5; // pivots are from 1 to 2, or 0 where nothing was reflected
      made.data[diagonal] = Math.sign(triangle[(i * k + c) * k + c]!) * (isReflected ? 1 : -1);
      for (let r = c + 1; isReflected && r < n; r++) {
        const factor = rest[at + r * k + c]! / pivot;
        made.data[at + r * k + c] = factor;
        for (let j = c + 1; j < k; j++) rest[at + r * k + j]! -= factor * rest[at + c * k + j]!;
      }
    }
  }
  return made;
}

/** The options, and the tensor that they are for. */
export function checkOrthogonal(where: string, module: Module, options: Partial<OrthogonalOptions> | undefined) {
  const defaults: OrthogonalOptions = { name: 'weight', orthogonalMap: null, useTrivialization: true };
  const { name, orthogonalMap, useTrivialization } = withDefaults<OrthogonalOptions>(where, options, defaults);
  const weight = weightOf(where, module, name);
  if (weight.shape.length < 2) {
    throw rangeError(where, `expected ${describe(name)} to have 2 dimensions or more, got ${shapeText(weight.shape)}`);
  }
  const isSquare = weight.shape.at(-1) === weight.shape.at(-2);
  const map = orthogonalMap === null ? (isSquare ? 'matrix_exp' : 'householder') : checkOneOf(where, 'orthogonalMap', orthogonalMap, maps);
  return { name, weight, map, useTrivialization: checkBoolean(where, 'useTrivialization', useTrivialization) };
}

/** The parametrization; its name is that which PyTorch prints. */
export class _Orthogonal extends Module {
  declare base: Tensor;
  readonly shape: readonly number[];

  constructor(
    weight: Tensor,
    readonly orthogonalMap: OrthogonalMap,
    readonly useTrivialization: boolean,
  ) {
    super();
    this.shape = weight.shape.slice();
    const n = Math.max(...this.shape.slice(-2));
    if (useTrivialization) this.registerBuffer('base', zeros([...this.shape.slice(0, -2), n, n]));
  }

  override forward(weight: Tensor): Tensor {
    const isWide = weight.shape.at(-2)! < weight.shape.at(-1)!;
    const x = isWide ? weight.mT : weight;
    const k = x.shape.at(-1)!;
    let Q: Tensor;
    if (this.orthogonalMap === 'householder') {
      const V = x.tril(-1).add(eye(x.shape.at(-2)!, k));
      Q = reflections(V).mul(x.detach().diagonal({ dim1: -2, dim2: -1 }).trunc().unsqueeze(-2));
    } else {
      const all = this.orthogonalMap === 'cayley' ? cayley(skew(x)) : matrixExp(skew(x));
      Q = k === all.shape.at(-1) ? all : all.narrow(-1, 0, k);
    }
    if (this.useTrivialization) Q = this.base.matmul(Q);
    return isWide ? Q.mT : Q;
  }

  rightInverse(value: Tensor): Tensor {
    const where = 'parametrizations.orthogonal';
    if (!sameShape(value.shape, this.shape)) {
      throw rangeError(where, `expected a tensor ${shapeText(this.shape)}, got ${shapeText(value.shape)}`);
    }
    const isWide = value.shape.at(-2)! < value.shape.at(-1)!;
    const x = isWide ? value.mT : value;
    if (this.useTrivialization) {
      this.rebase(x);
      return eye(value.shape.at(-2)!, value.shape.at(-1)!).neg().expand(value.shape);
    }
    if (this.orthogonalMap !== 'householder') return value;
    const made = unreflected(x);
    return isWide ? made.mT : made;
  }

  // Sets `base` to the nearest orthogonal matrix. The caller then learns from -1, which the map sends to the identity, so that the weight is `base`.
  private rebase(x: Tensor): void {
    const [n, k] = x.shape.slice(-2) as [number, number];
    noGrad(() => {
      if (n === k) this.base.copy_(isOrthogonal(x) ? x : orthogonalized(x));
      else this.base.copy_(orthogonalized(cat([x, randn([...x.shape.slice(0, -1), n - k])], -1)));
    });
  }
}
