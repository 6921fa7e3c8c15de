// Decimal numbers of text, read from the bytes: to float32 they are rounded as `Math.fround(Number(text))` rounds them.

/** What `readNumber` has read. */
export const parsed = new Float64Array(1);

// Every one of these is exact in float64, and one correctly rounded product or quotient of exact numbers is the correctly rounded result.
const powers = Float64Array.from({ length: 23 }, (_, n) => Number(`1e${n}`));

// Decimal numbers as they stand in files; Number() alone would take "", "0x1f" and "Infinity" too.
const decimalNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The number that a text is, NaN where it is none. */
export const numberOf = (text: string): number => (decimalNumber.test(text) ? Number(text) : Number.NaN);

/**
 * Reads a number from `b[at]` on, before `n`: returns where it ends and leaves its value in `parsed`, or returns -1 where there is none, or
 * none that can be read without `Number`.
 *
 * Up to 15 digits are an exact integer, and a power of ten up to 22 is exact as well. Of more digits the first 15 give two neighbours
 * between which the number lies. Rounding is monotone: where both are one float32 number, so is what lies between them. Only then, and
 * where no integer lies between the two, `parsed` is one of them, which rounds to float32 as the number does; it is the number itself where that is an integer.
 */
export function readNumber(b: Uint8Array, at: number, n: number, point: number): number {
  let i = at;
  const first = i < n ? b[i]! : 0;
  if (first === 0x2d || first === 0x2b) i++;
  const begin = i;
  let mantissa = 0;
  let d = 0;
  for (; i < n; i++) {
    d = b[i]! - 48;
    if (d < 0 || d > 9) break;
    mantissa = mantissa * 10 + d;
  }
  let digits = i - begin;
  let exponent = 0;
  if (i < n && b[i] === point) {
    const fraction = ++i;
    for (; i < n; i++) {
      d = b[i]! - 48;
      if (d < 0 || d > 9) break;
      mantissa = mantissa * 10 + d;
    }
    exponent = fraction - i;
    digits -= exponent;
  }
  if (digits === 0) return -1;
  const end = i;
  if (i < n && (b[i]! | 0x20) === 0x65) {
    i++;
    let sign = 1;
    if (i < n && (b[i] === 0x2d || b[i] === 0x2b)) {
      if (b[i] === 0x2d) sign = -1;
      i++;
    }
    const power = i;
    let e = 0;
    for (; i < n; i++) {
      d = b[i]! - 48;
      if (d < 0 || d > 9) break;
      if (e < 10000) e = e * 10 + d;
    }
    if (i === power) return -1;
    exponent += sign * e;
  }
  let above = 0;
  if (digits > 15) {
    const left = shorten(b, begin, end, point);
    mantissa = shortened[0]!;
    exponent += left;
    above = shortened[1]!;
  }
  let value = mantissa;
  if (mantissa !== 0 && exponent !== 0) {
    if (exponent < -22 || exponent > 22) return -1;
    value = exponent < 0 ? mantissa / powers[-exponent]! : mantissa * powers[exponent]!;
  }
  if (above !== 0) {
    above = exponent < 0 ? above / powers[-exponent]! : above * powers[exponent]!;
    if (Math.fround(value) !== Math.fround(above) || Math.ceil(value) <= above) return -1;
  }
  parsed[0] = first === 0x2d ? -value : value;
  return i;
}

const shortened = new Float64Array(2);

// The first 15 significant digits, and the integer above where others follow that are not zero; returns how many digits were left out.
function shorten(b: Uint8Array, begin: number, end: number, point: number): number {
  let mantissa = 0;
  let digits = 0;
  let left = 0;
  let rest = 0;
  for (let i = begin; i < end; i++) {
    if (b[i] === point) continue;
    const d = b[i]! - 48;
    if (digits < 15) {
      mantissa = mantissa * 10 + d;
      if (mantissa !== 0) digits++;
    } else {
      left++;
      rest |= d;
    }
  }
  shortened[0] = mantissa;
  shortened[1] = rest === 0 ? 0 : mantissa + 1;
  return left;
}
