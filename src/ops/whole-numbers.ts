// Functions of one argument of int32 tensors: as in PyTorch, functions whose values are whole give int32, the others convert to float32 first.
import type { Tensor } from '../tensor';
import { copyOf } from './convert';

const same = (x: Tensor): Tensor => copyOf(x);

/** The functions whose values are whole numbers, by the name of their kernel. Sums and products beyond 32 bits wrap. */
const whole: Record<string, (x: Tensor) => Tensor> = {
  abs: (x) => x.maximum(x.mul(-1)),
  neg: (x) => x.mul(-1),
  square: (x) => x.mul(x),
  sign: (x) => x.gt(0).sub(x.lt(0)),
  relu: (x) => x.mul(x.gt(0)),
  floor: same,
  ceil: same,
  round: same,
  trunc: same,
};

const toFloat = new Set([
  ...['exp', 'log', 'sqrt', 'sigmoid', 'tanh', 'reciprocal', 'rsqrt', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh'],
  ...['asinh', 'acosh', 'atanh', 'exp2', 'expm1', 'log1p', 'log2', 'log10', 'erf', 'erfc'],
]);

/** The function of an int32 tensor, by `f` of a float32 tensor if its values are not whole; null if it is for float32 alone. */
export function ofWholeNumbers(kernel: string, x: Tensor, f: (x: Tensor) => Tensor): Tensor | null {
  const own = whole[kernel];
  if (own !== undefined) return own(x);
  return toFloat.has(kernel) ? f(x.to('float32')) : null;
}
