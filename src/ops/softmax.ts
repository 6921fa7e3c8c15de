// softmax and log-softmax along one dimension.
import { give, record, target } from '../autograd';
import { kernels } from '../native';
import { normalizeDim } from '../shape';
import { checkTensor, empty, Tensor } from '../tensor';
import { permuted, swapped } from './transpose';
import { unary } from './unary';

// The kernels work on the last dimension; another dimension is exchanged with it before and after.
function alongDim(name: 'softmax' | 'logSoftmax', where: string, x: Tensor, dim: unknown): Tensor {
  checkTensor(where, 'x', x, 'float32');
  const rank = x.shape.length;
  const d = normalizeDim(where, dim, rank);
  const classes = x.shape[d] ?? 1;
  const rows = classes === 0 ? 0 : x.numel / classes;
  const order = rank === 0 || d === rank - 1 ? null : swapped(rank, d, rank - 1);
  const toLast = (t: Tensor): Tensor => (order === null ? t : permuted(t, order));
  const last = toLast(x);
  const y = empty(last.shape.slice());
  kernels[name](y.floats, last.floats, rows, classes);
  return record(toLast(y), name, [x], [y], (dy) => {
    const dx = order === null ? target(x) : empty(last.shape.slice());
    kernels[`${name}Backward`](dx.floats, toLast(dy).floats, y.floats, rows, classes);
    give(x, toLast(dx));
  });
}

/**
 * `exp(x_i) / sum_j exp(x_j)` along dimension `dim`: `torch.nn.functional.softmax`.
 *
 * @example
 * nn.functional.softmax(tensor([[0, 0]]), 1).toArray(); // [[0.5, 0.5]]
 */
export const softmax = (x: Tensor, dim: number): Tensor => alongDim('softmax', 'softmax', x, dim);

/**
 * `x_i - log(sum_j exp(x_j))` along dimension `dim`: `torch.nn.functional.log_softmax`.
 *
 * @example
 * nn.functional.logSoftmax(tensor([[3]]), 1).toArray(); // [[0]]
 */
export const logSoftmax = (x: Tensor, dim: number): Tensor => alongDim('logSoftmax', 'logSoftmax', x, dim);

/**
 * `exp(-x_i) / sum_j exp(-x_j)` along dimension `dim`: `torch.nn.functional.softmin`.
 *
 * @example
 * nn.functional.softmin(tensor([[0, 0]]), 1).toArray(); // [[0.5, 0.5]]
 */
export function softmin(x: Tensor, dim: number): Tensor {
  checkTensor('softmin', 'x', x, 'float32');
  return alongDim('softmax', 'softmin', unary('neg', 'softmin', x), dim);
}

declare module '../tensor' {
  interface Tensor {
    /** `exp(x_i) / sum_j exp(x_j)` along dimension `dim`; see `nn.functional.softmax`. */
    softmax(dim: number): Tensor;
    /** `x_i - log(sum_j exp(x_j))` along dimension `dim`; see `nn.functional.logSoftmax`. */
    logSoftmax(dim: number): Tensor;
  }
}

Tensor.prototype.softmax = function (this: Tensor, dim) {
  return alongDim('softmax', 'Tensor.softmax', this, dim);
};
Tensor.prototype.logSoftmax = function (this: Tensor, dim) {
  return alongDim('logSoftmax', 'Tensor.logSoftmax', this, dim);
};
