// Sums, means and maxima of bags of rows of a table.

import { give, record } from '../autograd';
import { isRangeError } from '../brands';
import * as calls from '../calls.generated';
import { checkBoolean, checkOneOf, rangeError, typeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { sameShape, shapeText } from '../shape';
import { checkTensor, constant, empty, type Tensor } from '../tensor';
import './arithmetic';
import './compare';
import './convert';
import { maximaOfBags } from './bag-maxima';
import { choose } from './choose';
import { zeros } from './create';
import { checkEmbedding, type EmbeddingOptions, embedding, embeddingDefaults, renormalize, sharesOf } from './embedding';
import './extremum';
import { explainIndex } from './indices';
import { cat } from './join';
import './narrow';
import './reduce';
import './select';
import { checkTable, giveRows } from './tables';
import './views';

/** How the rows of a bag are combined. */
export type BagMode = 'mean' | 'sum' | 'max';

/** The options of `embeddingBag`. */
export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** Where each bag begins in an index of one dimension: int32, from 0, in ascending order. */
  offsets?: Tensor | null;
  /** How a bag's rows are combined: to their mean (default), their sum, or the largest element of each column. */
  mode?: BagMode;
  /** A factor for each chosen row, of the shape of the index; only for sums. */
  perSampleWeights?: Tensor | null;
  /** Whether the last offset is the end of the last bag, not the beginning of another; default false. */
  includeLastOffset?: boolean;
}

// Throws unless the offsets ascend from 0 to at most the length of the index. A recording cannot read them; there the kernel checks them.
function checkOffsets(where: string, { ints: begins }: Tensor, length: number): void {
  if (begins.length === 0 && length > 0) throw rangeError(where, `expected offsets to begin with 0, got none for ${length} positions`);
  for (let b = 0; b < begins.length; b++) {
    const least = b === 0 ? 0 : begins[b - 1]!;
    const most = b === 0 ? 0 : length;
    if (begins[b]! < least || begins[b]! > most) {
      const expected = b === 0 ? '0' : `from ${least} to ${length}`;
      throw rangeError(where, `expected offsets[${b}] to be ${expected}, got ${begins[b]}`);
    }
  }
}

interface Bags {
  /** The index, `[n]`. */
  index: Tensor;
  /** Where each bag begins, int32. */
  offsets: Tensor;
  /** The number of bags in the result: all, or all but the last. */
  count: number;
}

function bagsOf(where: string, index: Tensor, offsets: Tensor | null, includeLastOffset: boolean): Bags {
  const flat = index.reshape([index.numel]);
  if (index.shape.length === 2) {
    if (offsets !== null) throw typeError(where, 'an index [bags, n] takes no offsets: its rows are the bags');
    const [bags, n] = index.shape as [number, number];
    const begins = constant([bags], 'int32');
    for (let b = 0; b < bags; b++) begins.ints[b] = b * n;
    return { index: flat, offsets: begins, count: bags };
  }
  if (index.shape.length !== 1) throw rangeError(where, `expected index [bags, n] or [n], got ${shapeText(index.shape)}`);
  if (offsets === null)
    throw typeError(where, 'an index [n] needs offsets, where each bag begins', '{ offsets: tensor([0, 3], { dtype: "int32" }) }');
  checkTensor(where, 'offsets', offsets, 'int32');
  const least = includeLastOffset ? 1 : 0;
  if (offsets.shape.length !== 1 || offsets.numel < least) {
    throw rangeError(where, `expected offsets [${includeLastOffset ? 'bags + 1' : 'bags'}], got ${shapeText(offsets.shape)}`);
  }
  if (recorder === null) checkOffsets(where, offsets, index.numel);
  return { index: flat, offsets, count: offsets.numel - least };
}

// The largest element of each column in each bag; 0 for an empty bag. `skipped` is 1 where a position does not count.
function maxOfBags(where: string, rows: Tensor, { offsets, count }: Bags, skipped: Tensor | null, ofRows: boolean): Tensor {
  if (!ofRows && recorder !== null) return maximaOfBags(where, rows, offsets, count, skipped);
  const [length, columns] = rows.shape as [number, number];
  const begin = (b: number): number => offsets.ints[b] ?? length;
  let width = 1;
  for (let b = 0; b < count; b++) width = Math.max(width, begin(b + 1) - begin(b));
  const all = cat([rows, zeros([1, columns])]); // behind the rows of all positions there is one of zeros, for bags without rows
  let places = constant([count, width], 'int32'); // the rows of each bag
  places.values.fill(length);
  for (let b = 0; b < count; b++) for (let i = begin(b); i < begin(b + 1); i++) places.values[b * width + i - begin(b)] = i;
  if (skipped !== null) {
    const isOut = cat([skipped, zeros([1], { dtype: 'int32' })])
      .indexSelect(0, places.reshape([count * width]))
      .reshape([count, width]);
    places = places.add(isOut.mul(places.mul(-1).add(length)));
  }
  // A place without a row repeats the first row of the bag, so that it never gets the gradient of an element that is as small as any can be.
  const first = places.min(1, { keepdim: true }).values;
  const chosen = choose(where, places.ne(length), places, first);
  return all
    .indexSelect(0, chosen.reshape([count * width]))
    .reshape([count, width, columns])
    .max(1).values;
}

// The sums or means of all bags, including one that is not in the result.
function totals(where: string, weight: Tensor, { index, offsets }: Bags, factors: Tensor | null, o: Required<EmbeddingBagOptions>): Tensor {
  const [rows, columns] = weight.shape as [number, number];
  const [bags, count] = [offsets.numel, index.numel];
  const mean = o.mode === 'mean';
  const paddingIndex = o.paddingIdx ?? -1;
  const shares = o.scaleGradByFreq && weight.needsGrad ? sharesOf(where, index, rows) : null;
  const y = empty([bags, columns]);
  const sizes = { bags, count, rows, columns };
  try {
    calls.embeddingBagForward({
      out: y.floats,
      weight: weight.floats,
      index: index.ints,
      offsets: offsets.ints,
      factors: factors?.floats,
      bags,
      count,
      rows,
      columns,
      paddingIndex,
      mean,
    });
  } catch (error) {
    const isOffset = isRangeError(error) && error.message.includes(' offsets['); // while a function is recorded, only the kernel reads the offsets
    throw isOffset ? explainIndex(error, where, 'offsets', offsets) : explainIndex(error, where, 'index', index);
  }
  const read = [index, offsets, ...(factors === null ? [] : [factors, ...(factors.needsGrad ? [weight] : [])])];
  return record(y, 'embeddingBag', factors === null ? [weight] : [weight, factors], read, (dy) => {
    if (weight.needsGrad) {
      const own = factors?.detach() ?? null;
      const scale = shares === null ? own : own === null ? shares : own.mul(shares);
      giveRows(weight, { dy, index, offsets, factors: scale, paddingIndex, mean, sparse: o.sparse });
    }
    if (factors?.needsGrad) {
      const dfactors = empty(factors.shape.slice());
      calls.embeddingBagFactorsBackward({
        dfactors: dfactors.floats,
        dy: dy.floats,
        weight: weight.floats,
        index: index.ints,
        offsets: offsets.ints,
        bags: sizes.bags,
        count: sizes.count,
        rows: sizes.rows,
        columns: sizes.columns,
        paddingIndex,
      });
      give(factors, dfactors);
    }
  });
}

/**
 * The mean, the sum or the largest elements of each bag of rows of `weight`: `torch.nn.functional.embedding_bag`.
 *
 * Shapes: index int32 `[bags, n]`, or `[n]` with `offsets` `[bags]`; weight `[rows, columns]`; the result is `[bags, columns]`. Row `paddingIdx` belongs to no bag; an
 * empty bag gives 0. A sum with `perSampleWeights` is the product of a sparse matrix in CSR form with `weight`: the index has its columns, the factors are its
 * values, and the offsets are its row starts. A RangeError for an index outside the table, and for offsets that do not begin with 0, descend or are too large. In a
 * recorded function `mode: "max"` does not check the offsets. NaN counts as largest there, where PyTorch passes over one behind a number.
 *
 * @example
 * const index = tensor([0, 1, 2], { dtype: "int32" });
 * const offsets = tensor([0, 2], { dtype: "int32" });
 * nn.functional.embeddingBag(index, tensor([[1, 2], [3, 4], [5, 6]]), { offsets }).toArray(); // [[2, 3], [5, 6]]
 */
export function embeddingBag(index: Tensor, weight: Tensor, options?: EmbeddingBagOptions): Tensor;
/** @internal */
export function embeddingBag(index: Tensor, weight: Tensor, options: EmbeddingBagOptions | undefined, where: string): Tensor;
export function embeddingBag(index: Tensor, weight: Tensor, options?: EmbeddingBagOptions, where = 'embeddingBag'): Tensor {
  const defaults: Required<EmbeddingBagOptions> = {
    ...embeddingDefaults,
    offsets: null,
    mode: 'mean',
    perSampleWeights: null,
    includeLastOffset: false,
  };
  const o = withDefaults(where, options, defaults);
  const { mode, perSampleWeights: factors } = o;
  checkTensor(where, 'index', index, 'int32');
  const [tableRows] = checkTable(where, weight);
  checkOneOf(where, 'mode', mode, ['mean', 'sum', 'max']);
  checkBoolean(where, 'includeLastOffset', o.includeLastOffset);
  const paddingIdx = checkEmbedding(where, o, tableRows);
  if (mode === 'max' && o.scaleGradByFreq) throw rangeError(where, 'scaleGradByFreq does not go with mode "max"');
  if (factors !== null) {
    checkTensor(where, 'perSampleWeights', factors, 'float32');
    if (mode !== 'sum') throw rangeError(where, `perSampleWeights go with mode "sum", got mode "${mode}"`);
    if (!sameShape(factors.shape, index.shape)) {
      throw rangeError(where, `expected perSampleWeights ${shapeText(index.shape)}, got ${shapeText(factors.shape)}`);
    }
  }
  const bags = bagsOf(where, index, o.offsets, o.includeLastOffset);
  if (mode === 'max') {
    const rows = embedding(bags.index, weight, { ...embeddingDefaults, maxNorm: o.maxNorm, normType: o.normType, paddingIdx }, where);
    const skipped = paddingIdx === null ? null : bags.index.eq(paddingIdx);
    return maxOfBags(where, rows, bags, skipped, index.shape.length === 2);
  }
  if (o.maxNorm !== null) renormalize(where, bags.index, weight, o.maxNorm, o.normType);
  const y = totals(where, weight, bags, factors?.reshape([index.numel]) ?? null, { ...o, paddingIdx });
  return bags.count === bags.offsets.numel ? y : y.narrow(0, 0, bags.count);
}
