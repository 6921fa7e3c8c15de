// Sums, means and maxima of rows of a table, bag by bag.
import { give, record } from '../autograd';
import * as calls from '../calls.generated';
import { checkBoolean, checkOneOf, rangeError, SimdnnError, typeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { sameShape, shapeText } from '../shape';
import { checkTensor, constant, empty, Tensor } from '../tensor';
import './arithmetic';
import './compare';
import './convert';
import { arange, full, ones, zeros } from './create';
import { type EmbeddingOptions, embedding } from './embedding';
import './extremum';
import { explainIndex } from './indices';
import { cat } from './join';
import './reduce';
import './select';
import { checkTable, paddingRow } from './tables';
import './unary';
import './views';

/** What is made of the rows of a bag. */
export type BagMode = 'mean' | 'sum' | 'max';

/** The options of `embeddingBag`. */
export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** Where each bag begins in an index of one dimension: int32, from 0, in ascending order. */
  offsets?: Tensor | null;
  /** What is made of a bag's rows: their mean (default), sum or, for each column, largest element. */
  mode?: BagMode;
  /** A factor for each row chosen, of the shape of the index; for sums alone. */
  perSampleWeights?: Tensor | null;
  /** Whether the last offset is the end of the last bag, not the beginning of another; default false. */
  includeLastOffset?: boolean;
}

interface Bags {
  /** The bag of each position of the flat index: `count` for one that is in none. */
  of: Tensor;
  count: number;
  /** The number of positions of the longest bag, where all bags lie one behind the other from position 0; null where it is not known. */
  longest: number | null;
}

function ofRows(rows: number, columns: number): Bags {
  const of = constant([rows * columns], 'int32');
  for (let i = 0; i < of.numel; i++) of.values[i] = Math.floor(i / columns);
  return { of, count: rows, longest: columns };
}

// The bags by the offsets' values.
function readOffsets(where: string, offsets: Tensor, length: number, count: number): Bags {
  const begins = offsets.ints;
  if (begins.length === 0 && length > 0) throw rangeError(where, `expected offsets to begin with 0, got none for ${length} positions`);
  for (let b = 0; b < begins.length; b++) {
    const least = b === 0 ? 0 : begins[b - 1]!;
    const most = b === 0 ? 0 : length;
    if (begins[b]! < least || begins[b]! > most) {
      const expected = b === 0 ? '0' : `from ${least} to ${length}`;
      throw rangeError(where, `expected offsets[${b}] to be ${expected}, got ${begins[b]}`);
    }
  }
  const of = constant([length], 'int32');
  let longest = 0;
  for (let b = 0; b < begins.length; b++) {
    const end = begins[b + 1] ?? length;
    of.values.fill(b, begins[b]!, end);
    if (b < count) longest = Math.max(longest, end - begins[b]!);
  }
  return { of, count, longest };
}

// The same where values cannot be read: a position's bag is the number of offsets that are not behind it, less 1.
function compareOffsets(offsets: Tensor, length: number, count: number): Bags {
  const positions = arange(length, { dtype: 'int32' }).reshape([length, 1]);
  return { of: offsets.le(positions).sum(1).sub(1), count, longest: null };
}

// The sums of the rows of x by bag. What is in no bag is added to a row behind the last.
function sumBags(where: string, x: Tensor, { of, count }: Bags): Tensor {
  const [length, columns] = x.shape as [number, number];
  const all = empty([(count + 1) * columns]).floats;
  calls.fill({ out: all, n: all.length, value: 0 });
  try {
    calls.scatterAddRows({ dx: all, dy: x.floats, index: of.ints, outer: 1, rows: count + 1, columns, count: length });
  } catch (error) {
    throw explainIndex(error, where, 'the bag of position ', of);
  }
  // Memory of no elements lies nowhere: a recording would not find it in `all`.
  const y = count * columns === 0 ? empty([count, columns]) : new Tensor(all.subarray(0, count * columns), [count, columns]);
  return record(y, 'embeddingBag', [x], [of], (dy) => {
    const wide = empty([(count + 1) * columns]).floats;
    calls.fill({ out: wide, n: wide.length, value: 0 });
    calls.copyStrided({ out: wide, x: dy.floats, layout: Int32Array.of(1, dy.numel, 1, 0, 1, 0) });
    const dx = empty([length, columns]);
    calls.gatherRows({ out: dx.floats, x: wide, index: of.ints, outer: 1, rows: count + 1, columns, count: length });
    give(x, dx);
  });
}

// The largest elements of each column by bag; 0 for a bag of none. `skipped` is 1 where a position does not count.
function maxOfBags(rows: Tensor, { of, count, longest }: Bags, skipped: Tensor | null): Tensor {
  const [length, columns] = rows.shape as [number, number];
  const width = Math.max(1, longest!);
  // Behind the rows of all positions stand one that is less than any other, and one of zeros.
  const all = cat([rows, full([1, columns], -Infinity), zeros([1, columns])]);
  let places = constant([count, width], 'int32'); // which rows make up a bag
  places.values.fill(length);
  const filled = new Int32Array(count);
  of.ints.forEach((bag, position) => {
    if (bag < count) places.values[bag * width + filled[bag]!++] = position;
  });
  if (skipped !== null) {
    const isOut = cat([skipped, zeros([2], { dtype: 'int32' })])
      .indexSelect(0, places.reshape([count * width]))
      .reshape([count, width]);
    places = places.add(isOut.mul(places.mul(-1).add(length)));
  }
  const isFirst = arange(width, { dtype: 'int32' }).eq(0);
  const isEmpty = places.ne(length).sum(1, { keepdim: true }).eq(0);
  const chosen = places.add(isEmpty.mul(isFirst));
  return all
    .indexSelect(0, chosen.reshape([count * width]))
    .reshape([count, width, columns])
    .max(1).values;
}

/**
 * The mean, sum or largest elements of rows of `weight`, bag by bag: `torch.nn.functional.embedding_bag`.
 *
 * Shapes: index int32 `[bags, n]`, or `[n]` with `offsets` `[bags]`; weight `[rows, columns]`; the result is `[bags, columns]`. Row `paddingIdx` is in no bag. What is
 * made of an empty bag is 0. A RangeError for an index outside the table and for offsets that do not begin with 0, descend or are too large; in a
 * recorded function, where offsets cannot be read, only the first is noticed, and `mode: "max"` takes no offsets.
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
  const { offsets, mode, perSampleWeights, includeLastOffset, paddingIdx, ...others } = withDefaults<Required<EmbeddingBagOptions>>(
    where,
    options,
    {
      offsets: null,
      mode: 'mean',
      perSampleWeights: null,
      includeLastOffset: false,
      paddingIdx: null,
      maxNorm: null,
      normType: 2,
      scaleGradByFreq: false,
    },
  );
  checkTensor(where, 'index', index, 'int32');
  const [tableRows] = checkTable(where, weight);
  checkOneOf(where, 'mode', mode, ['mean', 'sum', 'max']);
  checkBoolean(where, 'includeLastOffset', includeLastOffset);
  const padding = paddingRow(where, paddingIdx, tableRows);
  if (mode === 'max' && others.scaleGradByFreq) throw rangeError(where, 'scaleGradByFreq does not go with mode "max"');
  if (perSampleWeights !== null) {
    checkTensor(where, 'perSampleWeights', perSampleWeights, 'float32');
    if (mode !== 'sum') throw rangeError(where, `perSampleWeights go with mode "sum", got mode "${mode}"`);
    if (!sameShape(perSampleWeights.shape, index.shape)) {
      throw rangeError(where, `expected perSampleWeights ${shapeText(index.shape)}, got ${shapeText(perSampleWeights.shape)}`);
    }
  }
  const bags = bagsOf(where, index, offsets, includeLastOffset, mode);
  const flat = index.reshape([index.numel]);
  const skipped = padding === null ? null : flat.eq(padding);
  let rows = embedding(flat, weight, { ...others, paddingIdx: padding }, where);
  if (mode === 'max') return maxOfBags(rows, bags, skipped);
  if (perSampleWeights !== null) rows = rows.mul(perSampleWeights.reshape([flat.numel, 1]));
  // A position that does not count is moved to the bag behind the last.
  const of = skipped === null ? bags.of : bags.of.add(skipped.mul(bags.of.mul(-1).add(bags.count)));
  const sums = sumBags(where, rows, { ...bags, of });
  if (mode === 'sum') return sums;
  const sizes = sumBags(where, ones([flat.numel, 1]), { ...bags, of });
  return sums.div(sizes.clamp({ min: 1 }));
}

function bagsOf(where: string, index: Tensor, offsets: Tensor | null, includeLastOffset: boolean, mode: BagMode): Bags {
  if (index.shape.length === 2) {
    if (offsets !== null) throw typeError(where, 'an index [bags, n] takes no offsets: its rows are the bags');
    return ofRows(index.shape[0]!, index.shape[1]!);
  }
  if (index.shape.length !== 1) throw rangeError(where, `expected index [bags, n] or [n], got ${shapeText(index.shape)}`);
  if (offsets === null)
    throw typeError(where, 'an index [n] needs offsets, where each bag begins', '{ offsets: tensor([0, 3], { dtype: "int32" }) }');
  checkTensor(where, 'offsets', offsets, 'int32');
  const least = includeLastOffset ? 1 : 0;
  if (offsets.shape.length !== 1 || offsets.numel < least) {
    throw rangeError(where, `expected offsets [${includeLastOffset ? 'bags + 1' : 'bags'}], got ${shapeText(offsets.shape)}`);
  }
  const count = offsets.numel - least;
  if (recorder === null) return readOffsets(where, offsets, index.numel, count);
  if (mode !== 'max') return compareOffsets(offsets, index.numel, count);
  throw new SimdnnError(
    'SIMDNN_NOT_RECORDABLE',
    `[${where}] mode "max" with offsets is not recorded: which rows make up a bag depends on values\n  hint: an index [bags, n], filled up with paddingIdx`,
  );
}
