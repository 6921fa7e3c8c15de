// Distances between the rows of two tensors.
import { checkNumber, rangeError, withDefaults } from '../errors';
import { broadcastShapes, shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { normOf } from './vector-norm';
import './arithmetic';
import './views';

/**
 * The p-norm of the difference of each row of `x1` and each row of `x2`: `torch.cdist`. `p` is 2 by default and at least 0; the gradient of a distance of 0 is 0.
 *
 * Shapes: x1 float32 `[..., n, m]`, x2 `[..., k, m]`, result `[..., n, k]`; leading dimensions broadcast. Every distance is calculated from the differences of its two
 * rows, where PyTorch multiplies matrices for more than 25 rows. So the results are as accurate for many rows as for few, but `n k m` numbers are held in memory.
 *
 * @example
 * cdist(tensor([[0, 0], [3, 4]]), tensor([[0, 0], [0, 1], [3, 0]])).toArray().map((row) => row.map((d) => d.toFixed(2)));
 * // [["0.00", "1.00", "3.00"], ["5.00", "4.24", "4.00"]]
 */
export function cdist(x1: Tensor, x2: Tensor, options?: { p?: number }): Tensor {
  const where = 'cdist';
  checkTensor(where, 'x1', x1, 'float32');
  checkTensor(where, 'x2', x2, 'float32');
  const { p } = withDefaults(where, options, { p: 2 });
  checkNumber(where, 'p', p, 0);
  if (x1.shape.length < 2 || x2.shape.length < 2 || x1.shape.at(-1) !== x2.shape.at(-1)) {
    throw rangeError(where, `expected x1 [..., n, m] and x2 [..., k, m], got ${shapeText(x1.shape)} and ${shapeText(x2.shape)}`);
  }
  broadcastShapes(where, x1.shape.slice(0, -2), x2.shape.slice(0, -2));
  const differences = x1.unsqueeze(-2).sub(x2.unsqueeze(-3));
  return normOf(where, differences, differences.shape.at(-1) === 0 ? 1 : p, -1, false); // none has a largest
}
