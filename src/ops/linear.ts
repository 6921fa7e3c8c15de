// y = x W^T + b
import { hasGradient, open, otherFactors, record } from '../autograd';
import * as calls from '../calls.generated';
import { rangeError } from '../errors';
import { numelOf, shapeText } from '../shape';
import { checkTensor, empty, type Tensor } from '../tensor';
import { distinct } from './views';

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
export function linear(x: Tensor, givenWeight: Tensor, givenBias: Tensor | null = null, where = 'linear'): Tensor {
  checkTensor(where, 'x', x, 'float32');
  checkTensor(where, 'weight', givenWeight, 'float32');
  if (givenWeight.shape.length !== 2) throw rangeError(where, `expected weight [out, in], got ${shapeText(givenWeight.shape)}`);
  const [outFeatures, inFeatures] = givenWeight.shape as [number, number];
  if (x.shape.length === 0 || x.shape[x.shape.length - 1] !== inFeatures) {
    throw rangeError(where, `expected x [*, ${inFeatures}], got ${shapeText(x.shape)}`);
  }
  if (givenBias !== null) {
    checkTensor(where, 'bias', givenBias, 'float32');
    if (givenBias.shape.length !== 1 || givenBias.shape[0] !== outFeatures) {
      throw rangeError(where, `expected bias [${outFeatures}], got ${shapeText(givenBias.shape)}`);
    }
  }
  const weight = distinct(givenWeight, x);
  const bias = distinct(givenBias, x);
  const lead = x.shape.slice(0, -1);
  const rows = numelOf(lead);
  const y = empty([...lead, outFeatures]);
  calls.linearForward({ y: y.floats, x: x.floats, weight: weight.floats, bias: bias?.floats, rows, in: inFeatures, out: outFeatures });
  return record(y, 'linear', bias === null ? [x, weight] : [x, weight, bias], otherFactors(x, weight), (dy) => {
    const accumulateDx = hasGradient(x);
    const accumulateDweight = hasGradient(weight);
    const accumulateDbias = hasGradient(bias);
    calls.linearBackward({
      dx: open(x),
      dweight: open(weight),
      dbias: open(bias),
      dy: dy.floats,
      x: x.floats,
      weight: weight.floats,
      rows,
      in: inFeatures,
      out: outFeatures,
      accumulateDx,
      accumulateDweight,
      accumulateDbias,
    });
  });
}
