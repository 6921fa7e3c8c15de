// Rows of a table, chosen by index.
import { holds, noGrad, open, record } from '../autograd';
import * as calls from '../calls.generated';
import { checkBoolean, checkNumber, withDefaults } from '../errors';
import { checkTensor, empty, type Tensor } from '../tensor';
import './arithmetic';
import { flatLayout } from './broadcast';
import './compare';
import { ones } from './create';
import './in-place';
import { explainIndex } from './indices';
import { stack } from './join';
import './select';
import { checkTable, paddingRow } from './tables';
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

// Scales the rows of `weight` that are chosen and longer than `maxNorm`. All rows are multiplied, the others by 1: which ones are chosen is not known
// to JavaScript in a replay.
function renormalize(where: string, index: Tensor, weight: Tensor, maxNorm: number, normType: number): void {
  noGrad(() => {
    const [rows] = weight.shape as [number];
    const chosen = countsOf(where, index, rows).gt(0);
    const norms = normOf(where, weight.detach(), normType, 1, false);
    const scaled = norms.gt(maxNorm).mul(chosen).reshape([rows, 1]);
    const scale = ones([rows]).mul(maxNorm).div(norms.add(1e-7));
    weight.mul_(stack([ones([rows]), scale], 1).gather(1, scaled));
  });
}

// Adds the rows of dy to those of dw that the index names, but for the row `padding`.
function addRows(dw: Float32Array, dy: Float32Array, index: Tensor, [rows, columns]: [number, number], padding: number | null): void {
  const row = padding === null ? null : dw.subarray(padding * columns, (padding + 1) * columns);
  const before = row === null ? null : empty([columns]).floats;
  if (row !== null) calls.copyStrided({ out: before!, x: row, layout: flatLayout(columns) });
  calls.scatterAddRows({ dx: dw, dy, index: index.ints, outer: 1, rows, columns, count: index.numel });
  if (row !== null) calls.copyStrided({ out: row, x: before!, layout: flatLayout(columns) });
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
  const defaults = { paddingIdx: null, maxNorm: null, normType: 2, scaleGradByFreq: false };
  const { paddingIdx, maxNorm, normType, scaleGradByFreq } = withDefaults<Required<EmbeddingOptions>>(where, options, defaults);
  checkTensor(where, 'index', index, 'int32');
  const [rows, columns] = checkTable(where, weight);
  const padding = paddingRow(where, paddingIdx, rows);
  checkNumber(where, 'normType', normType);
  checkBoolean(where, 'scaleGradByFreq', scaleGradByFreq);
  if (maxNorm !== null) renormalize(where, index, weight, checkNumber(where, 'maxNorm', maxNorm, 0), normType);
  const count = index.numel;
  const y = empty([...index.shape, columns]);
  try {
    calls.gatherRows({ out: y.floats, x: weight.floats, index: index.ints, outer: 1, rows, columns, count });
  } catch (error) {
    throw explainIndex(error, where, 'index', index);
  }
  return record(y, 'embedding', [weight], [index], (dy) => {
    const accumulates = holds(weight);
    const dw = open(weight);
    if (dw === null) return;
    if (!accumulates) calls.fill({ out: dw, n: weight.numel, value: 0 });
    if (!scaleGradByFreq) return addRows(dw, dy.floats, index, [rows, columns], padding);
    const often = countsOf(where, index, rows);
    const scale = often.reciprocal().indexSelect(0, index.reshape([count])).floats;
    const shares = empty([count, columns]).floats;
    calls.scaleRows({ out: shares, x: dy.floats, scale, rows: count, columns });
    addRows(dw, shares, index, [rows, columns], padding);
  });
}
