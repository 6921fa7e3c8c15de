// Tensors and texts as the bytes of a safetensors file.
import { isFloat32Array } from '../brands';
import { checkAttached, describe, rangeError, typeError } from '../errors';
import { refuseHeld } from '../holders';
import { refuseUninitialized } from '../nn/parameter';
import { recorder } from '../recorder';
import { Tensor } from '../tensor';
import { longest } from './header';

/** A tensor in the form in which a file has it. */
export interface Stored {
  readonly name: string;
  readonly dtype: 'F32' | 'F64' | 'I32' | 'I64';
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

const bytesIn = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** PyTorch stores the number of batches that a batch norm has seen as int64. */
const isWide = (name: string): boolean => /(^|\.)num_batches_tracked$/.test(name);

/** The tensor called `name`, still on its own memory. */
export function storedOf(where: string, name: string, tensor: unknown): Stored {
  if (!(tensor instanceof Tensor)) throw typeError(where, `expected ${describe(name)} to be a tensor, got ${describe(tensor)}`);
  refuseUninitialized(where, name, tensor);
  const { values, shape, version } = tensor;
  checkAttached(where, values);
  if (version.holder?.refusal !== undefined) refuseHeld(where, tensor);
  version.holder?.sync();
  if (isFloat32Array(values)) return { name, dtype: 'F32', shape, bytes: bytesIn(values) };
  if (!isWide(name)) return { name, dtype: 'I32', shape, bytes: bytesIn(values) };
  return { name, dtype: 'I64', shape, bytes: bytesIn(BigInt64Array.from(values, BigInt)) };
}

/** Float64 numbers as a tensor of one dimension. */
export const storedDoubles = (name: string, values: Float64Array): Stored => ({
  name,
  dtype: 'F64',
  shape: [values.length],
  bytes: bytesIn(values),
});

/** Throws inside a recorded function, where tensors do not have their final values. */
export function refuseRecording(where: string): void {
  recorder?.reading(where);
}

/** Throws for texts that UTF-8 cannot represent. */
export function checkText(where: string, what: string, text: unknown): string {
  if (typeof text !== 'string') throw typeError(where, `expected ${what} to be a text, got ${describe(text)}`);
  if (/\p{Surrogate}/u.test(text)) throw rangeError(where, `${what}, ${describe(text)}, has half of a character`);
  return text;
}

const wordOf: Record<Stored['dtype'], number> = { F64: 8, I64: 8, F32: 4, I32: 4 };

/**
 * The bytes of a file with these tensors and texts: first the header, which lists the tensors in the given order, then the tensors, aligned, still on their own
 * memory.
 */
export function packed(where: string, tensors: readonly Stored[], metadata: ReadonlyMap<string, string>): Uint8Array[] {
  const inFile = [...tensors].sort((a, b) => wordOf[b.dtype] - wordOf[a.dtype]);
  const begins = new Map<string, number>();
  let end = 0;
  for (const { name, bytes } of inFile) {
    if (begins.has(name)) throw rangeError(where, `two tensors are called ${describe(name)}`);
    begins.set(name, end);
    end += bytes.length;
  }
  const members: [string, unknown][] = tensors.map(({ name, dtype, shape, bytes }) => {
    const begin = begins.get(name)!;
    return [name, { dtype, shape, data_offsets: [begin, begin + bytes.length] }];
  });
  if (metadata.size > 0) members.unshift(['__metadata__', Object.fromEntries(metadata)]);
  const text = Buffer.from(JSON.stringify(Object.fromEntries(members)));
  if (text.length > longest) throw rangeError(where, `names and texts take ${text.length} bytes, the format allows ${longest}`);
  const head = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(32);
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - 8), true);
  head.set(text, 8);
  return [head, ...inFile.map(({ bytes }) => bytes)];
}
