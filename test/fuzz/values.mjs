// Values that no caller should pass, and every kind of memory that a caller may pass.

const numbers = [0, -0, 1, -1, 0.5, 2, 3, 7, -100, 1e-45, 1e300, -1e300, Number.NaN, Infinity, -Infinity, 2 ** 53 - 1, 2 ** 53, -(2 ** 53)];
const aroundInt32 = [2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32, 2 ** 33 + 1, 2 ** 52];

/** An invalid number. With `mayAllocate`, not one for which a creation function would allocate gigabytes. */
export const oddNumber = (r, mayAllocate = false) => r.pick(mayAllocate || r.chance(0.6) ? numbers : aroundInt32);

const throws = () => {
  throw new Error('a getter of the caller threw');
};
const throwing = new Proxy({}, { get: throws, has: throws, ownKeys: throws, getOwnPropertyDescriptor: throws, getPrototypeOf: throws });

export const resizable = (bytes, most) => new ArrayBuffer(bytes, { maxByteLength: most });

export function detached(array) {
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

const junkMakers = [
  () => undefined,
  () => null,
  () => true,
  () => '',
  () => 'abc',
  () => '3',
  () => Symbol('fuzz'),
  () => 10n,
  () => ({}),
  () => [],
  () => [1, 2],
  () => [[1], [2, 3]],
  () => [Number.NaN, 'x'],
  () => new Array(3),
  () => () => 0,
  () => class Local {},
  () => new Date(0),
  () => /a/,
  () => new Map([[1, 2]]),
  () => Promise.resolve(1),
  () => throwing,
  () => new Proxy([1, 2, 3], {}),
  () => new Proxy(new Float32Array(4), {}),
  () => Object.create(null),
  () => Object.create(Float32Array.prototype),
  () => Object.freeze({ length: 3, 0: 1 }),
  () => ({
    get lr() {
      return throws();
    },
    get dim() {
      return throws();
    },
  }),
  () => ({ lrr: 1 }),
  () => ({ length: 2 ** 31, constructor: null }),
  () => ({ valueOf: throws, toString: throws, [Symbol.toPrimitive]: throws }),
  () => ({ [Symbol.iterator]: throws }),
  () => new ArrayBuffer(16),
  () => new SharedArrayBuffer(16),
  () => new DataView(new ArrayBuffer(16)),
  () => new Uint8Array(16),
  () => new Float64Array(16),
  () => new BigInt64Array(4),
  () => new Uint32Array(16),
  () => new Float32Array(0),
  () => new Float32Array(3),
  () => new Int32Array(3),
  () => detached(new Float32Array(4)),
  () => detached(new Int32Array(4)),
];

/** A value of any kind; a new one if it is mutable. */
export const junk = (r) => (r.chance(0.3) ? oddNumber(r, true) : r.pick(junkMakers)());

const guard = 64; // bytes on each side of an array, which must not be written
const pattern = 0xa5;

/** An array of n elements in some kind of memory, between two guards. `kind` is Float32Array or Int32Array. */
export function memory(r, kind, n) {
  const bytes = n * 4;
  const before = guard + 4 * r.below(16);
  const whole = before + bytes + guard;
  const buffer = r.chance(0.7)
    ? new ArrayBuffer(whole)
    : r.chance(0.5)
      ? new SharedArrayBuffer(whole)
      : resizable(whole, whole + 4 * r.below(64));
  new Uint8Array(buffer).fill(pattern);
  return new kind(buffer, before, n);
}

/** An array that ends with its buffer, so that a sanitizer detects an access to the element behind it. */
export const tight = (kind, n) => new kind(n);

/** A view whose resizable buffer has shrunk below its end: with a fixed length, or tracking the buffer's. */
export function shrunk(r, kind, n) {
  const buffer = resizable(n * 4, n * 4 + 256);
  const view = r.chance(0.5) ? new kind(buffer, 0, n) : new kind(buffer);
  buffer.resize(r.below(n + 1) * 4);
  return view;
}

const specials = [0, -0, 1, -1, Number.NaN, Infinity, -Infinity, 1e-40, 3.4e38, -3.4e38, 88, -104];

/** Fills an array with ordinary numbers, and sometimes with those at which formulas fail. */
export function fill(r, array) {
  if (array instanceof Int32Array) {
    for (let i = 0; i < array.length; i++) array[i] = r.below(7) - 1;
    return array;
  }
  const special = r.chance(0.2);
  for (let i = 0; i < array.length; i++) array[i] = special && r.chance(0.3) ? r.pick(specials) : r.real() * 4 - 2;
  return array;
}

/** The contents of a set of arrays before a call, to be compared with those after it. */
export class Witness {
  #buffers = new Map();

  /** `writable`: how many elements from the first one the call may change. */
  watch(array, writable) {
    if (array.byteLength === 0) return;
    let seen = this.#buffers.get(array.buffer);
    if (seen === undefined) {
      seen = { before: new Uint8Array(array.buffer).slice(), writable: [] };
      this.#buffers.set(array.buffer, seen);
    }
    const begin = array.byteOffset;
    if (writable > 0) seen.writable.push([begin, begin + Math.min(4 * writable, array.byteLength)]);
  }

  /** The first byte that was changed and must not be, or null. */
  violation() {
    for (const [buffer, { before, writable }] of this.#buffers) {
      const now = new Uint8Array(buffer);
      for (let i = 0; i < Math.min(now.length, before.length); i++) {
        if (now[i] === before[i] || writable.some(([begin, end]) => i >= begin && i < end)) continue;
        return `byte ${i} of a buffer of ${before.length} (writable: ${JSON.stringify(writable)}) was changed`;
      }
    }
    return null;
  }
}
