// Cases of signs, steps, lengths, running extremes and cross products; `dense.py` has the same ones, in the same order, in PyTorch.
import type { Tensor } from '../../src/tensor';
import { float, floats, int, of, on, positive, x34, y34 } from './case-inputs';
import type { Case } from './case-makers';

const { NaN: nan } = Number;
const values = () => floats([-1, 0, 0.25, 2, 3, -7, Infinity, -Infinity, nan], [3, 3]);
const steps = () => floats([-2, 0, -0, 3, 0.5, -0.25, 1, -1, 2]);
const tied = () => floats([1, 2, 2, -1, 3, 3, 3, 0.5], [2, 4]);
const broken = () => floats([1, nan, 3, nan, 2, Infinity, -Infinity, Infinity, 0, nan], [2, 5]);
const both = ({ values, indices }: { values: Tensor; indices: Tensor }): Tensor[] => [values, indices];

export const numericCases: Record<string, Case[]> = {
  'Tensor.hypot': [
    on((x, y) => x!.hypot(y!), x34, y34),
    on(
      (x, y) => x!.hypot(y!),
      () => floats([3, 0, -0, 5, 0]),
      () => floats([4, -7, 1, -12, 2]),
    ),
    on(
      (x, y) => x!.hypot(y!),
      x34,
      () => positive([3, 1]),
    ),
    on(
      (x, y) => x!.hypot(y!),
      () => floats([3e30, 3e-30, 1e38, 2e25]),
      () => floats([4e30, 4e-30, 1, -7e25]),
    ),
  ],
  'Tensor.copysign': [
    on((x, y) => x!.copysign(y!), x34, x34),
    on(
      (x, y) => x!.copysign(y!),
      steps,
      () => floats([1, -1, -1, -0, 0, 3, -2, -4, Infinity]),
    ),
    of((x) => x.copysign(-2)),
  ].map((one) => ({ ...one, constants: [1] })),
  'Tensor.signbit': [
    on((x) => x!.signbit(), steps),
    on(
      (x) => x!.signbit(),
      () => int([1, 0, -3]),
    ),
  ],
  'Tensor.heaviside': [
    on(
      (x, y) => x!.heaviside(y!),
      values,
      () => floats([0.5, -2, 3]),
    ),
    on(
      (x, y) => x!.heaviside(y!),
      () => int([1, 0, -3]),
      () => int([7, 7, 7]),
    ),
  ],
  'Tensor.sinc': [of((x) => x.sinc()), on((x) => x!.sinc(), steps)],
  'Tensor.logaddexp2': [
    on((x, y) => x!.logaddexp2(y!), x34, y34),
    on(
      (x, y) => x!.logaddexp2(y!),
      () => floats([1000, -1000, 3]),
      () => floats([1000, 2, -Infinity]),
    ),
  ],
  'Tensor.floatPower': [
    on((x, y) => y!.floatPower(x!), x34, y34),
    of((x) => x.floatPower(2)),
    on(
      (x) => x!.floatPower(-2),
      () => int([1, -2, 4]),
    ),
  ],
  'Tensor.cross': [
    on(
      (x, y) => x!.cross(y!),
      () => float([3]),
      () => positive([3]),
    ),
    on((x, y) => x!.cross(y!), x34, y34),
    on(
      (x, y) => x!.cross(y!, -1),
      () => float([4, 1, 3]),
      () => positive([1, 2, 3]),
    ),
    on(
      (x, y) => x!.cross(y!),
      () => int([1, 2, 3]),
      () => int([4, 5, 6]),
    ),
  ],
  ...Object.fromEntries(
    (['cummax', 'cummin'] as const).map((name) => [
      `Tensor.${name}`,
      [
        of((x) => both(x[name](1))),
        of((x) => both(x[name](-2)), 5, 3),
        on((x) => both(x![name](1)), tied),
        on((x) => both(x![name](1)), broken),
        on(
          (x) => both(x![name](0)),
          () => int([3, 1, 1, 4, 4, 0, 9]),
        ),
      ],
    ]),
  ),
  'Tensor.logcumsumexp': [
    of((x) => x.logcumsumexp(1)),
    of((x) => x.logcumsumexp(0), 9, 2),
    on(
      (x) => x!.logcumsumexp(0),
      () => floats([1000, 1001, -1000, 1003]),
    ),
  ],
};
