// A linear layer for sparse rows.
import { checkBoolean, checkInteger, rangeError, withDefaults } from '../errors';
import { embeddingBag } from '../ops/embedding-bag';
import { shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { pythonBool } from './format';
import { uniform_ } from './init';
import { checkInputs } from './inputs';
import { Module } from './module';
import { boolean, Options } from './options';
import { emptyParameter, type Parameter } from './parameter';

/** The options of `SparseLinear`. */
export interface SparseLinearOptions {
  /** Whether a bias is added (true). */
  bias?: boolean;
  /** Whether a backward pass touches only the rows of the weight's gradient whose columns occur, so that `SparseAdam`, `SGD` and `Adagrad` update just these (false). */
  sparse?: boolean;
}

/** The rows' elements that are not 0, given besides their columns. */
export interface SparseRows {
  /** Where each row begins in columns of one dimension: int32, from 0, in ascending order. */
  offsets?: Tensor | null;
  /** The elements, of the shape of the columns; null (default) for ones. */
  values?: Tensor | null;
}

const options = new Options('SparseLinear', { sparse: boolean });

/**
 * `y = x weight + bias` of rows x of which most elements are 0, without making them dense: a bag of words, say. PyTorch has `torch.sparse.mm` for it.
 *
 * Shapes: the columns of the elements are int32 `[n]` with `offsets` `[rows]` (CSR form), or `[rows, n]`, filled up with any column and a value of 0; the
 * result is `[rows, outFeatures]`; `weight` is `[inFeatures, outFeatures]`, the transpose of that of `Linear`, and starts as that does. With `sparse: true` and
 * `SparseAdam` for the weight a step takes time for the columns that occur alone. A RangeError for a column outside `[0, inFeatures)`.
 *
 * @example
 * const layer = new nn.SparseLinear(50000, 3);
 * const columns = tensor([7, 1200, 49999], { dtype: 'int32' });
 * layer.forward(columns, { offsets: tensor([0, 2], { dtype: 'int32' }), values: tensor([1, 2, 1]) }).shape; // [2, 3]
 */
export class SparseLinear extends Module {
  /** The number of columns of the rows. */
  readonly inFeatures: number;
  /** The size of a row of the result. */
  readonly outFeatures: number;
  /** Whether a backward pass touches only the rows of the weight's gradient whose columns occur. */
  sparse: boolean;
  /** `[inFeatures, outFeatures]`. */
  weight: Parameter;
  /** `[outFeatures]`, or null. */
  bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, given?: SparseLinearOptions) {
    super();
    const defaults: Required<SparseLinearOptions> = { bias: true, sparse: false };
    const filled = options.checked(withDefaults('SparseLinear', given, defaults));
    this.inFeatures = checkInteger('SparseLinear', 'inFeatures', inFeatures);
    this.outFeatures = checkInteger('SparseLinear', 'outFeatures', outFeatures);
    this.sparse = filled.sparse;
    this.weight = emptyParameter([inFeatures, outFeatures]);
    this.bias = checkBoolean('SparseLinear', 'bias', filled.bias) ? emptyParameter([outFeatures]) : null;
    this.resetParameters();
  }

  /** Draws new weights and biases, uniformly between -1 and 1 divided by the root of `inFeatures`. */
  resetParameters(): void {
    const bound = this.inFeatures === 0 ? 0 : 1 / Math.sqrt(this.inFeatures);
    uniform_(this.weight, -bound, bound);
    if (this.bias !== null) uniform_(this.bias, -bound, bound);
  }

  override forward(columns: Tensor, rows?: SparseRows): Tensor {
    if (arguments.length !== 1 && (arguments.length !== 2 || (rows as unknown) instanceof Tensor)) {
      checkInputs('SparseLinear.forward', arguments.length);
    }
    const { offsets, values } = withDefaults<Required<SparseRows>>('SparseLinear.forward', rows, { offsets: null, values: null });
    options.use(this);
    const bags = { mode: 'sum' as const, offsets, perSampleWeights: values, sparse: this.sparse };
    const y = embeddingBag(columns, this.weight, bags, 'SparseLinear.forward');
    if (this.bias === null) return y;
    checkTensor('SparseLinear.forward', 'bias', this.bias, 'float32');
    if (this.bias.shape.length !== 1 || this.bias.numel !== y.shape[1]) {
      throw rangeError('SparseLinear.forward', `expected bias [${y.shape[1]}], got ${shapeText(this.bias.shape)}`);
    }
    return y.add(this.bias);
  }

  override extraRepr(): string {
    const { inFeatures, outFeatures } = this;
    return `in_features=${inFeatures}, out_features=${outFeatures}, bias=${pythonBool(this.bias !== null)}, sparse=${pythonBool(this.sparse)}`;
  }
}
