// Parses decimal numbers from bytes. Rounded to float32 they are what `Math.fround(Number(text))` gives.

/** The result of `readNumber`. */
export const parsed = new Float64Array(1);

// All of these are exact in float64, and a single rounded product or quotient of exact numbers is correctly rounded.
const powers = Float64Array.from({ length: 23 }, (_, n) => Number(`1e${n}`));

// Decimal numbers as files have them; Number() would also accept "", "0x1f" and "Infinity".
const decimalNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The number that a text is, or NaN. */
export const numberOf = (text: string): number => (decimalNumber.test(text) ? Number(text) : Number.NaN);

/**
 * Parses a number from `b[at]` on, before `n`. Returns where it ends and leaves its value in `parsed`; returns -1 if there is no number, or
 * one that needs `Number`.
 *
 * An integer of up to 15 digits is exact, and so is a power of ten up to 22. If there are more digits, the first 15 give two neighbours
 * between which the number lies. Rounding is monotone: if both round to the same float32, so does the number. Only then, and if no integer lies between the two,
 * `parsed` is one of them, which rounds to the same float32; if the number is an integer, `parsed` is exactly that.
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

// Takes the first 15 significant digits, and the next larger integer if any omitted digit is not zero; returns how many digits were omitted.
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
