// The header of a safetensors file. It is checked completely before anything is read by it.
import { TextDecoder } from 'node:util';
import { isMap } from '../brands';
import { rangeError } from '../errors';
import { type Json, mostMemory, parseJson } from './json';

/** The position of a tensor in a file, in bytes from the end of the header. */
export interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

/** The content of a header. */
export interface Header {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The longest header that the format allows. */
export const longest = 100_000_000;

/** The element types of the format, with the number of bits of an element. */
export const bitsOf: ReadonlyMap<string, number> = new Map([
  ...['F64', 'I64', 'U64', 'C64'].map((dtype) => [dtype, 64] as const),
  ...['F32', 'I32', 'U32'].map((dtype) => [dtype, 32] as const),
  ...['F16', 'BF16', 'I16', 'U16'].map((dtype) => [dtype, 16] as const),
  ...['BOOL', 'U8', 'I8', 'F8_E5M2', 'F8_E4M3', 'F8_E8M0', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ'].map((dtype) => [dtype, 8] as const),
  ['F6_E2M3', 6],
  ['F6_E3M2', 6],
  ['F4', 4],
]);

const members = ['dtype', 'shape', 'data_offsets'];
const short = (name: string): string => JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}...` : name);

// JSON.parse would round integers above 2^53, and read 1.0 as 1.
const wholeOf = (text: string): number => (/^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : Number.NaN);

const wholes = (json: Json | undefined): number[] | null =>
  Array.isArray(json) && json.every((value) => Number.isInteger(value)) ? (json as number[]) : null;

function entryOf(name: string, json: Json, fail: (message: string) => never): Entry {
  const at = `tensor ${short(name)}`;
  if (!isMap(json)) return fail(`${at}: expected { ${members.join(', ')} }`);
  const dtype = json.get('dtype');
  if (typeof dtype !== 'string') return fail(`${at}: expected dtype to be a text`);
  const bits = bitsOf.get(dtype);
  if (bits === undefined) return fail(`${at}: there is no dtype ${short(dtype)}`);
  const shape = wholes(json.get('shape'));
  if (shape === null) return fail(`${at}: expected shape to be a list of whole numbers`);
  const offsets = wholes(json.get('data_offsets'));
  if (offsets?.length !== 2) return fail(`${at}: expected data_offsets to be two whole numbers`);
  const [begin, end] = offsets as [number, number];
  let numel = 1;
  for (const size of shape) numel *= size;
  // A size of 0 makes the product 0, so the other sizes are checked by themselves.
  const product = shape.reduce((n, size) => n * Math.max(1, size), bits);
  if (!Number.isSafeInteger(product)) return fail(`${at}: the shape has too many elements`);
  if ((numel * bits) % 8 !== 0) return fail(`${at}: ${numel} elements of ${dtype} fill no whole bytes`);
  const bytes = (numel * bits) / 8;
  if (end < begin || end - begin !== bytes) {
    return fail(`${at}: ${dtype} [${shape.slice(0, 16).join(', ')}] has ${bytes} bytes, its data_offsets are ${begin} to ${end}`);
  }
  return { name, dtype, shape, begin, end };
}

function metadataOf(json: Json | undefined, fail: (message: string) => never): Map<string, string> {
  if (json === undefined || json === null) return new Map();
  if (!isMap(json)) return fail('expected __metadata__ to be an object of texts');
  for (const [name, value] of json) if (typeof value !== 'string') return fail(`expected ${short(name)} of __metadata__ to be a text`);
  return json as Map<string, string>;
}

// The tensors must cover the file from its first byte to its last, without overlaps and gaps.
function checkCover(entries: Iterable<Entry>, size: number, fail: (message: string) => never): void {
  let next = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== next) {
      fail(
        `tensor ${short(name)} begins at byte ${begin}, the one before ends at ${next}: they ${begin < next ? 'overlap' : 'leave a hole'}`,
      );
    }
    next = end;
  }
  if (next !== size) fail(`the tensors end at byte ${next} of ${size}: the file is ${next > size ? 'cut off' : 'longer than it says'}`);
}

/** Reads a header that is followed by `size` bytes of tensors. A RangeError, which names the file, for whatever the format does not allow. */
export function parseHeader(where: string, path: string, bytes: Uint8Array, size: number): Header {
  const fail = (message: string): never => {
    throw rangeError(where, `${path} is no whole safetensors file: ${message}`);
  };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail('its header is not UTF-8');
  }
  const json = parseJson(text, (message) => fail(`its header is not the JSON that it should be: ${message}`), {
    numberOf: wholeOf,
    // Tensors with short names take 20 times their text; what takes more is no header.
    memory: Math.min(mostMemory, Math.max(2 ** 24, 24 * text.length)),
  });
  if (!isMap(json)) return fail('its header is not an object');
  const entries = new Map<string, Entry>();
  for (const [name, value] of json) if (name !== '__metadata__') entries.set(name, entryOf(name, value, fail));
  checkCover(entries.values(), size, fail);
  return { entries, metadata: metadataOf(json.get('__metadata__'), fail) };
}
