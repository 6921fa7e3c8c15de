// Checks of tables of rows.
import { checkInteger, rangeError } from '../errors';
import { shapeText } from '../shape';
import { checkTensor, type Tensor } from '../tensor';

/** The row that gets no gradient, counted from the front; null for none. */
export function paddingRow(where: string, paddingIdx: number | null, rows: number): number | null {
  if (paddingIdx === null) return null;
  const row = checkInteger(where, 'paddingIdx', paddingIdx, -rows, rows - 1);
  return row < 0 ? row + rows : row;
}

/** Refuses what is no table of rows. */
export function checkTable(where: string, weight: Tensor): [rows: number, columns: number] {
  checkTensor(where, 'weight', weight, 'float32');
  if (weight.shape.length !== 2) throw rangeError(where, `expected weight [rows, columns], got ${shapeText(weight.shape)}`);
  return weight.shape as [number, number];
}
