// One tensor or another, element by element.
import { record } from '../autograd';
import * as calls from '../calls.generated';
import { typeError } from '../errors';
import { broadcastShapes } from '../shape';
import { checkTensor, empty, Tensor } from '../tensor';
import { giveSummed, type Operand, operand, repeated, scalar } from './broadcast';

// dy where the condition holds, or where it does not; 0 elsewhere.
function masked(dy: Tensor, condition: Tensor, holds: boolean): Tensor {
  const zeros = empty(dy.shape.slice());
  calls.fill({ out: zeros.floats, n: dy.numel, value: 0 });
  const [a, b] = holds ? [dy, zeros] : [zeros, dy];
  const part = empty(dy.shape.slice());
  calls.where({ out: part.floats, condition: condition.ints, a: a.floats, b: b.floats, n: dy.numel });
  return part;
}

/**
 * `a` where `condition` is not 0, else `b`, element by element: `torch.where`.
 *
 * condition is int32 (what comparisons give), a and b are tensors or numbers; the shapes broadcast. Two int32 give int32, everything else float32. The
 * gradient of each goes where it was taken.
 *
 * @example
 * where(tensor([1, 2, 3]).gt(2), 0, tensor([10, 20, 30])).toArray(); // [10, 20, 0]
 */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  checkTensor('where', 'condition', condition, 'int32');
  return chosen('where', condition, a, b);
}

function chosen(name: string, condition: Tensor, first: Operand, second: Operand): Tensor {
  const isInt = (value: Operand): boolean => (typeof value === 'number' ? (value | 0) === value : value?.dtype === 'int32');
  const given = [first, second].find((value) => value instanceof Tensor);
  const like = given ?? scalar(0, isInt(first) && isInt(second) ? 'int32' : 'float32');
  const ints = isInt(first) && isInt(second) && like.dtype === 'int32';
  const [a, b] = [operand(name, like, first), operand(name, like, second)].map((t) => t.to(ints ? 'int32' : 'float32')) as [Tensor, Tensor];
  const shape = broadcastShapes(name, condition.shape, broadcastShapes(name, a.shape, b.shape));
  const mask = repeated(name, condition, shape);
  const y = empty(shape, a.dtype);
  calls.where({
    out: y.values,
    condition: mask.ints,
    a: repeated(name, a, shape).values,
    b: repeated(name, b, shape).values,
    n: y.numel,
  });
  return record(y, 'where', [a, b], [mask], (dy) => {
    if (a.needsGrad) giveSummed(a, masked(dy, mask, true), true);
    if (b.needsGrad) giveSummed(b, masked(dy, mask, false), true);
  });
}

declare module '../tensor' {
  interface Tensor {
    /**
     * x where `condition` is not 0, else `other`: `torch.Tensor.where`. Types and shapes as for the function `where`.
     *
     * @example
     * tensor([1, -2]).where(tensor([1, 0], { dtype: 'int32' }), 0).toArray(); // [1, 0]
     */
    where(condition: Tensor, other: Tensor | number): Tensor;
  }
}

Tensor.prototype.where = function (this: Tensor, condition, other) {
  if (!(condition instanceof Tensor)) throw typeError('Tensor.where', 'expected condition to be an int32 tensor', 'x.where(x.gt(0), 0)');
  checkTensor('Tensor.where', 'condition', condition, 'int32');
  return chosen('Tensor.where', condition, this, other);
};
