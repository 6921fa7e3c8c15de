// Conversions between the element types of files and those of tensors.
import { rangeError } from '../errors';
import { allocateConstant, type TensorData } from '../memory';
import type { Entry } from './header';

const sign = 0x8000;

// Half precision has 5 bits of exponent and 10 of mantissa, so every number is a float32.
function halfOf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  const size =
    exponent === 0
      ? mantissa * 2 ** -24
      : exponent === 31
        ? mantissa === 0
          ? Infinity
          : Number.NaN
        : (1024 + mantissa) * 2 ** (exponent - 25);
  return bits & sign ? -size : size;
}

type Source = ArrayLike<number>;
type Fill = (out: TensorData, bytes: Uint8Array, refuse: (value: unknown) => never) => void;

const copied =
  (view: new (buffer: ArrayBuffer, offset: number, length: number) => Source, size: number): Fill =>
  (out, bytes) =>
    out.set(new view(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / size));

// 64-bit integers as pairs of 32-bit ones; the upper half tells whether the integer fits into 32 bits.
const narrowed =
  (signed: boolean): Fill =>
  (out, bytes, refuse) => {
    const pairs = new Int32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / 4);
    for (let i = 0; i < out.length; i++) {
      const [low, high] = [pairs[2 * i]!, pairs[2 * i + 1]!];
      if (high !== low >> 31 || (!signed && high !== 0)) refuse((BigInt(signed ? high : high >>> 0) << 32n) + BigInt(low >>> 0));
      out[i] = low;
    }
  };

const floats: Record<string, Fill> = {
  F32: copied(Float32Array, 4),
  F64: copied(Float64Array, 8),
  F16: (out, bytes) => {
    const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
    for (let i = 0; i < out.length; i++) out[i] = halfOf(halves[i]!);
  },
  BF16: (out, bytes) => {
    const upper = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
    const words = new Int32Array(out.buffer, out.byteOffset, out.length);
    for (let i = 0; i < out.length; i++) words[i] = upper[i]! << 16;
  },
};

const ints: Record<string, Fill> = {
  I32: copied(Int32Array, 4),
  I16: copied(Int16Array, 2),
  U16: copied(Uint16Array, 2),
  I8: copied(Int8Array, 1),
  U8: copied(Uint8Array, 1),
  I64: narrowed(true),
  U64: narrowed(false),
  U32: (out, bytes, refuse) => {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    for (let i = 0; i < out.length; i++) {
      if (words[i]! > 0x7fffffff) refuse(words[i]);
      out[i] = words[i]!;
    }
  },
  BOOL: (out, bytes) => {
    for (let i = 0; i < out.length; i++) out[i] = bytes[i] === 0 ? 0 : 1;
  },
};

/** The element types that can be loaded. */
export const loadable: readonly string[] = [...Object.keys(floats), ...Object.keys(ints)];

/** Memory for a tensor of the file: float32 for floating-point types, int32 for integers. */
export function memoryFor(where: string, path: string, { name, dtype, shape }: Entry): TensorData {
  if (!loadable.includes(dtype)) {
    throw rangeError(
      where,
      `${path}: tensor ${JSON.stringify(name)} is ${dtype}, which is not read (read are ${loadable.join(', ')})`,
      'names: [...] leaves it out',
    );
  }
  return allocateConstant(
    shape.reduce((n, size) => n * size, 1),
    dtype in floats ? 'float32' : 'int32',
  );
}

/** Whether the file's bytes can be used as the tensor's memory without conversion. */
export const isAsStored = (dtype: string): boolean => dtype === 'F32' || dtype === 'I32';

/** Converts the file's bytes to the elements of a tensor. */
export function convert(where: string, path: string, { name, dtype }: Entry, bytes: Uint8Array, out: TensorData): void {
  (floats[dtype] ?? ints[dtype]!)(out, bytes, (value) => {
    throw rangeError(where, `${path}: tensor ${JSON.stringify(name)} is ${dtype} and has ${value}, which is no int32`);
  });
}
