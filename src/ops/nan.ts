// Operations that ignore NaN.
import { checkNumber, withDefaults } from '../errors';
import { checkTensor, Tensor } from '../tensor';
import { scalar } from './broadcast';
import { choose } from './choose';
import './truth';

type Dim = number | readonly number[];
type Keepdim = { keepdim?: boolean };

const largest = 3.4028234663852886e38; // the largest float32

declare module '../tensor' {
  interface Tensor {
    /**
     * The sum over `dim` (one, several, or all by default), with NaN counted as 0: `torch.nansum`.
     *
     * @example
     * tensor([1, NaN, 2]).nansum().item(); // 3
     */
    nansum(dim?: number | readonly number[], options?: { keepdim?: boolean }): Tensor;
    /**
     * The mean over `dim` (one, several, or all by default) of the elements that are not NaN; NaN if all are. As `torch.nanmean`.
     *
     * @example
     * tensor([1, NaN, 2]).nanmean().item(); // 1.5
     */
    nanmean(dim?: number | readonly number[], options?: { keepdim?: boolean }): Tensor;
    /**
     * The tensor with NaN replaced by `nan` (default 0), Infinity by `posinf` and -Infinity by `neginf`, by default the largest and the smallest float32:
     * `torch.nan_to_num`. No gradient passes to replaced elements. int32 tensors have none of these and are copied.
     *
     * @example
     * tensor([NaN, Infinity, 1]).nanToNum({ posinf: 9 }).toArray(); // [0, 9, 1]
     */
    nanToNum(options?: { nan?: number; posinf?: number; neginf?: number }): Tensor;
  }
}

const withoutNan = (where: string, x: Tensor): Tensor => choose(where, x.isnan(), scalar(0), x);

Tensor.prototype.nansum = function (this: Tensor, dim?: Dim, options?: Keepdim) {
  return this.dtype === 'int32' ? this.sum(dim, options) : withoutNan('Tensor.nansum', this).sum(dim, options);
};

Tensor.prototype.nanmean = function (this: Tensor, dim?: Dim, options?: Keepdim) {
  checkTensor('Tensor.nanmean', 'x', this, 'float32');
  const count = this.eq(this).sum(dim, options);
  return withoutNan('Tensor.nanmean', this).sum(dim, options).div(count);
};

Tensor.prototype.nanToNum = function (this: Tensor, options) {
  const where = 'Tensor.nanToNum';
  const { nan, posinf, neginf } = withDefaults(where, options, { nan: 0, posinf: largest, neginf: -largest });
  for (const [name, value] of Object.entries({ nan, posinf, neginf })) checkNumber(where, name, value);
  if (this.dtype === 'int32') return this.clone();
  const finite = choose(where, this.isnan(), scalar(nan), this);
  const below = choose(where, this.eq(Infinity), scalar(posinf), finite);
  return choose(where, this.eq(-Infinity), scalar(neginf), below);
};
