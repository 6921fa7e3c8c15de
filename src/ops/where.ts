// Chooses between two tensors, element by element.
import { typeError } from '../errors';
import { checkTensor, Tensor } from '../tensor';
import { type Operand, operand, scalar } from './broadcast';
import { choose } from './choose';
import { placesByDimension } from './masks';

/**
 * `a` where `condition` is not 0, else `b`, element by element: `torch.where`.
 *
 * condition is int32 (as comparisons return), a and b are tensors or numbers; the shapes broadcast. Two int32 give int32, everything else float32. The
 * gradient of each element goes to the operand that it was taken from.
 *
 * @example
 * where(tensor([1, 2, 3]).gt(2), 0, tensor([10, 20, 30])).toArray(); // [10, 20, 0]
 */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor;
/**
 * The places where `condition` is not 0, a vector for each dimension: `condition.nonzero({ asTuple: true })`.
 *
 * @example
 * where(tensor([1, 2, 3]).gt(1))[0].toArray(); // [1, 2]
 */
export function where(condition: Tensor): Tensor[];
export function where(condition: Tensor, ...operands: Operand[]): Tensor | Tensor[] {
  checkTensor('where', 'condition', condition, 'int32');
  if (operands.length === 0) return placesByDimension('where', condition);
  return chosen('where', condition, operands[0]!, operands[1]!);
}

function chosen(name: string, condition: Tensor, first: Operand, second: Operand): Tensor {
  const isInt = (value: Operand): boolean => (typeof value === 'number' ? (value | 0) === value : value?.dtype === 'int32');
  const given = [first, second].find((value) => value instanceof Tensor);
  const like = given ?? scalar(0, isInt(first) && isInt(second) ? 'int32' : 'float32');
  const ints = isInt(first) && isInt(second) && like.dtype === 'int32';
  const [a, b] = [operand(name, like, first), operand(name, like, second)].map((t) => t.to(ints ? 'int32' : 'float32')) as [Tensor, Tensor];
  return choose(name, condition, a, b);
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
