// Differences of neighbouring elements.
import { checkInteger, rangeError, withDefaults } from '../errors';
import { normalizeDim } from '../shape';
import { Tensor } from '../tensor';
import { cat } from './join';
import { piece } from './pieces';
import './arithmetic';

/** The options of `diff`. */
export interface DiffOptions {
  /** Elements before those of x along `dim`, or null for none. */
  prepend?: Tensor | null;
  /** Elements after those of x along `dim`, or null for none. */
  append?: Tensor | null;
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The differences of neighbouring elements along `dim` (default -1), taken `n` times (default 1): `torch.diff`. Each time leaves one element fewer. The
     * tensors `prepend` and `append` are joined to x before, along `dim`.
     *
     * @example
     * tensor([1, 4, 9]).diff().toArray(); // [3, 5]
     * tensor([1, 4, 9]).diff(2).toArray(); // [2]
     * tensor([1, 4, 9]).diff(1, 0, { prepend: tensor([0]) }).toArray(); // [1, 3, 5]
     */
    diff(n?: number, dim?: number, options?: DiffOptions): Tensor;
  }
}

Tensor.prototype.diff = function (this: Tensor, n = 1, dim = -1, options?: DiffOptions) {
  const where = 'Tensor.diff';
  const d = normalizeDim(where, dim, this.shape.length);
  checkInteger(where, 'n', n);
  if (this.shape.length === 0) throw rangeError(where, 'a scalar has no neighbours');
  const { prepend, append } = withDefaults<Required<DiffOptions>>(where, options, { prepend: null, append: null });
  const parts = [prepend, this, append].filter((part) => part !== null);
  const whole = n === 0 || parts.length === 1 ? this : cat(parts, d, where);
  const times = Math.min(n, whole.shape[d]!);
  let x: Tensor = times === 0 ? this.clone() : whole;
  for (let i = 0; i < times; i++) {
    const left = Math.max(0, x.shape[d]! - 1);
    x = piece('diff', x, d, x.shape[d]! - left, left).sub(piece('diff', x, d, 0, left));
  }
  return x;
};
