// Sums and means over all or some dimensions.
import { give, isUnit, record } from '../autograd';
import * as calls from '../calls.generated';
import { checkBoolean, rangeError, withDefaults } from '../errors';
import { layoutOf, normalizeDim, stridesOf } from '../shape';
import { checkTensor, empty, Tensor } from '../tensor';
import { repeatStrides, sumOver } from './broadcast';
import { copyOf } from './convert';

/** The option `keepdim`, checked; false by default. */
export function keepdimOf(where: string, options: { keepdim?: boolean } | undefined): boolean {
  return options === undefined ? false : checkBoolean(where, 'keepdim', withDefaults(where, options, { keepdim: false }).keepdim);
}

/** Which dimensions `dim` names; all if it is undefined. */
export function reducedDims(where: string, dim: number | readonly number[] | undefined, rank: number): boolean[] {
  if (dim === undefined || dim === null) return new Array<boolean>(rank).fill(true);
  const reduced = new Array<boolean>(rank).fill(false);
  for (const one of Array.isArray(dim) ? dim : [dim]) {
    const d = normalizeDim(where, one, rank);
    if (reduced[d]) throw rangeError(where, `dim ${one} is named twice`);
    if (rank > 0) reduced[d] = true;
  }
  return reduced;
}

function reduce(name: 'sum' | 'mean', x: Tensor, dim?: number | readonly number[], options?: { keepdim?: boolean }): Tensor {
  const where = `Tensor.${name}`;
  if (name === 'mean') checkTensor(where, 'x', x, 'float32');
  const keepdim = keepdimOf(where, options);
  const reduced = reducedDims(where, dim, x.shape.length);
  const kept = x.shape.map((size, d) => (reduced[d] ? 1 : size));
  const shape = keepdim ? kept : x.shape.filter((_, d) => !reduced[d]);
  const n = x.shape.reduce((product, size, d) => (reduced[d] ? product * size : product), 1);
  const scale = name === 'mean' ? 1 / n : 1;
  const summed = sumOver(x, reduced, scale);
  const y = summed === x ? copyOf(x) : new Tensor(summed.values, shape);
  return record(y, name, [x], [], (dy) => {
    const dx = empty(x.shape.slice());
    calls.fill({ out: dx.floats, n: x.numel, value: scale });
    if (!isUnit(dy)) {
      const layout = layoutOf(where, x.shape, { strides: stridesOf(x.shape) }, { strides: repeatStrides(kept, x.shape) });
      calls.mul({ out: dx.floats, a: dx.floats, b: dy.floats, layout });
    }
    give(x, dx);
  });
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The sum over dimension `dim`, over several (an array), or over all (default); `keepdim` keeps them with size 1.
     *
     * int32 gives int32, which wraps (PyTorch widens to int64). An empty sum is 0.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).sum(0).toArray(); // [4, 6]
     * tensor([[1, 2], [3, 4]]).sum().item(); // 10
     */
    sum(dim?: number | readonly number[], options?: { keepdim?: boolean }): Tensor;
    /**
     * The mean over dimension `dim`, over several (an array), or over all (default); `keepdim` keeps them with size 1.
     *
     * The mean of no elements is NaN. A TypeError for int32.
     *
     * @example
     * tensor([[1, 2], [3, 4]]).mean(1, { keepdim: true }).toArray(); // [[1.5], [3.5]]
     */
    mean(dim?: number | readonly number[], options?: { keepdim?: boolean }): Tensor;
  }
}

Tensor.prototype.sum = function (this: Tensor, dim, options) {
  return reduce('sum', this, dim, options);
};
Tensor.prototype.mean = function (this: Tensor, dim, options) {
  return reduce('mean', this, dim, options);
};
