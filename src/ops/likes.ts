// Tensors with the shape and the element type of another tensor.
import { checkTensor, type Tensor } from '../tensor';
import { type CreateOptions, full, ones, rand, randn, zeros } from './create';
import { integers } from './draws';

// The shape of `input`, and the options with its element type unless they have one.
function like(where: string, input: Tensor, options: CreateOptions | undefined): [number[], CreateOptions] {
  const { shape, dtype } = checkTensor(where, 'input', input);
  return [shape, options === undefined ? { dtype } : { ...options, dtype: options.dtype ?? dtype }];
}

/**
 * A tensor of zeros with the shape and the element type of `input`: `torch.zeros_like`.
 *
 * @example
 * zerosLike(tensor([1, 2])).toArray(); // [0, 0]
 */
export function zerosLike(input: Tensor, options?: CreateOptions): Tensor {
  return zeros(...like('zerosLike', input, options));
}

/**
 * A tensor of ones with the shape and the element type of `input`: `torch.ones_like`.
 *
 * @example
 * onesLike(tensor([1, 2])).toArray(); // [1, 1]
 */
export function onesLike(input: Tensor, options?: CreateOptions): Tensor {
  return ones(...like('onesLike', input, options));
}

/**
 * A tensor of one number with the shape and the element type of `input`: `torch.full_like`.
 *
 * @example
 * fullLike(tensor([1, 2]), 7).toArray(); // [7, 7]
 */
export function fullLike(input: Tensor, fillValue: number, options?: CreateOptions): Tensor {
  const [shape, settings] = like('fullLike', input, options);
  return full(shape, fillValue, settings);
}

/**
 * A tensor with the shape and the element type of `input` whose elements are still to be written; here they are zeros. `torch.empty_like`.
 *
 * @example
 * emptyLike(tensor([1, 2])).shape; // [2]
 */
export function emptyLike(input: Tensor, options?: CreateOptions): Tensor {
  return zeros(...like('emptyLike', input, options));
}

/**
 * `rand` with the shape of `input`: `torch.rand_like`. float32 only.
 *
 * @example
 * randLike(tensor([1, 2])).shape; // [2]
 */
export function randLike(input: Tensor, options?: CreateOptions): Tensor {
  return rand(...like('randLike', input, options));
}

/**
 * `randn` with the shape of `input`: `torch.randn_like`. float32 only.
 *
 * @example
 * randnLike(tensor([1, 2])).shape; // [2]
 */
export function randnLike(input: Tensor, options?: CreateOptions): Tensor {
  return randn(...like('randnLike', input, options));
}

/**
 * `randint` with the shape and the element type of `input`: `randintLike(input, high)` or `randintLike(input, low, high)`, then options. As
 * `torch.randint_like`.
 *
 * @example
 * randintLike(tensor([1, 2]), 3, 4).toArray(); // [3, 3]
 */
export function randintLike(input: Tensor, high: number, options?: CreateOptions): Tensor;
export function randintLike(input: Tensor, low: number, high: number, options?: CreateOptions): Tensor;
export function randintLike(input: Tensor, first: number, second?: number | CreateOptions, third?: CreateOptions): Tensor {
  const [low, high, options] = typeof second === 'number' ? [first, second, third] : [0, first, second];
  const [shape, settings] = like('randintLike', input, options);
  return integers('randintLike', low, high, shape, settings);
}
