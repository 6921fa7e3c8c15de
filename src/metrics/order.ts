// Sort keys of float32 numbers: typed arrays of integers sort themselves without a comparison function, much faster than lists.

/** Integer sort keys of numbers; 0 and -0 have the same, NaN the highest. */
export function keysOf(values: Float32Array): Uint32Array {
  const keys = new Uint32Array(values.length);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < keys.length; i++) {
    const word = bits[i]!;
    const magnitude = word & 0x7fffffff;
    if (magnitude > 0x7f800000) keys[i] = 0xffffffff;
    else keys[i] = magnitude === word || magnitude === 0 ? magnitude + 2 ** 31 : ~word;
  }
  return keys;
}

const bitsOfOne = new Uint32Array(1);
const one = new Float32Array(bitsOfOne.buffer);

/** The number with a sort key. */
export function numberOf(key: number): number {
  bitsOfOne[0] = key >= 2 ** 31 ? key - 2 ** 31 : ~key;
  return one[0]!;
}

/** The index of the highest of `count` numbers, of equal ones the first; NaN is higher than all numbers. */
export function highestOf(count: number, at: (i: number) => number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (at(i) > at(best) || (Number.isNaN(at(i)) && !Number.isNaN(at(best)))) best = i;
  return best;
}
