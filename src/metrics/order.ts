// The order of float32 numbers as integers, by which they are sorted without a function that compares.
const floatBits = new Float32Array(1);
const bits = new Uint32Array(floatBits.buffer);

/** An integer below 2^32 of the place of a float32 among all: 0 and -0 have the same, NaN the highest. */
export function rankOf(value: number): number {
  floatBits[0] = Number.isNaN(value) ? Number.NaN : value + 0; // -0 is 0
  return bits[0]! >= 2 ** 31 ? 2 ** 32 - 1 - bits[0]! : bits[0]! + 2 ** 31;
}

/** The number of a rank. */
export function numberOf(rank: number): number {
  bits[0] = rank >= 2 ** 31 ? rank - 2 ** 31 : 2 ** 32 - 1 - rank;
  return floatBits[0]!;
}
