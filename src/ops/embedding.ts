// Rows of a table, chosen by index.
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
  /** A row that gets no gradient, counted from the end where negative; null (default): none. */
  paddingIdx?: number | null;
  /** Rows that are chosen and whose norm is larger are first scaled to it, in the table itself; null (default): none. */
  maxNorm?: number | null;
  /** The p of that norm; default 2. */
  normType?: number;
  /** Whether the gradient of a row is divided by how often it was chosen; default false. */
  scaleGradByFreq?: boolean;
  /** Whether a backward pass touches no other rows of the gradient than those chosen, and `SparseAdam` can step them; default false. */
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

/** @internal Checks the options; gives the row that gets no gradient, counted from the front, or null. */
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

// How often each row is chosen.
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

/** @internal For each position 1 / how often its row is chosen. */
export function sharesOf(where: string, index: Tensor, rows: number): Tensor {
  return noGrad(() =>
    countsOf(where, index, rows)
      .reciprocal()
      .indexSelect(0, index.reshape([index.numel])),
  );
}

/**
 * @internal Scales the rows of `weight` that are chosen and longer than `maxNorm`. All rows are multiplied, the others by 1: which ones are chosen is not
 * known to JavaScript in a replay.
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
 * Shapes: index int32 of any shape `[*]`, weight `[rows, columns]`; the result is `[*, columns]`. Gradients of a row chosen twice add up; that of row
 * `paddingIdx` stays as it is. With `maxNorm` the table is changed in place, in recorded functions too; `train.evaluate` and `train.predict` refuse that. A
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
