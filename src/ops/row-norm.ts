// The p-norm of vectors along one dimension.
import { give, noGrad, record } from '../autograd';
import { around } from '../shape';
import type { Tensor } from '../tensor';
import './arithmetic';
import './compare';
import './convert';
import './extremum';
import './reduce';
import './unary';
import './views';

function normOf(x: Tensor, p: number, dim: number): Tensor {
  const keepdim = true;
  if (p === Infinity) return x.abs().max(dim, { keepdim }).values;
  if (p === -Infinity) return x.abs().min(dim, { keepdim }).values;
  if (p === 0) return x.ne(0).to('float32').sum(dim, { keepdim });
  if (p === 1) return x.abs().sum(dim, { keepdim });
  if (p === 2) return x.square().sum(dim, { keepdim }).sqrt();
  return x
    .abs()
    .pow(p)
    .sum(dim, { keepdim })
    .pow(1 / p);
}

// d norm / dx. Where the norm is 0 so is the slope, as in PyTorch; equal extremes share theirs.
function slopeOf(x: Tensor, norm: Tensor, p: number, dim: number): Tensor {
  const sign = x.sign();
  if (p === 1) return sign;
  if (Math.abs(p) === Infinity) {
    const chosen = x.abs().eq(norm).to('float32');
    return sign.mul(chosen).div(chosen.sum(dim, { keepdim: true }));
  }
  const safe = norm.add(norm.eq(0).to('float32'));
  if (p === 2) return x.div(safe);
  return sign.mul(
    x
      .abs()
      .add(x.eq(0).to('float32'))
      .div(safe)
      .pow(p - 1),
  );
}

/** @internal The p-norm of x along `dim`, which is counted from the front. */
export function vectorNorm(x: Tensor, p: number, dim: number, keepdim: boolean): Tensor {
  const kept = noGrad(() => normOf(x, p, dim));
  const norm = keepdim || x.shape.length === 0 ? kept : noGrad(() => kept.squeeze(dim));
  const { n } = around(x.shape, dim);
  return record(norm, 'norm', [x], p === 0 ? [] : [x, norm], (dy) => {
    if (n === 0) return;
    const wide = dy.reshape(kept.shape);
    const slope = p === 0 ? x.mul(0) : slopeOf(x, norm.reshape(kept.shape), p, dim);
    give(x, slope.mul(wide));
  });
}
