// Splitting a dimension, as a layer.
import { checkInteger, describe, rangeError, typeError } from '../errors';
import '../ops/views';
import { normalizeDim, numelOf, shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { pythonShape } from './format';
import { checkInputs } from './inputs';
import { Module } from './module';
import { integer, Options } from './options';

const options = new Options('Unflatten', { dim: integer() });

function checkSizes(sizes: readonly number[]): readonly number[] {
  if (!Array.isArray(sizes)) throw typeError('Unflatten', `expected unflattenedSize to be an array of sizes, got ${describe(sizes)}`);
  if (sizes.length === 0) throw rangeError('Unflatten', 'expected unflattenedSize to have a size, got []');
  for (const size of sizes) checkInteger('Unflatten', 'every size of unflattenedSize', size, -1);
  if (sizes.filter((size) => size === -1).length > 1) throw rangeError('Unflatten', `only one size can be -1, got ${shapeText(sizes)}`);
  return Object.freeze([...sizes]);
}

/**
 * Makes dimension `dim` several of the sizes `unflattenedSize`, of which one may be -1: `torch.nn.Unflatten`, the reverse of `Flatten`.
 *
 * The result is on the memory of x. A RangeError unless the sizes make up that of the dimension.
 *
 * @example
 * new nn.Unflatten(1, [2, -1]).forward(zeros([32, 10])).shape; // [32, 2, 5]
 */
export class Unflatten extends Module {
  /** The dimension that is split. */
  dim: number;
  /** Their sizes. */
  readonly unflattenedSize: readonly number[];

  constructor(dim: number, unflattenedSize: readonly number[]) {
    super();
    this.dim = options.checked({ dim }).dim;
    this.unflattenedSize = checkSizes(unflattenedSize);
  }

  override forward(x: Tensor): Tensor {
    checkInputs('Unflatten.forward', arguments.length);
    options.use(this);
    const { shape } = checkTensor('Unflatten.forward', 'x', x);
    const at = normalizeDim('Unflatten.forward', this.dim, shape.length);
    const size = shape[at] ?? 1;
    const known = numelOf(this.unflattenedSize.filter((n) => n !== -1));
    const sizes = this.unflattenedSize.map((n) => (n === -1 ? size / known : n));
    if (shape.length === 0 || numelOf(sizes) !== size || !sizes.every(Number.isInteger)) {
      throw rangeError('Unflatten.forward', `dim ${this.dim} of ${shapeText(shape)} does not become ${shapeText(this.unflattenedSize)}`);
    }
    return x.reshape(shape.toSpliced(at, 1, ...sizes));
  }

  override extraRepr(): string {
    return `${options.print(this)}, unflattened_size=${pythonShape(this.unflattenedSize)}`;
  }
}
