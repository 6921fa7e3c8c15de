// The distinct elements, or slices, of a tensor.
import { checkBoolean, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { normalizeDim } from '../shape';
import { constant, Tensor } from '../tensor';
import './select';
import './sort';
import './transpose';
import './views';

/** The options of `unique` and `uniqueConsecutive`. */
export interface UniqueOptions {
  /** Whether the index of each element of x among the distinct ones is returned too (false). */
  returnInverse?: boolean;
  /** Whether the number of occurrences is returned too (false). */
  returnCounts?: boolean;
  /** The dimension along which slices are compared instead of elements (null). */
  dim?: number | null;
}

type Alone = UniqueOptions & { returnInverse?: false; returnCounts?: false };

declare module '../tensor' {
  interface Tensor {
    /**
     * The distinct elements in ascending order, `[m]`, or with `dim` the distinct slices along it; with an option an object that also has the inverse and the
     * counts (int32): `torch.unique`.
     *
     * Slices are ordered by the first elements in which they differ. A NaN is different from every other NaN. The size of the result depends on values, so
     * `compile` and `fit` cannot record this.
     *
     * @example
     * tensor([3, 1, 3]).unique().toArray(); // [1, 3]
     * tensor([[3, 1], [2, 5], [3, 1]]).unique({ dim: 0 }).toArray(); // [[2, 5], [3, 1]]
     */
    unique(options?: Alone): Tensor;
    /** The distinct elements, the index of each element of x among them, and how often they occur; see `unique`. */
    unique(options: UniqueOptions): { values: Tensor; inverse: Tensor; counts: Tensor };
    /**
     * The first element of each run of equal neighbours, in row-major order, `[m]`, or with `dim` the first slice of each run along it; with an option an
     * object that also has the inverse and the counts (int32), as `unique`: `torch.unique_consecutive`. The size of the result depends on values, so this
     * cannot be recorded.
     *
     * @example
     * tensor([1, 1, 2, 1]).uniqueConsecutive().toArray(); // [1, 2, 1]
     */
    uniqueConsecutive(options?: Alone): Tensor;
    /** The first element of each run, the run of each element, and the lengths of the runs; see `uniqueConsecutive`. */
    uniqueConsecutive(options: UniqueOptions): { values: Tensor; inverse: Tensor; counts: Tensor };
  }
}

type Values = Float32Array | Int32Array;

// The index of the first difference between two slices, in slice a; -1 if they are equal.
function firstDifference(values: Values, a: number, b: number, width: number): number {
  for (let i = 0; i < width; i++) if (values[a * width + i] !== values[b * width + i]) return a * width + i;
  return -1;
}

// The numbers of the slices in ascending order of the slices; equal slices keep their order.
function inOrder(slices: Tensor, n: number, width: number): Int32Array {
  if (width === 1) return slices.sort(0).indices.ints;
  const { values } = slices;
  return Int32Array.from({ length: n }, (_, i) => i).sort((a, b) => {
    const at = firstDifference(values, a, b, width);
    if (at < 0) return a - b;
    const [left, right] = [values[at]!, values[at + (b - a) * width]!];
    if (left < right || right < left) return left < right ? -1 : 1;
    return Number(Number.isNaN(left)) - Number(Number.isNaN(right)) || a - b; // NaN is larger than all
  });
}

function method(name: 'unique' | 'uniqueConsecutive') {
  return function (this: Tensor, options?: UniqueOptions) {
    const where = `Tensor.${name}`;
    recorder?.reading(where);
    const given = withDefaults<Required<UniqueOptions>>(where, options, { returnInverse: false, returnCounts: false, dim: null });
    const more = [checkBoolean(where, 'returnInverse', given.returnInverse), checkBoolean(where, 'returnCounts', given.returnCounts)];
    const x = given.dim === null ? this.detach().reshape([this.numel]) : this.detach();
    const d = given.dim === null ? 0 : normalizeDim(where, given.dim, x.shape.length);
    const n = x.shape[d]!;
    const width = x.numel / Math.max(1, n);
    const slices = x.transpose(0, d).reshape([x.numel]);
    const order = name === 'unique' ? inOrder(slices, n, width) : Int32Array.from({ length: n }, (_, i) => i);
    const inverse = constant([n], 'int32');
    const starts: number[] = [];
    for (let k = 0; k < n; k++) {
      if (k === 0 || firstDifference(slices.values, order[k - 1]!, order[k]!, width) >= 0) starts.push(k); // each NaN is different from the others
      inverse.values[order[k]!] = starts.length - 1;
    }
    const first = Tensor.fromTypedArray(
      Int32Array.from(starts, (k) => order[k]!),
      [starts.length],
    );
    const values = x.indexSelect(d, first);
    if (!more.includes(true)) return values;
    const counts = Int32Array.from(starts, (start, k) => (starts[k + 1] ?? n) - start);
    return {
      values,
      inverse: given.dim === null ? inverse.reshape(this.shape) : inverse,
      counts: Tensor.fromTypedArray(counts, [starts.length]),
    };
  };
}
Tensor.prototype.unique = method('unique') as Tensor['unique'];
Tensor.prototype.uniqueConsecutive = method('uniqueConsecutive') as Tensor['uniqueConsecutive'];
