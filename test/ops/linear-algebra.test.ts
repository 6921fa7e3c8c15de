// Linear algebra beyond what PyTorch's cases show: what is refused, what is singular, and what is not finite.
import { describe, expect, it } from 'vitest';
import { compile, eye, getNumThreads, linalg, manualSeed, ones, randn, setNumThreads, type Tensor, tensor, zeros } from '../../src';
import { expectClose, flat, thrownBy } from '../helpers';

const singular = () => tensor([[1, 2], [2, 4]]); // biome-ignore format: rows
const { NaN: nan } = Number;

describe('refuses', () => {
  const A = eye(2);
  it.each<[string, () => unknown, string]>([
    ['a vector', () => linalg.inv(ones([2])), '[linalg.inv] expected A [..., n, n], got [2]'],
    ['what is not square', () => linalg.det(ones([2, 3])), '[linalg.det] expected A [..., n, n], got [2, 3]'],
    ['as a method', () => ones([3, 2]).inverse(), '[Tensor.inverse] expected A [..., n, n], got [3, 2]'],
    ['integers', () => linalg.qr(ones([2, 2]).to('int32')), '[linalg.qr] expected A to be float32, got int32'],
    ['rows that do not fit', () => linalg.solve(A, ones([3, 1])), '[linalg.solve] expected B [..., 2, m] for A [2, 2], got [3, 1]'],
    ['a vector that does not fit', () => linalg.solve(A, ones([3])), '[linalg.solve] expected B [2] for A [2, 2], got [3]'],
    ['a vector on the left', () => linalg.solve(A, ones([2]), { left: false }), '[linalg.solve] left: false takes matrices, got a vector'],
    ['another mode', () => linalg.qr(A, { mode: 'full' as never }), '[linalg.qr] expected mode to be'],
    ['another norm', () => linalg.matrixNorm(A, 3), '[linalg.matrixNorm] expected ord to be'],
    ['one dimension twice', () => linalg.matrixNorm(A, 1, { dim: [0, -2] }), '[linalg.matrixNorm] expected dim to be two dimensions'],
    [
      'matrices without dim',
      () => linalg.norm(ones([2, 2, 2]), 1),
      '[linalg.norm] expected x of one or two dimensions where dim is left out',
    ],
    ['a broken power', () => linalg.matrixPower(A, 1.5), '[linalg.matrixPower] expected n to be'],
    ['a singular matrix', () => linalg.solve(singular(), ones([2])), '[solve] a[0] is singular'],
    ['one of a batch', () => linalg.inv(tensor([[[1, 0], [0, 1]], [[1, 2], [2, 4]]])), '[solve] a[1] is singular'], // biome-ignore format: rows
    ['a negative power of it', () => singular().matrixPower(-1), '[solve] a[0] is singular'],
    ['what is not positive definite', () => linalg.cholesky(eye(2).neg()), '[cholesky] a[0] is not positive definite'],
    ['a NaN of it', () => linalg.cholesky(tensor([[nan]])), '[cholesky] a[0] is not positive definite'],
  ])('%s', (_, call, message) => expect(thrownBy(call).message).toContain(message));

  it('gradients that PyTorch has not either', () => {
    const tall = ones([3, 2]).requiresGrad_();
    expect(() => linalg.qr(tall, { mode: 'r' }).R.sum().backward()).toThrow('mode "r" has no gradient');
    expect(() => linalg.qr(tall, { mode: 'complete' }).Q.sum().backward()).toThrow(
      'mode "complete" of more rows than columns has no gradient',
    );
  });

  it('a singular matrix in a compiled function, which goes on after it', () => {
    const fn = compile((a: Tensor) => linalg.inv(a));
    for (let i = 0; i < 3; i++) {
      expect(fn(eye(2).mul(2)).toArray()).toEqual([[0.5, 0], [0, 0.5]]); // biome-ignore format: rows
      expect(() => fn(singular())).toThrow('[solve] a[0] is singular');
    }
  });
});

describe('a singular matrix', () => {
  it('has the determinant 0, and its cofactors as the gradient', () => {
    const gradientOf = (a: Tensor): number[] => {
      a.requiresGrad_();
      const det = linalg.det(a);
      expect(Math.abs(det.item())).toBe(0);
      det.backward();
      return flat(a.grad!);
    };
    expectClose(gradientOf(singular()), [4, -2, -2, 1], 1e-6);
    expectClose(gradientOf(zeros([3, 3])), new Array(9).fill(0), 1e-30);
    expectClose(gradientOf(tensor([[0, 1, 0], [0, 0, 1], [0, 0, 0]])), [0, 0, 0, 0, 0, 0, 1, 0, 0], 1e-30); // biome-ignore format: rows
  });
  it('has the logarithm -Infinity', () => {
    const { sign, logabsdet } = linalg.slogdet(singular());
    expect([Math.abs(sign.item()), logabsdet.item(), singular().logdet().item(), eye(3).neg().logdet().item()]).toEqual([
      0,
      -Infinity,
      -Infinity,
      nan,
    ]);
  });
});

it('a determinant beyond the range of float32 has its logarithm', () => {
  const { sign, logabsdet } = linalg.slogdet(eye(400).mul(-1e-30));
  expect(sign.item()).toBe(1);
  expect(logabsdet.item()).toBeCloseTo(400 * Math.log(1e-30), 1);
});

it('what is not finite ends, as NaN or Infinity', () => {
  for (const bad of [nan, Infinity, -Infinity]) {
    const a = tensor([[bad, 1, 2], [3, bad, 1], [2, 2, bad]]); // biome-ignore format: rows
    for (const result of [linalg.det(a), linalg.qr(a).R, linalg.matrixExp(a), linalg.matrixPower(a, 2)]) {
      expect(flat(result).every(Number.isFinite)).toBe(false);
    }
  }
  expect(linalg.inv(tensor([[Infinity]])).item()).toBe(0);
  expect(linalg.inv(tensor([[nan]])).item()).toBe(nan);
  expect(linalg.cholesky(tensor([[Infinity]])).item()).toBe(Infinity);
  expect(flat(linalg.matrixExp(tensor([[100, 1], [1, 1]])))).toEqual(new Array(4).fill(Infinity)); // biome-ignore format: rows
});

it('nothing is as PyTorch has it: the determinant of an empty matrix is 1', () => {
  expect(linalg.det(zeros([0, 0])).item()).toBe(1);
  expect(linalg.slogdet(zeros([2, 0, 0])).logabsdet.toArray()).toEqual([0, 0]);
  expect(linalg.inv(zeros([0, 3, 3])).shape).toEqual([0, 3, 3]);
  expect(linalg.matrixExp(zeros([0, 0])).shape).toEqual([0, 0]);
  expect(linalg.qr(zeros([3, 0]), { mode: 'complete' }).Q.toArray()).toEqual(eye(3).toArray());
  expect(ones([2, 2]).matrixPower(0).toArray()).toEqual(eye(2).toArray());
  expect(linalg.qr(zeros([0, 3])).R.shape).toEqual([0, 3]);
  expect(linalg.solve(eye(2), zeros([2, 0])).shape).toEqual([2, 0]);
});

it('has the same bits for any number of threads', () => {
  manualSeed(1);
  const a = randn([7, 20, 20]);
  const all = (): number[][] => {
    const { Q, R } = linalg.qr(a);
    const definite = a.matmul(a.mT);
    return [linalg.inv(a), linalg.det(a), Q, R, linalg.cholesky(definite), linalg.matrixExp(a)].map(flat);
  };
  const [wanted, before] = [all(), getNumThreads()];
  try {
    for (const threads of [1, 2, 4]) {
      setNumThreads(threads);
      expect(all()).toEqual(wanted);
    }
  } finally {
    setNumThreads(before);
  }
});
