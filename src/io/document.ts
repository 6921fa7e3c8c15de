// Files of this library: safetensors files with a JSON document in the metadata, and a checksum over the whole file.
import { crc32 } from 'node:zlib';
import { describe, rangeError } from '../errors';
import { version } from '../info';
import type { TensorData } from '../memory';
import { target } from '../native';
import { Tensor } from '../tensor';
import type { Tensors, Writer } from './codec';
import { packed } from './container';
import { convert, isAsStored, memoryFor } from './dtypes';
import type { Entry } from './header';
import { parseJson, plainOf } from './json';
import { bytesOf, reading } from './read';
import { writeWhole } from './write';

/** The fields that every document has. */
export interface Document extends Record<string, unknown> {
  /** `"checkpoint"` or `"model"`. */
  kind: string;
  /** The version of the layout. */
  format: number;
  /** The version of the library that wrote it. */
  simdnn: string;
  /** The instruction set that it was written on. */
  target: string;
}

const format = 1;
const member = 'simdnn';
const checksum = 'simdnn.checksum';
const blank = 'crc32:00000000';
const mark = (sum: string): Buffer => Buffer.from(`"${checksum}":"${sum}"`);

// The header with zeros in place of the checksum's digits.
function withoutSum(head: Uint8Array, sum: string): Uint8Array | null {
  const at = Buffer.from(head.buffer, head.byteOffset, head.length).indexOf(mark(sum));
  if (at < 0) return null;
  const copy = head.slice();
  copy.set(mark(blank), at);
  return copy;
}

const sumOf = (chunks: Iterable<Uint8Array>): string => {
  let sum = 0;
  for (const chunk of chunks) if (chunk.length > 0) sum = crc32(chunk, sum); // for an empty chunk zlib would return the initial value
  return `crc32:${sum.toString(16).padStart(8, '0')}`;
};

/** Writes a document with the tensors that its writer has collected, all as they are at the call. */
export async function writeDocument(path: string, kind: string, writer: Writer, fields: Record<string, unknown>): Promise<void> {
  const document: Document = { kind, format, simdnn: version, target, ...fields };
  const [head, ...rest] = packed(
    writer.where,
    writer.tensors,
    new Map([
      [checksum, blank],
      [member, JSON.stringify(document)],
    ]),
  );
  const at = Buffer.from(head!.buffer).indexOf(mark(blank));
  head!.set(mark(sumOf([head!, ...rest])), at);
  await writeWhole(path, [head!, ...rest]);
}

/** A file that was read and has the right checksum. */
export interface ReadDocument {
  readonly document: Document;
  readonly tensors: Tensors;
  readonly fail: (message: string) => never;
}

// No other code uses the bytes that were read, so they become the tensor's memory.
const viewOf = ({ dtype }: Entry, { buffer, byteOffset, length }: Uint8Array): TensorData =>
  new (dtype === 'F32' ? Float32Array : Int32Array)(buffer as ArrayBuffer, byteOffset, length / 4);

function tensorsOf(where: string, path: string, read: ReadonlyMap<string, { entry: Entry; bytes: Uint8Array }>): Tensors {
  return {
    tensor(name) {
      const found = read.get(name);
      if (found === undefined) return undefined;
      const { entry, bytes } = found;
      const values = isAsStored(entry.dtype) ? viewOf(entry, bytes) : memoryFor(where, path, entry);
      if (!isAsStored(entry.dtype)) convert(where, path, entry, bytes, values);
      return new Tensor(values, entry.shape.slice());
    },
    doubles(name) {
      const found = read.get(name);
      if (found?.entry.dtype !== 'F64') return undefined;
      return new Float64Array(found.bytes.buffer as ArrayBuffer, found.bytes.byteOffset, found.bytes.length / 8);
    },
  };
}

/** Reads a file of a kind. A RangeError for another kind, a later layout, or bytes that do not have the file's checksum. */
export async function readDocument(where: string, path: string, kind: string): Promise<ReadDocument> {
  const fail = (message: string): never => {
    throw rangeError(where, `${path} is no whole ${kind}: ${message}`);
  };
  return reading(where, path, async (from) => {
    const text = from.metadata.get(member);
    const sum = from.metadata.get(checksum);
    if (text === undefined || sum === undefined)
      throw rangeError(where, `${path} is a safetensors file, but no ${kind}`, 'io.loadSafetensors reads its tensors');
    const document = plainOf(parseJson(text, (message) => fail(`its description is no JSON: ${message}`))) as Document;
    if (document === null || typeof document !== 'object' || Array.isArray(document)) return fail('its description is no object');
    const head = withoutSum(from.head, sum);
    const read = new Map<string, { entry: Entry; bytes: Uint8Array }>();
    const inOrder = [...from.entries.values()].sort((a, b) => a.begin - b.begin || a.end - b.end);
    for (const entry of inOrder) read.set(entry.name, { entry, bytes: await bytesOf(from, entry) });
    if (head === null || sumOf([head, ...[...read.values()].map(({ bytes }) => bytes)]) !== sum) {
      return fail('its checksum is that of other bytes: the file was changed or damaged');
    }
    if (document.kind !== kind) throw rangeError(where, `${path} is a ${describe(document.kind)}, expected a ${kind}`);
    if (document.format !== format) {
      throw rangeError(
        where,
        `${path} has format ${describe(document.format)}, this version of simdnn reads format ${format}`,
        `it was written by simdnn ${document.simdnn}`,
      );
    }
    return { document, tensors: tensorsOf(where, path, read), fail };
  });
}
