// Cases of options that PyTorch's operations have besides their arguments, and of arguments that they take in several forms.
import * as ops from '../../src/ops';
import { float, floats, int, of, on, x34, y34 } from './case-inputs';
import type { Case } from './case-makers';

const tied = () => floats([2, -1, 0, 2, 0, 0, 3, -1]);
const odd = () => floats([2, Number.NaN, 0, 2, 0, Number.NaN, 3, 2]);
const whole = () => int([7, -7, 5, -5, 0, 3], [2, 3]);
const divisors = () => int([2, 2, -3], [3]);

export const optionCases: Record<string, Case[]> = {
  'Tensor.add': [
    on((x, y) => x.add(y!, { alpha: -0.5 }), x34, y34),
    on((x, y) => x.add(y!, { alpha: 3 }), whole, divisors),
    of((x) => x.add(2, { alpha: 3 })),
  ],
  'Tensor.sub': [
    on(
      (x, y) => x.sub(y!, { alpha: 2 }),
      x34,
      () => float([4]),
    ),
    on((x, y) => x.sub(y!, { alpha: -2 }), whole, divisors),
  ],
  'Tensor.add_': [
    on((x, y) => x.clone().add_(y!, { alpha: -0.5 }), x34, y34),
    of((x) => {
      const y = x.clone();
      return y.add_(y, { alpha: 2 });
    }),
  ],
  'Tensor.sub_': [on((x, y) => x.clone().sub_(y!, { alpha: 2 }), whole, divisors)],
  'Tensor.div': [
    on((x, y) => x.div(y!, { roundingMode: 'trunc' }), x34, y34),
    on((x, y) => x.div(y!, { roundingMode: null }), x34, y34),
    on((x, y) => x.div(y!, { roundingMode: 'trunc' }), whole, divisors),
    on((x, y) => x.div(y!, { roundingMode: 'floor' }), whole, divisors),
  ],
  'Tensor.div_': [
    on((x, y) => x.clone().div_(y!, { roundingMode: 'trunc' }), x34, y34),
    on((x, y) => x.clone().div_(y!, { roundingMode: 'floor' }), whole, divisors),
  ],
  'Tensor.round': [of((x) => x.round({ decimals: 1 })), of((x) => x.mul(100).round({ decimals: -1 }))],
  'Tensor.clamp': [of((x) => x.clamp(-0.5, 1)), of((x) => x.clamp(null, 1)), of((x) => x.clamp(0.1))],
  'Tensor.clamp_': [of((x) => x.clone().clamp_(-0.5, 1))],
  'Tensor.squeeze': [
    on(
      (x) => x.squeeze([0, -1, 1]),
      () => float([1, 3, 1]),
    ),
    on(
      (x) => x.squeeze([]),
      () => float([1, 2]),
    ),
  ],
  'Tensor.median': [on((x) => x.median(), tied), on((x) => x.median(), odd), on((x) => x.median(), whole)],
  'Tensor.fmod': [on((x, y) => x.fmod(y!), whole, divisors)],
  'Tensor.prod': [
    on(
      (x) => x.prod(),
      () => float([0]),
    ),
    on(
      (x) => x.prod(1),
      () => float([2, 0, 3]),
    ),
    on((x) => x.prod(1), whole),
  ],
  'Tensor.cumprod': [on((x) => x.cumprod(1), whole), on((x) => x.cumprod(0), whole)],
  'ops.cat': [
    on(
      (x, y) => ops.cat([x, y!], 1),
      () => float([0]),
      x34,
    ),
    on(
      (x, y) => ops.cat([x, y!]),
      () => float([0]),
      () => float([0]),
    ),
  ],
  'ops.einsum': [
    on(
      (x) => ops.einsum('ii->i', x),
      () => float([3, 3]),
    ),
    on(
      (x, y) => ops.einsum('...ij,jk->...ik', x, y!),
      () => float([2, 3, 4]),
      () => float([4, 2]),
    ),
    on(
      (x, y) => ops.einsum('i...,i...', x, y!),
      () => float([3, 2, 1]),
      () => float([3, 4]),
    ),
    on(
      (x) => ops.einsum('i...->i', x),
      () => float([3, 2, 2]),
    ),
    on(
      (x, y) => ops.einsum('ij,jk->ik', x, y!),
      () => float([3, 1]),
      () => float([4, 2]),
    ),
  ],
  'Tensor.lerp_': [
    on(
      (x, y, w) => x!.clone().lerp_(y!, w!),
      x34,
      y34,
      () => floats([0.1, 0.6, -1, 2]),
    ),
    on(
      (x, w) => {
        const y = x!.clone();
        return y.lerp_(y, w!);
      },
      x34,
      () => floats([0.25]),
    ),
  ],
  'Tensor.fill_': [
    on(
      (x, v) => x!.clone().fill_(v!),
      x34,
      () => float([]),
    ),
    on(
      (x, v) => x!.clone().fill_(v!),
      whole,
      () => int([7], []),
    ),
  ],
  'Tensor.sort': [
    of((x) => {
      const { values, indices } = x.sort({ descending: true });
      return [values, indices];
    }),
  ],
  'Tensor.argsort': [of((x) => x.argsort({ descending: true }))],
};
