// Joins the results of several transformers.
import { describe, rangeError, typeError } from '../../errors';
import { Tensor } from '../../tensor';
import { CsrArray } from '../csr-array';
import { columnsOf, numbersOf, tensorOf } from './columns';

/** The result of one part: a tensor, CSR rows, or columns that are passed through. */
export interface Result {
  part: string;
  value: unknown;
}

function checked(where: string, rows: number, { part, value }: Result): Tensor | CsrArray {
  if (!(value instanceof Tensor) && !(value instanceof CsrArray)) {
    throw typeError(where, `part ${describe(part)} gives ${describe(value)}, not a tensor`);
  }
  if (value.shape.length !== 2)
    throw rangeError(where, `part ${describe(part)} gives [${value.shape.join(', ')}], expected [rows, columns]`);
  if (value.shape[0] !== rows) throw rangeError(where, `part ${describe(part)} gives ${value.shape[0]} rows of ${rows}`);
  return value;
}

/** Whether some results are CSR rows, and the fraction of elements that is stored; of a tensor all are. */
export function density(where: string, rows: number, results: readonly Result[]): { sparse: boolean; share: number } {
  const values = results.map((result) => checked(where, rows, result));
  const all = values.reduce((sum, { shape }) => sum + shape[0]! * shape[1]!, 0);
  const kept = values.reduce((sum, value) => sum + (value instanceof CsrArray ? value.nnz : value.numel), 0);
  return { sparse: values.some((value) => value instanceof CsrArray), share: all === 0 ? 1 : kept / all };
}

/** The results joined to a float32 tensor. */
export function joinedDense(where: string, rows: number, results: readonly Result[]): Tensor {
  const list = results.flatMap((result) => {
    const value = checked(where, rows, result);
    const dense = value instanceof CsrArray ? value.toDense() : value;
    return dense.shape[1] === 0 ? [] : numbersOf(where, columnsOf(where, dense));
  });
  return tensorOf(rows, list);
}

/** The results joined to CSR rows. */
export function joinedSparse(where: string, rows: number, results: readonly Result[]): CsrArray {
  const parts = results.map((result) => {
    const value = checked(where, rows, result);
    return value instanceof CsrArray ? value : CsrArray.from(value);
  });
  const total = parts.reduce((sum, { nnz }) => sum + nnz, 0);
  const [data, indices, indptr] = [new Float32Array(total), new Int32Array(total), new Int32Array(rows + 1)];
  let at = 0;
  for (let row = 0; row < rows; row++) {
    let begin = 0;
    for (const part of parts) {
      const [from, to] = [part.indptr[row]!, part.indptr[row + 1]!];
      data.set(part.data.subarray(from, to), at);
      for (let i = from; i < to; i++) indices[at++] = begin + part.indices[i]!;
      begin += part.shape[1];
    }
    indptr[row + 1] = at;
  }
  return new CsrArray([data, indices, indptr], { shape: [rows, parts.reduce((sum, { shape }) => sum + shape[1], 0)] });
}
