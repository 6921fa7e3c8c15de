// The in-place forms made of a table: the bits of the operation, on the memory of the tensor, and what is refused. Values are in dense.test.ts.
import { describe, expect, it } from 'vitest';
import { compile, noGrad, ones, tensor, zeros } from '../../src/index';
import { Tensor } from '../../src/tensor';
import { expectError, expectSame, thrownBy } from '../helpers';
import { cases } from './cases';

const int = (values: number[]): Tensor => tensor(values, { dtype: 'int32' });

const forms: Record<string, (x: Tensor) => [Tensor, Tensor]> = {};
for (const name of [
  'neg',
  'exp',
  'log',
  'sqrt',
  'abs',
  'relu',
  'sigmoid',
  'tanh',
  'square',
  'reciprocal',
  'rsqrt',
  'sign',
  'floor',
  'ceil',
  'round',
  'trunc',
  ...(['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'asinh', 'acosh', 'atanh'] as const),
  ...(['exp2', 'expm1', 'log1p', 'log2', 'log10', 'erf', 'erfc'] as const),
] as const) {
  forms[name] = (x) => [x[name](), x[`${name}_`]()];
}
Object.assign(forms, {
  pow: (x: Tensor) => [x.pow(2.5), x.pow_(2.5)],
  'pow of a tensor': (x: Tensor) => [x.pow(tensor([1, 2, 3])), x.pow_(tensor([1, 2, 3]))],
  clampMin: (x: Tensor) => [x.clampMin(0), x.clampMin_(0)],
  clampMax: (x: Tensor) => [x.clampMax(0), x.clampMax_(0)],
  clip: (x: Tensor) => [x.clip({ max: 1 }), x.clip_({ max: 1 })],
  maskedFill: (x: Tensor) => [x.maskedFill(x.gt(0), 7), x.maskedFill_(x.gt(0), 7)],
  indexAdd: (x: Tensor) => [x.indexAdd(1, int([0, 0]), ones([2, 2])), x.indexAdd_(1, int([0, 0]), ones([2, 2]))],
  indexFill: (x: Tensor) => [x.indexFill(1, int([2]), 5), x.indexFill_(1, int([2]), 5)],
  addcmul: (x: Tensor) => [x.addcmul(x, x), x.addcmul_(x, x)],
  addcdiv: (x: Tensor) => [x.addcdiv(x, x.detach()), x.addcdiv_(x, x.detach())],
  addmm: (x: Tensor) => [x.addmm(ones([2, 2]), x), x.addmm_(ones([2, 2]), x)],
  nanToNum: (x: Tensor) => [x.nanToNum(), x.nanToNum_()],
  remainder: (x: Tensor) => [x.remainder(0.7), x.remainder_(0.7)],
  fmod: (x: Tensor) => [x.fmod(tensor([1, 2, 3])), x.fmod_(tensor([1, 2, 3]))],
  floorDivide: (x: Tensor) => [x.floorDivide(2), x.floorDivide_(2)],
  atan2: (x: Tensor) => [x.atan2(x), x.atan2_(x)],
  cumsum: (x: Tensor) => [x.cumsum(1), x.cumsum_(1)],
  cumprod: (x: Tensor) => [x.cumprod(0), x.cumprod_(0)],
  scatter: (x: Tensor) => [x.scatter(1, int([2, 0]).reshape([2, 1]), 7), x.scatter_(1, int([2, 0]).reshape([2, 1]), 7)],
  scatterAdd: (x: Tensor) => [
    x.scatterAdd(1, int([2, 0]).reshape([2, 1]), ones([2, 1])),
    x.scatterAdd_(1, int([2, 0]).reshape([2, 1]), ones([2, 1])),
  ],
  frac: (x: Tensor) => [x.frac(), x.frac_()],
  deg2rad: (x: Tensor) => [x.deg2rad(), x.deg2rad_()],
  rad2deg: (x: Tensor) => [x.rad2deg(), x.rad2deg_()],
  sinc: (x: Tensor) => [x.sinc(), x.sinc_()],
  logit: (x: Tensor) => [x.logit(), x.logit_()],
  xlogy: (x: Tensor) => [x.xlogy(x), x.xlogy_(x)],
  copysign: (x: Tensor) => [x.copysign(-1), x.copysign_(-1)],
  floatPower: (x: Tensor) => [x.floatPower(x), x.floatPower_(x)],
  hypot: (x: Tensor) => [x.hypot(ones([3])), x.hypot_(ones([3]))],
  heaviside: (x: Tensor) => [x.heaviside(tensor(7)), x.heaviside_(tensor(7))],
  renorm: (x: Tensor) => [x.renorm(2, 1, 1), x.renorm_(2, 1, 1)],
  addr: (x: Tensor) => [x.addr(ones([2]), ones([3])), x.addr_(ones([2]), ones([3]))],
  addbmm: (x: Tensor) => [x.addbmm(ones([2, 2, 1]), ones([2, 1, 3])), x.addbmm_(ones([2, 2, 1]), ones([2, 1, 3]))],
  indexCopy: (x: Tensor) => [x.indexCopy(1, int([2]), ones([2, 1])), x.indexCopy_(1, int([2]), ones([2, 1]))],
  indexPut: (x: Tensor) => [x.indexPut([[0]], x.detach().select(0, 1)), x.indexPut_([[0]], x.detach().select(0, 1))],
  maskedScatter: (x: Tensor) => [x.maskedScatter(x.gt(0), x), x.maskedScatter_(x.gt(0), x)],
  indexReduce: (x: Tensor) => [x.indexReduce(0, int([1, 1]), x, 'prod'), x.indexReduce_(0, int([1, 1]), x, 'prod')],
  scatterReduce: (x: Tensor) => [
    x.scatterReduce(1, int([2, 0]).reshape([2, 1]), ones([2, 1]), 'sum'),
    x.scatterReduce_(1, int([2, 0]).reshape([2, 1]), ones([2, 1]), 'sum'),
  ],
  triu: (x: Tensor) => [x.triu(), x.triu_()],
  tril: (x: Tensor) => [x.tril(), x.tril_()],
});

describe.each(Object.entries(forms))('%s_', (name, form) => {
  const start = [1, -2.5, 0, Number.NaN, Infinity, 0.25];
  it('writes the bits of the operation to the memory of the tensor, and counts the change', () => {
    const memory = Float32Array.from([9, ...start, 9]);
    const x = Tensor.fromTypedArray(memory.subarray(1, 7), [2, 3]);
    const [expected, changed] = form(x);
    expect(changed).toBe(x);
    expectSame(memory, [9, ...expected.data, 9]);
    expect(x.version.count).toBe(1);
  });
  it('is refused for leaves and for views where it would be recorded, and changes nothing', () => {
    const leaf = tensor(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      { requiresGrad: true },
    );
    expect(thrownBy(() => form(leaf)).code).toBe('SIMDNN_LEAF_IN_PLACE');
    const made = leaf.mul(1);
    const view = made.reshape([2, 3]);
    expect(thrownBy(() => form(view)).code).toBe('SIMDNN_VIEW_IN_PLACE');
    expectSame([...leaf.data, ...made.data], [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]);
    noGrad(() => form(leaf));
    expect(leaf.requiresGrad).toBe(true);
  });
  it('has a case', () => {
    expect(cases[`Tensor.${name.split(' ')[0]}_`]).toBeDefined();
  });
});

it('a captured buffer is changed at each replay', () => {
  const run = (compiled: boolean): number[][] => {
    const buffer = ones([2, 3]);
    const plain = (x: Tensor): Tensor => buffer.addcmul_(x, x, { value: 0.5 }).sqrt_().maskedFill_(x.gt(1), 2).clampMax_(5).mul(1);
    const step = compiled ? compile(plain) : plain;
    return [1, 2, 3, 4].map((k) => [
      ...step(
        tensor([
          [1, 2, 3],
          [4, 5, 6],
        ]).mul(k / 4),
      ).data,
      ...(buffer.ravel().toArray() as number[]),
    ]);
  };
  expect(run(true)).toEqual(run(false));
});

it('int32 tensors take what stays int32', () => {
  expect(
    int([1, 2])
      .maskedFill_(int([1, 0]), 7)
      .toArray(),
  ).toEqual([7, 2]);
  expect(
    int([1, 2])
      .addcmul_(int([1, 2]), int([3, 4]))
      .toArray(),
  ).toEqual([4, 10]);
  expectError(
    () => int([1]).pow_(2),
    TypeError,
    '[Tensor.pow_] the result is float32, and this tensor is int32\n  hint: pow() makes a new tensor',
  );
  expectError(
    () => int([1]).exp_(),
    TypeError,
    '[Tensor.exp_] the result is float32, and this tensor is int32\n  hint: exp() makes a new tensor',
  );
});

it('errors name the method that was called', () => {
  const x = zeros([2]);
  expectError(
    () => x.pow_(zeros([3, 2])),
    RangeError,
    '[Tensor.pow_] the result is [3, 2], and this tensor [2]\n  hint: pow() makes a new tensor',
  );
  expectError(() => x.pow_('2' as never), TypeError, '[Tensor.pow_] expected other to be a tensor, got "2"');
  expectError(() => x.indexAdd_(0, int([2]), zeros([1])), RangeError, '[Tensor.indexAdd_] index[0] = 2 is out of range [0, 2)');
  expectError(() => x.clampMin_('0' as never), TypeError, '[Tensor.clampMin_] expected min to be a number, got "0"');
  expectError(() => x.addcmul_(x, x, { valu: 1 } as never), TypeError, '[Tensor.addcmul_] unknown option "valu", did you mean "value"?');
  expectError(
    () => x.maskedFill_(int([1, 0, 1]), 0),
    RangeError,
    '[Tensor.maskedFill_] shapes [3] and [2] do not broadcast\n  hint: dimension -1 is 3 and 2',
  );
  expectSame(x, [0, 0]);
});

it('what has no gradient ends the history of what it overwrites', () => {
  for (const form of [(x: Tensor) => x.heaviside_(tensor(0.5)), (x: Tensor) => x.floorDivide_(2)]) {
    const leaf = tensor([1, -2], { requiresGrad: true });
    const weight = tensor([3, 4], { requiresGrad: true });
    form(leaf.mul(2)).mul(weight).sum().backward();
    expectSame(leaf.grad!, [0, 0]);
    expect(weight.grad).not.toBeNull();
  }
});
