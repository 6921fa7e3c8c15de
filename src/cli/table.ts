// Reads files of rows, and identifies them by their contents.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { data } from '../index';
import { CliError } from './errors';

/** How a file is written: options of the command line, saved with the model so that files for predictions are read the same way. */
export interface Dialect {
  delimiter: string;
  decimal: '.' | ',';
  header: boolean;
  na: string[];
  encoding: 'utf-8' | 'windows-1252';
}

/** The default texts that mean a missing value. */
export const usualMissing = ['NA', 'N/A', 'NaN', 'nan', 'null', 'NULL', '?'];

/** Which columns are read, and which of them are text. */
export interface Wanted {
  columns?: string[];
  drop?: string[];
  text?: string[];
}

/** Reads a file's columns. */
export async function readTable(file: string, dialect: Dialect, wanted: Wanted): Promise<data.Table> {
  const { delimiter, decimal, header, na, encoding } = dialect;
  const { columns, drop, text } = wanted;
  const table = await data.readTable(file, {
    delimiter,
    decimal,
    encoding,
    naValues: na,
    ...(!header && { header: false }),
    ...(columns && { columns }),
    ...(drop && drop.length > 0 && { drop }),
    ...(text && { text }),
  });
  if (table.length === 0) throw new CliError(`${file} has no rows below its header`);
  return table;
}

/** The same, with some columns read as text whatever they have, and the types of the others inferred. */
export async function readTableWithText(file: string, dialect: Dialect, wanted: Wanted, asText: readonly string[]): Promise<data.Table> {
  if (asText.length === 0) return readTable(file, dialect, wanted);
  const isOther = (name: string): boolean => !asText.includes(name);
  const columns = wanted.columns?.filter(isOther);
  const drop = columns === undefined ? [...new Set([...(wanted.drop ?? []), ...asText])] : undefined;
  const found = columns?.length === 0 ? [] : await textColumnsOf(file, dialect, { ...(columns && { columns }), ...(drop && { drop }) });
  return readTable(file, dialect, { ...wanted, text: [...asText, ...found] });
}

async function textColumnsOf(file: string, dialect: Dialect, wanted: Wanted): Promise<string[]> {
  const table = await readTable(file, dialect, wanted).catch((error: Error) => {
    if (/ has no columns that are kept$/m.test(error.message)) return null; // the text columns are all that the file has
    throw error;
  });
  if (table === null) return [];
  return table.names.filter((name) => table.column(name).kind === 'text');
}

/** The SHA-256 of a file's bytes in hexadecimal, and the number of bytes. */
export async function digestOf(file: string): Promise<{ sha256: string; bytes: number }> {
  const found = await stat(file);
  if (found.isDirectory()) throw new CliError(`${file} is a folder`);
  if (!found.isFile()) throw new CliError(`${file} is no file that can be read again: a run is known by the digest of its data`);
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(file)) {
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).length;
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** Some rows of some columns, in the form that transformers accept. */
export function rowsOf(table: data.Table, names: readonly string[], rows: Int32Array): data.TableLike {
  return {
    columns: names,
    column: (name) => {
      const column = table.column(name);
      if (column.kind === 'text') return Array.from(rows, (row) => column.categories[column.codes[row]!] ?? null);
      return Float32Array.from(rows, (row) => column.values[row]!);
    },
  };
}

/** All rows of a table. */
export const everyRow = (table: data.Table): Int32Array => Int32Array.from({ length: table.length }, (_, row) => row);
