// Covariances and correlations of variables that are rows.
import { checkNumber, rangeError, withDefaults } from '../errors';
import { shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { root } from './root';
import './arithmetic';
import './diagonal';
import './matmul';
import './reduce';
import './transpose';
import './unary';
import './views';

declare module '../tensor' {
  interface Tensor {
    /**
     * The covariance matrix of the rows: each row is a variable, each column an observation. `[variables, n]` gives `[variables, variables]`, a vector a scalar. As
     * `torch.cov`, without its weights of observations, `fweights` and `aweights`.
     *
     * The sums of products of deviations from the means are divided by `n - correction`, where `correction` is 1 by default; with no more observations than that the
     * result is infinite or NaN. A TypeError for int32, a RangeError for more than 2 dimensions.
     *
     * @example
     * tensor([[1, 2, 3], [3, 2, 1]]).cov().toArray(); // [[1, -1], [-1, 1]]
     */
    cov(options?: { correction?: number }): Tensor;
    /**
     * Pearson correlation coefficients of the rows, from -1 to 1: `[variables, n]` gives `[variables, variables]`, a vector a scalar. As `torch.corrcoef`.
     *
     * NaN for a variable that does not vary. A TypeError for int32, a RangeError for more than 2 dimensions.
     *
     * @example
     * tensor([[1, 2, 3], [6, 4, 2]]).corrcoef().toArray().flat().map(Math.round); // [1, -1, -1, 1]
     */
    corrcoef(): Tensor;
  }
}

function covariances(where: string, x: Tensor, correction: number): Tensor {
  checkTensor(where, 'x', x, 'float32');
  if (x.shape.length > 2) throw rangeError(where, `expected at most 2 dimensions, got ${shapeText(x.shape)}`);
  const variables = x.shape.length === 2 ? x.shape[0]! : 1;
  const rows = x.reshape([variables, variables === 0 ? 0 : x.numel / variables]);
  const apart = rows.sub(rows.mean(1, { keepdim: true }));
  const matrix = apart.matmul(apart.t()).div(Math.max(0, rows.shape[1]! - correction));
  return x.shape.length === 2 && variables !== 1 ? matrix : matrix.reshape([]);
}

Tensor.prototype.cov = function (this: Tensor, options) {
  const where = 'Tensor.cov';
  const { correction } = withDefaults(where, options, { correction: 1 });
  return covariances(where, this, checkNumber(where, 'correction', correction));
};

Tensor.prototype.corrcoef = function (this: Tensor) {
  const matrix = covariances('Tensor.corrcoef', this, 1);
  if (matrix.shape.length === 0) return matrix.div(matrix);
  const deviations = root('corrcoef', matrix.diagonal());
  return matrix
    .div(deviations.reshape([-1, 1]))
    .div(deviations)
    .clamp({ min: -1, max: 1 });
};
