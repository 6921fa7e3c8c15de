// Rows of a table, selected by an index.
import { noGrad, record } from '../autograd';
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber, withDefaults } from '../errors';
import { checkTensor, constant, empty, type Tensor } from '../tensor';
import './arithmetic';
import './compare';
import { ones } from './create';
import './in-place';
import { explainIndex } from './indices';
import { stack } from './join';
import './select';
import { checkTable, giveRows, paddingRow } from './tables';
import { normOf } from './vector-norm';
import './views';

/** The options of `embedding`. */
export interface EmbeddingOptions {
  /** A row that gets no gradient, counted from the end if negative; null (default): none. */
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

/** @internal */
export const embeddingDefaults: Required<EmbeddingOptions> = {
  paddingIdx: null,
  maxNorm: null,
  normType: 2,
  scaleGradByFreq: false,
  sparse: false,
};

/** @internal Checks the options; returns the row that gets no gradient, counted from the front, or null. */
export function checkEmbedding(where: string, o: Required<EmbeddingOptions>, rows: number): number | null {
  checkNumber(where, 'normType', o.normType);
  checkBoolean(where, 'scaleGradByFreq', o.scaleGradByFreq);
  checkBoolean(where, 'sparse', o.sparse);
  if (o.maxNorm !== null) checkNumber(where, 'maxNorm', o.maxNorm, 0);
  return paddingRow(where, o.paddingIdx, rows);
}

const zeroed = (n: number): Tensor => {
  const t = empty([n]);
  calls.fill({ out: t.floats, n, value: 0 });
  return t;
};

// How many times each row is selected.
function countsOf(where: string, index: Tensor, rows: number): Tensor {
  const counts = zeroed(rows);
  const count = index.numel;
  const dy = ones([count]).floats;
  try {
    calls.scatterAddRows({ dx: counts.floats, dy, index: index.ints, outer: 1, rows, columns: 1, count });
  } catch (error) {
    throw explainIndex(error, where, 'index', index);
  }
  return counts;
}

/** @internal For each position 1 / (the number of times that its row is selected). */
export function sharesOf(where: string, index: Tensor, rows: number): Tensor {
  return noGrad(() =>
    countsOf(where, index, rows)
      .reciprocal()
      .indexSelect(0, index.reshape([index.numel])),
  );
}

/**
 * @internal Scales the selected rows of `weight` whose norm exceeds `maxNorm`. All rows are multiplied, the others by 1, because JavaScript does not know in a replay
 * which rows are selected.
 */
export function renormalize(where: string, index: Tensor, weight: Tensor, maxNorm: number, normType: number): void {
  noGrad(() => {
    const [rows] = weight.shape as [number];
    const chosen = countsOf(where, index, rows).gt(0);
    const norms = normOf(where, weight.detach(), normType, 1, false);
    const scaled = norms.gt(maxNorm).mul(chosen).reshape([rows, 1]);
    const scale = ones([rows]).mul(maxNorm).div(norms.add(1e-7));
    weight.mul_(stack([ones([rows]), scale], 1).gather(1, scaled));
  });
}

/**
 * The rows of `weight` that `index` names: `torch.nn.functional.embedding`.
 *
 * Shapes: index int32 of any shape `[*]`, weight `[rows, columns]`; the result is `[*, columns]`. The gradients of a row that is selected twice add up; row
 * `paddingIdx` gets none. With `maxNorm` the table is changed in place, in recorded functions too; `train.evaluate` and `train.predict` refuse that. A
 * RangeError for an index outside the table.
 *
 * @example
 * nn.functional.embedding(tensor([2, 0], { dtype: "int32" }), tensor([[1, 2], [3, 4], [5, 6]])).toArray(); // [[5, 6], [1, 2]]
 */
export function embedding(index: Tensor, weight: Tensor, options?: EmbeddingOptions): Tensor;
/** @internal */
export function embedding(index: Tensor, weight: Tensor, options: EmbeddingOptions | undefined, where: string): Tensor;
export function embedding(index: Tensor, weight: Tensor, options?: EmbeddingOptions, where = 'embedding'): Tensor {
  const o = withDefaults<Required<EmbeddingOptions>>(where, options, embeddingDefaults);
  checkTensor(where, 'index', index, 'int32');
  const [rows, columns] = checkTable(where, weight);
  const padding = checkEmbedding(where, o, rows);
  if (o.maxNorm !== null) renormalize(where, index, weight, o.maxNorm, o.normType);
  const count = index.numel;
  const y = empty([...index.shape, columns]);
  try {
    calls.gatherRows({ out: y.floats, x: weight.floats, index: index.ints, outer: 1, rows, columns, count });
  } catch (error) {
    throw explainIndex(error, where, 'index', index);
  }
  return record(y, 'embedding', [weight], [index], (dy) => {
    const offsets = constant([count], 'int32'); // each position is a bag of its own
    for (let i = 0; i < count; i++) offsets.ints[i] = i;
    const factors = o.scaleGradByFreq ? sharesOf(where, index, rows) : null;
    giveRows(weight, { dy, index, offsets, factors, paddingIndex: padding ?? -1, mean: false, sparse: o.sparse });
  });
}
