// A Parquet file's metadata and its bytes, from a path or from memory.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { describe, rangeError, SimdnnError } from '../errors';
import { explained } from './csv-source';
import { lengthOfHeader } from './parquet-checks';
import { type Library, library, type Metadata, memoryOf } from './parquet-file';

/** A file as it was when it was opened. */
export interface ParquetFile {
  where: string;
  /** Null if it is in memory. */
  path: string | null;
  /** What messages call it. */
  label: string;
  metadata: Metadata;
  library: Library;
  /** All its columns. */
  names: readonly string[];
  rows: number;
  size: number;
  /** Opens it for reading; a RangeError if it has changed. */
  open(): ParquetBytes;
}

/** The bytes of an open file. */
export interface ParquetBytes {
  size: number;
  /** Fills the memory with the bytes from `at` on; returns how many there were. */
  read(memory: Buffer, at: number): number;
  close(): void;
}

const ofMemory = (bytes: Uint8Array): ParquetBytes => ({
  size: bytes.length,
  read(memory, at) {
    const part = bytes.subarray(at, at + memory.length);
    memory.set(part);
    return part.length;
  },
  close() {},
});

function ofFile(where: string, path: string): ParquetBytes & { modified: number } {
  const file = openSync(path, 'r');
  const stat = fstatSync(file);
  if (!stat.isFile()) {
    closeSync(file);
    throw new SimdnnError('SIMDNN_FILE', `[${where}] ${path} is not a file`);
  }
  return {
    size: stat.size,
    modified: stat.mtimeMs,
    read: (memory, at) => readSync(file, memory, 0, memory.length, at),
    close: () => closeSync(file),
  };
}

// The sum over the row groups; the total in the metadata may be another number.
function rowsOf({ row_groups: groups }: Metadata): number {
  const counts = groups.map((group) => Number(group.num_rows));
  const wrong = counts.findIndex((count) => !(count >= 0));
  if (wrong >= 0) throw new Error(`row group ${wrong} says that it has ${counts[wrong]} rows`);
  const rows = counts.reduce((sum, count) => sum + count, 0);
  if (rows > 2 ** 31) throw new Error(`it says that it has ${rows} rows`);
  return rows;
}

const tail = 8; // the length of the footer, followed by PAR1

function metadataOf({ parquetMetadata }: Library, bytes: ParquetBytes): Metadata {
  const end = memoryOf(tail);
  if (bytes.size < tail || bytes.read(end, bytes.size - tail) < tail) throw new Error('it is too short');
  if (end.toString('latin1', 4) !== 'PAR1') throw new Error('it does not end with PAR1');
  const length = end.readUInt32LE();
  if (length > bytes.size - tail) throw new Error(`it says of itself ${length} bytes, and has ${bytes.size}`);
  const footer = memoryOf(length + tail);
  bytes.read(footer, bytes.size - tail - length);
  lengthOfHeader(footer.subarray(0, length));
  return parquetMetadata(footer.buffer, { geoparquet: false });
}

/** Reads a file's metadata; a RangeError for a file that is not Parquet. */
export async function openParquet(where: string, path: string | null, source: unknown): Promise<ParquetFile> {
  const packages = await library(where);
  const label = path ?? 'the file';
  let bytes: ParquetBytes | null = null;
  try {
    const first = path === null ? null : ofFile(where, path);
    const opened = first ?? ofMemory(source as Uint8Array);
    bytes = opened;
    const metadata = metadataOf(packages, opened);
    const names = packages.parquetSchema(metadata).children.map(({ element }) => element.name);
    const open = (): ParquetBytes => {
      if (path === null || first === null) return opened;
      const again = ofFile(where, path);
      if (again.size === first.size && again.modified === first.modified) return again;
      again.close();
      throw rangeError(where, `${path} has changed since it was first read`);
    };
    return { where, path, label, metadata, library: packages, names, rows: rowsOf(metadata), size: opened.size, open };
  } catch (error) {
    if (error instanceof SimdnnError) throw error;
    const other = explained(where, path, error as NodeJS.ErrnoException);
    throw other === error ? rangeError(where, `${label} is not Parquet: ${(error as Error).message}`) : other;
  } finally {
    bytes?.close();
  }
}

/** Throws for columns that do not occur exactly once, or have lists or structures. */
export function refuseNested(
  { where, label, metadata, library: { parquetSchema, isFlatColumn } }: ParquetFile,
  names: readonly string[],
): void {
  const tree = parquetSchema(metadata);
  for (const name of names) {
    const [column, another] = tree.children.filter(({ element }) => element.name === name);
    if (another !== undefined) throw rangeError(where, `${label} has the column ${describe(name)} twice`);
    if (isFlatColumn([tree, column!])) continue;
    const hint = 'leave the column out by naming the others';
    throw rangeError(where, `${label}: column ${describe(name)} has lists or structures: expected numbers or texts`, hint);
  }
}
