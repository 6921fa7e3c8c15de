// Norms of and distances between vectors, all public in `nn.functional`.
import { record, share } from '../autograd';
import { checkBoolean, checkNumber, rangeError, withDefaults } from '../errors';
import { allocateConstant, type TensorData } from '../memory';
import { broadcastShapes, normalizeDim, shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { checkExponent, normOf } from './vector-norm';
import './arithmetic';
import './between';
import './reduce';
import './select';

/**
 * `x / max(norm(x), eps)` along dimension `dim`, the p-norm: `torch.nn.functional.normalize`. By default `p` is 2, `dim` 1 and `eps` 1e-12.
 *
 * @example
 * nn.functional.normalize(tensor([[3, 4]])).toArray(); // [[0.6, 0.8]]
 */
export function normalize(x: Tensor, options?: { p?: number; dim?: number; eps?: number }): Tensor {
  const where = 'normalize';
  const { p, dim, eps } = withDefaults(where, options, { p: 2, dim: 1, eps: 1e-12 });
  checkNumber(where, 'eps', eps);
  const length = normOf(where, x, checkExponent(where, p), normalizeDim(where, dim, x?.shape?.length ?? 2), true);
  return x.div(length.clampMin(eps));
}

/**
 * The cosine of the angle between the vectors of `x1` and `x2` along dimension `dim`: `x1 . x2 / (max(|x1|, eps) max(|x2|, eps))`; shapes broadcast. By
 * default `dim` is 1 and `eps` 1e-8. As `torch.nn.functional.cosine_similarity`.
 *
 * @example
 * nn.functional.cosineSimilarity(tensor([[1, 0]]), tensor([[3, 4]])).toArray(); // [0.6]
 */
export function cosineSimilarity(x1: Tensor, x2: Tensor, options?: { dim?: number; eps?: number }): Tensor {
  const where = 'cosineSimilarity';
  checkTensor(where, 'x1', x1, 'float32');
  checkTensor(where, 'x2', x2, 'float32');
  const { dim, eps } = withDefaults(where, options, { dim: 1, eps: 1e-8 });
  checkNumber(where, 'eps', eps);
  const shape = broadcastShapes(where, x1.shape, x2.shape);
  const d = normalizeDim(where, dim, shape.length);
  const whole = (x: Tensor): Tensor => (x.shape.length === shape.length && x.shape[d] === shape[d] ? x : x.expand(shape));
  const [a, b] = [whole(x1), whole(x2)];
  // As in PyTorch a norm below eps has the gradient of the norm, so that only its value is eps.
  const length = (x: Tensor): Tensor => {
    const norm = normOf(where, x, 2, d, true);
    return record(norm.detach().clampMin(eps), 'cosineSimilarity', [norm], [], (dy) => share(norm, dy));
  };
  return a
    .div(length(a))
    .mul(b.div(length(b)))
    .sum(d);
}

/**
 * The p-norm of `x1 - x2 + eps` over the last dimension: `torch.nn.functional.pairwise_distance`. By default `p` is 2, `keepdim` false, and `eps` 1e-6, which keeps
 * gradients from being 0 / 0; shapes broadcast.
 *
 * @example
 * nn.functional.pairwiseDistance(tensor([[1, 2]]), tensor([[4, 6]]), { eps: 0 }).toArray(); // [5]
 */
export function pairwiseDistance(x1: Tensor, x2: Tensor, options?: { p?: number; eps?: number; keepdim?: boolean }): Tensor {
  const where = 'pairwiseDistance';
  checkTensor(where, 'x1', x1, 'float32');
  checkTensor(where, 'x2', x2, 'float32');
  const { p, eps, keepdim } = withDefaults(where, options, { p: 2, eps: 1e-6, keepdim: false });
  checkNumber(where, 'eps', eps);
  broadcastShapes(where, x1.shape, x2.shape);
  return normOf(where, x1.sub(x2).add(eps), checkExponent(where, p), -1, checkBoolean(where, 'keepdim', keepdim));
}

/**
 * The p-norm of the difference of every pair of rows of `x`, each pair once: `torch.nn.functional.pdist`.
 *
 * Shapes: x float32 `[n, m]`, result `[n (n - 1) / 2]`: rows 0 and 1, 0 and 2, ..., 1 and 2, .... `p` is 2 by default and at least 0; the gradient of a
 * distance of 0 is 0.
 *
 * @example
 * nn.functional.pdist(tensor([[0, 0], [3, 4], [0, 1]])).toArray().map((d) => d.toFixed(3)); // ["5.000", "1.000", "4.243"]
 */
export function pdist(x: Tensor, options?: { p?: number }): Tensor {
  const where = 'pdist';
  checkTensor(where, 'x', x, 'float32');
  const { p } = withDefaults(where, options, { p: 2 });
  checkNumber(where, 'p', p, 0);
  if (x.shape.length !== 2) throw rangeError(where, `expected x [n, m], got ${shapeText(x.shape)}`);
  const [n] = x.shape as [number, number];
  const pairs = (n * (n - 1)) / 2;
  const [first, second] = [allocateConstant(pairs, 'int32'), allocateConstant(pairs, 'int32')];
  let at = 0;
  for (let i = 0; i < n; i++) {
    for (let k = i + 1; k < n; k++) {
      first[at] = i;
      second[at++] = k;
    }
  }
  const rows = (index: TensorData): Tensor => x.indexSelect(0, new Tensor(index, [pairs]));
  return normOf(where, rows(first).sub(rows(second)), p, 1, false);
}
