// In-place forms of operations. Each calculates the operation and writes the result to the tensor's own memory.
import { isRangeError, isTypeError } from '../brands';
import { rangeError } from '../errors';
import { kernels } from '../native';
import { sameShape, shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { become, done, former, inOwnType, isRecorded } from './in-place';
import type { ScatterReduction } from './scatter-reduce';
import './arithmetic';
import './between';
import './composed-forms';
import './diagonal';
import './index-changes';
import './index-writes';
import './masks';
import './more-products';
import './nan';
import './numeric-forms';
import './pairs';
import './scans';
import './scatter';
import './scatter-reduce';
import type { ClampLimits } from './clamp';
import './unary';
import './vector-norm';

declare module '../tensor' {
  interface Tensor {
    /** `neg` in place; see `copy_`. */
    neg_(): this;
    /** `exp` in place; see `copy_`. float32 only. */
    exp_(): this;
    /** `log` in place; see `copy_`. float32 only. */
    log_(): this;
    /** `sqrt` in place; see `copy_`. float32 only. */
    sqrt_(): this;
    /** `abs` in place; see `copy_`. */
    abs_(): this;
    /** `relu` in place; see `copy_`. */
    relu_(): this;
    /** `sigmoid` in place; see `copy_`. float32 only. */
    sigmoid_(): this;
    /** `tanh` in place; see `copy_`. float32 only. */
    tanh_(): this;
    /** `square` in place; see `copy_`. */
    square_(): this;
    /** `reciprocal` in place; see `copy_`. float32 only. */
    reciprocal_(): this;
    /** `rsqrt` in place; see `copy_`. float32 only. */
    rsqrt_(): this;
    /** `sign` in place; see `copy_`. */
    sign_(): this;
    /** `floor` in place; see `copy_`. */
    floor_(): this;
    /** `ceil` in place; see `copy_`. */
    ceil_(): this;
    /**
     * `round` in place; see `copy_`.
     *
     * @example
     * tensor([1.26]).round_({ decimals: 1 }).toArray().map((v) => v.toFixed(3)); // ["1.300"]
     */
    round_(options?: { decimals?: number }): this;
    /** `trunc` in place; see `copy_`. */
    trunc_(): this;
    /** `sin` in place; see `copy_`. float32 only. */
    sin_(): this;
    /** `cos` in place; see `copy_`. float32 only. */
    cos_(): this;
    /** `tan` in place; see `copy_`. float32 only. */
    tan_(): this;
    /** `asin` in place; see `copy_`. float32 only. */
    asin_(): this;
    /** `acos` in place; see `copy_`. float32 only. */
    acos_(): this;
    /** `atan` in place; see `copy_`. float32 only. */
    atan_(): this;
    /** `sinh` in place; see `copy_`. float32 only. */
    sinh_(): this;
    /** `cosh` in place; see `copy_`. float32 only. */
    cosh_(): this;
    /** `asinh` in place; see `copy_`. float32 only. */
    asinh_(): this;
    /** `acosh` in place; see `copy_`. float32 only. */
    acosh_(): this;
    /** `atanh` in place; see `copy_`. float32 only. */
    atanh_(): this;
    /** `exp2` in place; see `copy_`. float32 only. */
    exp2_(): this;
    /** `expm1` in place; see `copy_`. float32 only. */
    expm1_(): this;
    /** `log1p` in place; see `copy_`. float32 only. */
    log1p_(): this;
    /** `log2` in place; see `copy_`. float32 only. */
    log2_(): this;
    /** `log10` in place; see `copy_`. float32 only. */
    log10_(): this;
    /** `erf` in place; see `copy_`. float32 only. */
    erf_(): this;
    /** `erfc` in place; see `copy_`. float32 only. */
    erfc_(): this;
    /**
     * `pow` in place; see `copy_`. float32 only.
     *
     * @example
     * tensor([1, 2, 3]).pow_(2).toArray(); // [1, 4, 9]
     */
    pow_(other: Tensor | number): this;
    /** `clampMin` in place; see `copy_`. */
    clampMin_(min: number | Tensor): this;
    /** `clampMax` in place; see `copy_`. */
    clampMax_(max: number | Tensor): this;
    /** `clamp_` by another name. */
    clip_(limits: ClampLimits): this;
    /** `clamp_` by another name. */
    clip_(min: number | Tensor | null, max?: number | Tensor | null): this;
    /**
     * `maskedFill` in place; see `copy_`.
     *
     * @example
     * tensor([1, -2]).maskedFill_(tensor([0, 1], { dtype: "int32" }), 0).toArray(); // [1, 0]
     */
    maskedFill_(mask: Tensor, value: number | Tensor): this;
    /**
     * `indexAdd` in place; see `copy_`.
     *
     * @example
     * const sums = zeros([3]);
     * sums.indexAdd_(0, tensor([0, 2, 0], { dtype: "int32" }), tensor([1, 2, 3])).toArray(); // [4, 0, 2]
     */
    indexAdd_(dim: number, index: Tensor, source: Tensor, options?: { alpha?: number }): this;
    /** `indexFill` in place; see `copy_`. */
    indexFill_(dim: number, index: Tensor, value: number | Tensor): this;
    /** `addcmul` in place; see `copy_`. */
    addcmul_(tensor1: Tensor, tensor2: Tensor, options?: { value?: number }): this;
    /** `addcdiv` in place; see `copy_`. */
    addcdiv_(tensor1: Tensor, tensor2: Tensor, options?: { value?: number }): this;
    /** `addmm` in place; see `copy_`. */
    addmm_(mat1: Tensor, mat2: Tensor, options?: { beta?: number; alpha?: number }): this;
    /** `addmv` in place; see `copy_`. */
    addmv_(mat: Tensor, vec: Tensor, options?: { beta?: number; alpha?: number }): this;
    /** `nanToNum` in place; see `copy_`. */
    nanToNum_(options?: { nan?: number; posinf?: number; neginf?: number }): this;
    /** `remainder` in place; see `copy_`. */
    remainder_(other: Tensor | number): this;
    /** `fmod` in place; see `copy_`. */
    fmod_(other: Tensor | number): this;
    /** `floorDivide` in place; see `copy_`. */
    floorDivide_(other: Tensor | number): this;
    /** `atan2` in place; see `copy_`. */
    atan2_(other: Tensor | number): this;
    /** `cumsum` in place; see `copy_`. */
    cumsum_(dim: number): this;
    /** `cumprod` in place; see `copy_`. */
    cumprod_(dim: number): this;
    /**
     * `scatter` in place; see `copy_`.
     *
     * @example
     * zeros([3]).scatter_(0, tensor([2], { dtype: 'int32' }), 1).toArray(); // [0, 0, 1]
     */
    scatter_(dim: number, index: Tensor, source: Tensor | number): this;
    /** `scatterAdd` in place; see `copy_`. */
    scatterAdd_(dim: number, index: Tensor, source: Tensor): this;
    /** `frac` in place; see `copy_`. */
    frac_(): this;
    /** `deg2rad` in place; see `copy_`. */
    deg2rad_(): this;
    /** `rad2deg` in place; see `copy_`. */
    rad2deg_(): this;
    /** `sinc` in place; see `copy_`. */
    sinc_(): this;
    /** `logit` in place; see `copy_`. */
    logit_(options?: { eps?: number | null }): this;
    /** `xlogy` in place; see `copy_`. */
    xlogy_(other: Tensor | number): this;
    /** `copysign` in place; see `copy_`. */
    copysign_(other: Tensor | number): this;
    /** `floatPower` in place; see `copy_`. */
    floatPower_(exponent: Tensor | number): this;
    /**
     * `hypot` in place; see `copy_`.
     *
     * @example
     * tensor([3, 8]).hypot_(tensor([4, 15])).toArray(); // [5, 17]
     */
    hypot_(other: Tensor): this;
    /** `heaviside` in place; see `copy_`. */
    heaviside_(values: Tensor): this;
    /** `baddbmm` in place; see `copy_`. */
    baddbmm_(batch1: Tensor, batch2: Tensor, options?: { beta?: number; alpha?: number }): this;
    /** `addbmm` in place; see `copy_`. */
    addbmm_(batch1: Tensor, batch2: Tensor, options?: { beta?: number; alpha?: number }): this;
    /** `addr` in place; see `copy_`. */
    addr_(vec1: Tensor, vec2: Tensor, options?: { beta?: number; alpha?: number }): this;
    /** `renorm` in place; see `copy_`. */
    renorm_(p: number, dim: number, maxnorm: number): this;
    /** `indexCopy` in place; see `copy_`. */
    indexCopy_(dim: number, index: Tensor, source: Tensor): this;
    /**
     * `indexPut` in place; see `copy_`.
     *
     * @example
     * zeros([2]).indexPut_([[1, 1]], tensor([5, 6]), { accumulate: true }).toArray(); // [0, 11]
     */
    indexPut_(
      indices: readonly (Tensor | readonly number[] | Int32Array | null)[],
      values: Tensor,
      options?: { accumulate?: boolean },
    ): this;
    /** `maskedScatter` in place; see `copy_`. */
    maskedScatter_(mask: Tensor, source: Tensor): this;
    /** `put` in place; see `copy_`. */
    put_(index: Tensor | readonly number[] | Int32Array, source: Tensor, options?: { accumulate?: boolean }): this;
    /** `indexReduce` in place; see `copy_`. */
    indexReduce_(
      dim: number,
      index: Tensor,
      source: Tensor,
      reduce: Exclude<ScatterReduction, 'sum'>,
      options?: { includeSelf?: boolean },
    ): this;
    /** `scatterReduce` in place; see `copy_`. */
    scatterReduce_(dim: number, index: Tensor, source: Tensor, reduce: ScatterReduction, options?: { includeSelf?: boolean }): this;
    /** `triu` in place; see `copy_`. */
    triu_(diagonal?: number): this;
    /** `tril` in place; see `copy_`. */
    tril_(diagonal?: number): this;
  }
}

const alone = [
  ...(['neg', 'exp', 'log', 'sqrt', 'abs', 'relu', 'sigmoid', 'tanh'] as const),
  ...(['square', 'reciprocal', 'rsqrt', 'sign', 'floor', 'ceil', 'trunc'] as const),
  ...(['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'asinh', 'acosh', 'atanh'] as const),
  ...(['exp2', 'expm1', 'log1p', 'log2', 'log10', 'erf', 'erfc'] as const),
];
for (const name of alone) {
  Tensor.prototype[`${name}_`] = function (this: Tensor) {
    const where = `Tensor.${name}_`;
    checkTensor(where, 'x', this);
    if (this.dtype === 'int32') {
      isRecorded(where, this);
      return become(this, `${name}_`, inOwnType(where, this, this[name]()), this);
    }
    if (isRecorded(where, this)) {
      const before = former(this, true);
      return become(this, `${name}_`, before[name](), before);
    }
    kernels[`${name}Forward`](this.floats, this.floats, this.numel);
    return done(this, `${name}_`);
  } as () => never;
}

const withOthers = [
  ...(['pow', 'round', 'clampMin', 'clampMax', 'clip', 'nanToNum', 'triu', 'tril'] as const),
  ...(['remainder', 'fmod', 'floorDivide', 'atan2', 'cumsum', 'cumprod', 'scatter', 'scatterAdd'] as const),
  ...(['frac', 'deg2rad', 'rad2deg', 'sinc', 'logit', 'xlogy', 'copysign', 'floatPower', 'hypot', 'heaviside', 'renorm'] as const),
  ...(['baddbmm', 'addbmm', 'addr', 'indexCopy', 'indexPut', 'maskedScatter', 'put', 'indexReduce', 'scatterReduce'] as const),
  ...(['maskedFill', 'indexAdd', 'indexFill', 'addcmul', 'addcdiv', 'addmm', 'addmv'] as const),
];
for (const name of withOthers) {
  const where = `Tensor.${name}_`;
  Tensor.prototype[`${name}_`] = function (this: Tensor, ...args: unknown[]) {
    checkTensor(where, 'x', this);
    const others = args.filter((arg) => arg instanceof Tensor);
    const before = isRecorded(where, this, ...others) ? former(this, true) : this;
    const result = applied(
      name,
      before,
      args.map((arg) => (arg === this ? before : arg)),
    );
    inOwnType(where, this, result);
    checkKeepsShape(where, this, result);
    return become(this, `${name}_`, result, before);
  } as () => never;
}

/** Throws unless the result of an operation has the shape of x, where it is to be stored. */
export function checkKeepsShape(where: string, x: Tensor, result: Tensor): void {
  if (sameShape(result.shape, x.shape)) return;
  const message = `the result is ${shapeText(result.shape)}, and this tensor ${shapeText(x.shape)}`;
  throw rangeError(where, message, `${where.slice('Tensor.'.length, -1)}() makes a new tensor`);
}

/** The result of `fn`. An error in the name of the operation `own` is rethrown in the name of the in-place form. */
export function inNameOf<T>(own: string, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    if (isRangeError(error)) throw new RangeError(error.message.replace(own, `${own}_`));
    if (isTypeError(error)) throw new TypeError(error.message.replace(own, `${own}_`));
    throw error;
  }
}

const applied = (name: (typeof withOthers)[number], x: Tensor, args: unknown[]): Tensor =>
  inNameOf(`Tensor.${name}`, () => (x[name] as (...args: unknown[]) => Tensor).apply(x, args));
