// What operations on tables of rows share.
import { hasGradient, open, openRows } from '../autograd';
import * as calls from '../calls.generated';
import { checkInteger, rangeError } from '../errors';
import { RowSet } from '../row-set';
import { shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';

/** The row that gets no gradient, counted from the front; null if there is none. */
export function paddingRow(where: string, paddingIdx: number | null, rows: number): number | null {
  if (paddingIdx === null) return null;
  const row = checkInteger(where, 'paddingIdx', paddingIdx, -rows, rows - 1);
  return row < 0 ? row + rows : row;
}

/** Throws unless `weight` is a table of rows. */
export function checkTable(where: string, weight: Tensor): [rows: number, columns: number] {
  checkTensor(where, 'weight', weight, 'float32');
  if (weight.shape.length !== 2) throw rangeError(where, `expected weight [rows, columns], got ${shapeText(weight.shape)}`);
  return weight.shape as [number, number];
}

/** Bags of rows and their gradients. */
export interface RowGradients {
  /** `[bags, columns]`. */
  dy: Tensor;
  /** Which row each position names, int32 `[n]`. */
  index: Tensor;
  /** Where each bag begins, int32 `[bags]`. */
  offsets: Tensor;
  /** A factor for each position, `[n]`, or null for ones. */
  factors: Tensor | null;
  /** The row that gets no gradient, or -1. */
  paddingIndex: number;
  /** Whether a bag's result is the mean of its rows. */
  mean: boolean;
  /** Whether only the rows of the index may be touched. */
  sparse: boolean;
}

/** Adds to the gradient of a table: each row that the index names gets the gradient of its bag. */
export function giveRows(weight: Tensor, { dy, index, offsets, factors, paddingIndex, mean, sparse }: RowGradients): void {
  if (!weight.needsGrad) return;
  const [rows, columns] = weight.shape as [number, number];
  const bags = offsets.numel;
  const count = index.numel;
  const accumulate = hasGradient(weight);
  if (sparse && weight.node === null) {
    weight.rowSet ??= new RowSet(rows);
    const dweight = openRows(weight);
    calls.embeddingBagRowsBackward({
      dweight,
      touched: weight.rowSet.touched,
      dy: dy.floats,
      index: index.ints,
      offsets: offsets.ints,
      factors: factors?.floats,
      bags,
      count,
      rows,
      columns,
      paddingIndex,
      mean,
      accumulate,
    });
    return;
  }
  const dweight = open(weight)!;
  calls.embeddingBagBackward({
    dweight,
    dy: dy.floats,
    index: index.ints,
    offsets: offsets.ints,
    factors: factors?.floats,
    bags,
    count,
    rows,
    columns,
    paddingIndex,
    mean,
    overwrite: !accumulate,
  });
}
