// Tables of learned rows, selected by an index.
import { noGrad } from '../autograd';
import { checkBoolean, checkInteger, typeError, withDefaults } from '../errors';
import { embedding } from '../ops/embedding';
import { type BagMode, embeddingBag } from '../ops/embedding-bag';
import { checkTable, paddingRow } from '../ops/tables';
import { Tensor } from '../tensor';
import { normal_, zeros_ } from './init';
import { checkInputs } from './inputs';
import { Module } from './module';
import { boolean, integer, number, Options, oneOf, orNull } from './options';
import { emptyParameter, Parameter } from './parameter';

/** The options of `Embedding`. */
export interface EmbeddingLayerOptions {
  /** A row that starts as zeros and gets no gradient, counted from the end if negative; null (default): none. */
  paddingIdx?: number | null;
  /** Selected rows with a larger norm are first scaled down to it, in the table itself; null (default): none. */
  maxNorm?: number | null;
  /** The p of that norm; default 2. */
  normType?: number;
  /** Whether a row's gradient is divided by the number of times that the row was selected; default false. */
  scaleGradByFreq?: boolean;
  /** Whether a backward pass touches only the gradient's rows that were selected, so that `SparseAdam`, `SGD` and `Adagrad` update just these; default false. */
  sparse?: boolean;
}

/** The options of `EmbeddingBag`. */
export interface EmbeddingBagLayerOptions extends EmbeddingLayerOptions {
  /** How a bag's rows are combined: `"mean"` (default), `"sum"`, or `"max"`, the largest element of each column. */
  mode?: BagMode;
  /** Whether the last offset is the end of the last bag, not the beginning of another; default false. */
  includeLastOffset?: boolean;
}

/** The arguments of `EmbeddingBag.forward` besides the index. */
export interface BagInputs {
  /** Where each bag begins in an index of one dimension: int32, from 0, in ascending order. */
  offsets?: Tensor | null;
  /** A factor for each selected row, of the shape of the index; only for sums. */
  perSampleWeights?: Tensor | null;
}

/** The options of `Embedding.fromPretrained` and `EmbeddingBag.fromPretrained` besides those of the class. */
export interface Pretrained {
  /** Whether the table is frozen (not trained); default true. */
  freeze?: boolean;
}

const kinds = {
  paddingIdx: orNull(integer()),
  maxNorm: orNull(number(0)),
  normType: number(),
  scaleGradByFreq: boolean,
  sparse: boolean,
};
const defaults: Required<EmbeddingLayerOptions> = { paddingIdx: null, maxNorm: null, normType: 2, scaleGradByFreq: false, sparse: false };
const bagDefaults: Required<EmbeddingBagLayerOptions> = { ...defaults, mode: 'mean', includeLastOffset: false };

// The fields that differ from their defaults, as PyTorch prints them.
function changedFields(module: Required<Omit<EmbeddingLayerOptions, 'paddingIdx'>>): string {
  const { maxNorm, normType, scaleGradByFreq, sparse } = module;
  return [
    ...(maxNorm === null ? [] : [`, max_norm=${kinds.maxNorm.print(maxNorm)}`]),
    ...(normType === 2 ? [] : [`, norm_type=${kinds.normType.print(normType)}`]),
    ...(scaleGradByFreq === false ? [] : [`, scale_grad_by_freq=${kinds.scaleGradByFreq.print(scaleGradByFreq)}`]),
    ...(sparse === false ? [] : [`, sparse=${kinds.sparse.print(sparse)}`]),
  ].join('');
}

// The base of both layers: the table and how it is made.
abstract class Table extends Module {
  /** The number of rows. */
  readonly numEmbeddings: number;
  /** The size of a row. */
  readonly embeddingDim: number;
  /** The row that gets no gradient, counted from the front; null if there is none. */
  paddingIdx: number | null;
  /** The largest norm of a selected row; null: no limit. */
  maxNorm: number | null;
  /** The p of that norm. */
  normType: number;
  /** Whether a row's gradient is divided by the number of times that the row was selected. */
  scaleGradByFreq: boolean;
  /** Whether a backward pass touches only the gradient's rows that were selected. */
  sparse: boolean;
  /** The table, `[numEmbeddings, embeddingDim]`. */
  weight: Parameter;

  /** @internal */
  constructor(name: string, numEmbeddings: number, embeddingDim: number, filled: Required<EmbeddingLayerOptions>, table: Tensor | null) {
    super();
    this.numEmbeddings = checkInteger(name, 'numEmbeddings', numEmbeddings);
    this.embeddingDim = checkInteger(name, 'embeddingDim', embeddingDim);
    this.paddingIdx = paddingRow(name, filled.paddingIdx, numEmbeddings);
    this.maxNorm = filled.maxNorm;
    this.normType = filled.normType;
    this.scaleGradByFreq = filled.scaleGradByFreq;
    this.sparse = filled.sparse;
    this.weight = table === null ? emptyParameter([numEmbeddings, embeddingDim]) : new Parameter(table);
    if (table === null) this.resetParameters();
  }

  /** Draws new values of the table from the normal distribution; row `paddingIdx` becomes zeros. */
  resetParameters(): void {
    normal_(this.weight);
    if (this.paddingIdx !== null) noGrad(() => zeros_(this.weight.narrow(0, this.paddingIdx!, 1)));
  }
}

const embeddingOptions = new Options('Embedding', kinds);

/**
 * A table of `numEmbeddings` learned rows of `embeddingDim` numbers, selected by an index: `torch.nn.Embedding`.
 *
 * Shapes: the index is int32 of any shape `[*]`, the result `[*, embeddingDim]`; `weight` is `[numEmbeddings, embeddingDim]` and starts normally distributed. Row `paddingIdx`
 * starts as zeros and gets no gradient. With `maxNorm` selected rows are scaled down in the table itself, which `train.evaluate` and `train.predict`
 * refuse. A RangeError for an index outside the table.
 *
 * @example
 * const words = new nn.Embedding(1000, 16, { paddingIdx: 0 });
 * words.forward(tensor([[5, 7, 0], [1, 0, 0]], { dtype: "int32" })).shape; // [2, 3, 16]
 */
export class Embedding extends Table {
  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingLayerOptions) {
    const filled = embeddingOptions.checked(withDefaults('Embedding', options, defaults));
    super('Embedding', numEmbeddings, embeddingDim, filled, pretrainedTable);
  }

  /**
   * A layer whose table is `table`, `[rows, columns]`, on the same memory, and by default frozen: `torch.nn.Embedding.from_pretrained`.
   *
   * @example
   * const words = nn.Embedding.fromPretrained(tensor([[1, 2], [3, 4]]));
   * words.forward(tensor([1], { dtype: "int32" })).toArray(); // [[3, 4]]
   */
  static fromPretrained(table: Tensor, options?: EmbeddingLayerOptions & Pretrained): Embedding {
    const { freeze, ...others } = withDefaults('Embedding.fromPretrained', options, { ...defaults, freeze: true });
    return pretrained('Embedding.fromPretrained', table, freeze, (rows, columns) => new Embedding(rows, columns, others));
  }

  override forward(index: Tensor): Tensor {
    checkInputs('Embedding.forward', arguments.length);
    embeddingOptions.use(this);
    const { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = this;
    return embedding(index, this.weight, { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse }, 'Embedding.forward');
  }

  override extraRepr(): string {
    const padding = this.paddingIdx === null ? '' : `, padding_idx=${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}${changedFields(this)}`;
  }
}

const bagOptions = new Options('EmbeddingBag', { ...kinds, mode: oneOf('mean', 'sum', 'max'), includeLastOffset: boolean });

/**
 * The mean, the sum or the largest elements of bags of rows of a learned table: `torch.nn.EmbeddingBag`.
 *
 * Shapes: the index is int32 `[bags, n]`, or `[n]` with `offsets` `[bags]`, where each bag begins; the result is `[bags, embeddingDim]`; `weight` is
 * `[numEmbeddings, embeddingDim]` and starts normally distributed. `perSampleWeights`, of the shape of the index, multiplies the rows of sums. See
 * `nn.functional.embeddingBag` and, for the other options, `Embedding`.
 *
 * @example
 * const words = new nn.EmbeddingBag(1000, 16, { mode: "sum" });
 * const offsets = tensor([0, 3], { dtype: "int32" });
 * words.forward(tensor([5, 7, 2, 1], { dtype: "int32" }), { offsets }).shape; // [2, 16]
 */
export class EmbeddingBag extends Table {
  /** How a bag's rows are combined. */
  mode: BagMode;
  /** Whether the last offset is the end of the last bag. */
  includeLastOffset: boolean;

  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingBagLayerOptions) {
    const filled = bagOptions.checked(withDefaults('EmbeddingBag', options, bagDefaults));
    super('EmbeddingBag', numEmbeddings, embeddingDim, filled, pretrainedTable);
    this.mode = filled.mode;
    this.includeLastOffset = filled.includeLastOffset;
  }

  /** A layer whose table is `table`, `[rows, columns]`, on the same memory, and by default frozen: `torch.nn.EmbeddingBag.from_pretrained`. */
  static fromPretrained(table: Tensor, options?: EmbeddingBagLayerOptions & Pretrained): EmbeddingBag {
    const { freeze, ...others } = withDefaults('EmbeddingBag.fromPretrained', options, { ...bagDefaults, freeze: true });
    return pretrained('EmbeddingBag.fromPretrained', table, freeze, (rows, columns) => new EmbeddingBag(rows, columns, others));
  }

  override forward(index: Tensor, options?: BagInputs): Tensor {
    if (arguments.length !== 1 && (arguments.length !== 2 || (options as unknown) instanceof Tensor))
      checkInputs('EmbeddingBag.forward', arguments.length);
    const { offsets, perSampleWeights } = withDefaults<Required<BagInputs>>('EmbeddingBag.forward', options, {
      offsets: null,
      perSampleWeights: null,
    });
    bagOptions.use(this);
    const { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse, mode, includeLastOffset } = this;
    const own = { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse, mode, includeLastOffset };
    return embeddingBag(index, this.weight, { ...own, offsets, perSampleWeights }, 'EmbeddingBag.forward');
  }

  override extraRepr(): string {
    const padding = this.paddingIdx === null ? '' : `, padding_idx=${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${changedFields(this)}, mode='${this.mode}'${padding}`;
  }
}

// The table of the layer that `fromPretrained` is making; it is not an argument of the constructor, because that is public.
let pretrainedTable: Tensor | null = null;

function pretrained<T extends Table>(where: string, table: Tensor, freeze: boolean, make: (rows: number, columns: number) => T): T {
  checkBoolean(where, 'freeze', freeze);
  const [rows, columns] = checkTable(where, table);
  if (table.node !== null)
    throw typeError(where, `the table was made by ${table.node.name}`, 'detach() gives a tensor without its history');
  pretrainedTable = table;
  try {
    const made = make(rows, columns);
    made.weight.requiresGrad_(!freeze);
    return made;
  } finally {
    pretrainedTable = null;
  }
}
