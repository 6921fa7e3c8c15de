// The logarithm of a sum of exponentials, without overflow.
import { checkTensor, empty, Tensor } from '../tensor';
import { scalar } from './broadcast';
import { choose } from './choose';
import { keepdimOf, reducedDims } from './reduce';
import { view } from './views';
import './amax';
import './arithmetic';
import './truth';

declare module '../tensor' {
  interface Tensor {
    /**
     * `log(sum exp(x))` over dimension `dim`, or several (an array), without overflow: `torch.logsumexp`. -Infinity where all elements are -Infinity.
     * float32, of an int32 tensor too.
     *
     * @example
     * tensor([1000, 1000]).logsumexp(0).item(); // 1000.693147
     */
    logsumexp(dim: number | readonly number[], options?: { keepdim?: boolean }): Tensor;
  }
}

Tensor.prototype.logsumexp = function (this: Tensor, dim, options) {
  const where = 'Tensor.logsumexp';
  const x = checkTensor(where, 'x', this).to('float32');
  const keepdim = keepdimOf(where, options);
  const reduced = reducedDims(where, dim, x.shape.length);
  const dims = reduced.flatMap((is, d) => (is ? [d] : []));
  const kept = x.shape.map((size, d) => (reduced[d] ? 1 : size));
  const shape = x.shape.flatMap((size, d) => (reduced[d] ? (keepdim ? [1] : []) : [size]));
  const isEmpty = x.shape.some((size, d) => reduced[d] && size === 0);
  const most = isEmpty ? empty(kept) : x.detach().amax(dims, { keepdim: true });
  const shift = choose(where, most.isinf(), scalar(0), most); // Infinity - Infinity would be NaN
  return x
    .sub(shift)
    .exp()
    .sum(dims, { keepdim })
    .log()
    .add(view(shift, shape, 'logsumexp'));
};
