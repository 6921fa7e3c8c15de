// The gated linear unit.
import { rangeError } from '../errors';
import { normalizeDim, shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { sigmoid } from './activations';
import './arithmetic';
import './narrow';

/**
 * `a * sigmoid(b)`, a and b the halves of x along `dim` (default -1): `torch.nn.functional.glu`. Source: Dauphin et al., arXiv 1612.08083.
 *
 * A RangeError if the size of the dimension is odd, or x is a scalar.
 *
 * @example
 * nn.functional.glu(tensor([6, 0])).toArray(); // [3]
 */
export function glu(x: Tensor, dim = -1): Tensor {
  checkTensor('glu', 'x', x, 'float32');
  const d = normalizeDim('glu', dim, x.shape.length);
  const size = x.shape[d];
  if (size === undefined || size % 2 !== 0) throw rangeError('glu', `expected an even size of dim ${dim}, got x ${shapeText(x.shape)}`);
  return x.narrow(d, 0, size / 2).mul(sigmoid(x.narrow(d, size / 2, size / 2)));
}
