// A product of several matrices.
import { rangeError } from '../errors';
import { shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import './matmul';

/**
 * The product of the matrices `[n0, n1]`, `[n1, n2]`, ..., multiplied in the order that takes the fewest multiplications: `torch.chain_matmul`. A single matrix
 * is returned itself.
 *
 * A RangeError for a tensor that is not a matrix, and for neighbours whose sizes do not fit. Source: Cormen et al., Introduction to Algorithms, section 15.2.
 *
 * @example
 * chainMatmul(tensor([[1, 2]]), tensor([[3], [4]]), tensor([[5, 6]])).toArray(); // [[55, 66]]
 */
export function chainMatmul(...matrices: Tensor[]): Tensor {
  const where = 'chainMatmul';
  matrices.forEach((t, i) => {
    checkTensor(where, `matrices[${i}]`, t, 'float32');
    if (t.shape.length !== 2) throw rangeError(where, `expected matrices[${i}] to be a matrix, got ${shapeText(t.shape)}`);
    const before = matrices[i - 1];
    if (before !== undefined && before.shape[1] !== t.shape[0]) {
      throw rangeError(where, `expected matrices[${i}] [${before.shape[1]}, *], got ${shapeText(t.shape)}`);
    }
  });
  if (matrices.length === 0) throw rangeError(where, 'expected at least one matrix, got none');
  const cuts = bestCuts([matrices[0]!.shape[0]!, ...matrices.map((t) => t.shape[1]!)]);
  const product = (first: number, last: number): Tensor => {
    if (first === last) return matrices[first]!;
    const cut = cuts[first]![last]!;
    return product(first, cut).matmul(product(cut + 1, last));
  };
  return product(0, matrices.length - 1);
}

// cuts[first][last]: the matrix after which the product of matrices `first` to `last` is split for the fewest multiplications; matrix i is [sizes[i], sizes[i + 1]].
function bestCuts(sizes: readonly number[]): number[][] {
  const n = sizes.length - 1;
  const cost = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const cuts = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (let length = 2; length <= n; length++) {
    for (let first = 0; first + length <= n; first++) {
      const last = first + length - 1;
      cost[first]![last] = Infinity;
      for (let cut = first; cut < last; cut++) {
        const all = cost[first]![cut]! + cost[cut + 1]![last]! + sizes[first]! * sizes[cut + 1]! * sizes[last + 1]!;
        if (!(all < cost[first]![last]!)) continue;
        cost[first]![last] = all;
        cuts[first]![last] = cut;
      }
    }
  }
  return cuts;
}
