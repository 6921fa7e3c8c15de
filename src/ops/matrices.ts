// Checks of the arguments of linear algebra, which are batches of matrices.
import { rangeError } from '../errors';
import { numelOf, shapeText } from '../shape';
import { checkTensor } from '../tensor';

/** Matrices `[...lead, rows, columns]`, `batch` of them. */
export interface Matrices {
  lead: number[];
  batch: number;
  rows: number;
  columns: number;
}

/** Checks that x is a batch of matrices: float32, of two dimensions or more. */
export function matricesOf(where: string, name: string, x: unknown): Matrices {
  const { shape } = checkTensor(where, name, x, 'float32');
  if (shape.length < 2) throw rangeError(where, `expected ${name} [..., rows, columns], got ${shapeText(shape)}`);
  const lead = shape.slice(0, -2);
  return { lead, batch: numelOf(lead), rows: shape.at(-2)!, columns: shape.at(-1)! };
}

/** Checks that x is a batch of square matrices. */
export function squaresOf(where: string, name: string, x: unknown): { lead: number[]; batch: number; n: number } {
  const { shape } = checkTensor(where, name, x, 'float32');
  if (shape.length < 2 || shape.at(-1) !== shape.at(-2)) throw rangeError(where, `expected ${name} [..., n, n], got ${shapeText(shape)}`);
  const { lead, batch, rows } = matricesOf(where, name, x);
  return { lead, batch, n: rows };
}
