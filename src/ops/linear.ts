// y = x W^T + b
import { holds, open, otherFactors, record } from '../autograd';
import { rangeError } from '../errors';
import { kernels } from '../native';
import { numelOf, shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';

/**
 * Applies `y = x W^T + b` to the last dimension of x: `torch.nn.functional.linear`.
 *
 * Shapes: x `[*, in]`, weight `[out, in]`, bias `[out]` or null; result `[*, out]`.
 *
 * @example
 * const y = nn.functional.linear(tensor([[1, 2]]), tensor([[3, 4]]), tensor([0.5]));
 * y.toArray(); // [[11.5]]
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor;
/** @internal */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null, where: string): Tensor;
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null, where = 'linear'): Tensor {
  checkTensor(where, 'x', x, 'float32');
  checkTensor(where, 'weight', weight, 'float32');
  if (weight.shape.length !== 2) throw rangeError(where, `expected weight [out, in], got ${shapeText(weight.shape)}`);
  const [outFeatures, inFeatures] = weight.shape as [number, number];
  if (x.shape.length === 0 || x.shape[x.shape.length - 1] !== inFeatures) {
    throw rangeError(where, `expected x [*, ${inFeatures}], got ${shapeText(x.shape)}`);
  }
  if (bias !== null) {
    checkTensor(where, 'bias', bias, 'float32');
    if (bias.shape.length !== 1 || bias.shape[0] !== outFeatures) {
      throw rangeError(where, `expected bias [${outFeatures}], got ${shapeText(bias.shape)}`);
    }
  }
  const lead = x.shape.slice(0, -1);
  const rows = numelOf(lead);
  const y = empty([...lead, outFeatures]);
  kernels.linearForward(y.floats, x.floats, weight.floats, bias === null ? null : bias.floats, rows, inFeatures, outFeatures, 0, 0, 0);
  return record(y, 'linear', bias === null ? [x, weight] : [x, weight, bias], otherFactors(x, weight), (dy) => {
    const accumulate = holds(x, 1) | holds(weight, 2) | holds(bias, 4);
    const dx = open(x);
    // One tensor as both operands: its two gradients go one after the other into one memory.
    const dweight = weight === x ? null : open(weight);
    kernels.linearBackward(dx, dweight, open(bias), dy.floats, x.floats, weight.floats, rows, inFeatures, outFeatures, accumulate, 0, 0, 0);
    if (weight === x) kernels.linearBackward(null, dx, null, dy.floats, x.floats, weight.floats, rows, inFeatures, outFeatures, 2, 0, 0, 0);
  });
}
