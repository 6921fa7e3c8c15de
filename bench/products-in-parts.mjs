// The errors of products of bfloat16 parts, compared with a float32 chain: one product of operands that are rounded to one part, three products of two parts, six of
// three. The additions of each unit are done in plain JavaScript, in the unit's order. Prints the table of docs/notes/bfloat16-products.md.
// Each entry has the largest error, the root mean square and the mean of the errors, relative to the sum of the products' magnitudes.
// Usage: node bench/products-in-parts.mjs [ELEMENTS]
const elements = Number(process.argv[2] ?? 1000);
const K = 1024;
const { fround } = Math;

const bits = new DataView(new ArrayBuffer(8));

/** Rounds to 8 significant bits, ties to even; for finite numbers that cannot overflow. */
function bfloat16(x) {
  bits.setFloat32(0, x);
  const word = bits.getUint32(0);
  bits.setUint32(0, ((word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000) >>> 0);
  return bits.getFloat32(0);
}

/** x + y as a float32, rounded to odd: a sum that is not exact becomes its neighbour whose last bit is 1. */
function addedToOdd(x, y) {
  const sum = x + y;
  const ofY = sum - x;
  const lost = x - (sum - ofY) + (y - ofY);
  bits.setFloat64(0, sum);
  let word = bits.getBigUint64(0);
  if (lost !== 0 && lost < 0 !== sum < 0) word--;
  const below = (1n << 29n) - 1n;
  const exact = lost === 0 && (word & below) === 0n;
  bits.setBigUint64(0, (word & ~below) | (exact ? 0n : below + 1n));
  return bits.getFloat64(0);
}

// Each adds the products of one term over [from, to) to a sum, as its unit does; the chain of the kernels without one rounds as often as avx512_bf16's. A product
// of two bfloat16 numbers is exact in float32.
const units = {
  chain: (sum, a, b, from, to) => {
    for (let k = from; k < to; k++) sum = fround(sum + a[k] * b[k]);
    return sum;
  },
  amx_bf16: (sum, a, b, from, to) => {
    for (let k = from; k < to; k += 32) {
      let [even, odd] = [0, 0];
      for (let p = k; p < k + 32; p += 2) {
        even = fround(even + a[p] * b[p]);
        odd = fround(odd + a[p + 1] * b[p + 1]);
      }
      sum = fround(sum + fround(even + odd));
    }
    return sum;
  },
  neon_bf16: (sum, a, b, from, to) => {
    for (let k = from; k < to; k += 2) sum = addedToOdd(sum, addedToOdd(a[k] * b[k], a[k + 1] * b[k + 1]));
    return sum;
  },
};

// The products that are added, as pairs of the numbers of the operands' parts; part 0 is the largest. "small first" adds the smallest products of a block first; "in
// steps" adds all products of 32 numbers before those of the next, in an order in which each loads one operand anew.
const one = [[0, 0]];
const three = [...one, [0, 1], [1, 0]];
const six = [...three, [0, 2], [1, 1], [2, 0]];
const loaded = [
  [2, 0],
  [1, 0],
  [1, 1],
  [0, 1],
  [0, 2],
  [0, 0],
];
const block = 256;
const ways = {
  1: { terms: one, step: block },
  3: { terms: three, step: block },
  6: { terms: six, step: block },
  '3, small first': { terms: three.toReversed(), step: block },
  '6, small first': { terms: six.toReversed(), step: block },
  '6, in steps': { terms: loaded, step: 32 },
};

function partsOf(x) {
  const parts = [new Float32Array(x.length), new Float32Array(x.length), new Float32Array(x.length)];
  for (let k = 0; k < x.length; k++) {
    let rest = x[k];
    for (const part of parts) {
      part[k] = bfloat16(rest);
      rest = fround(rest - part[k]);
    }
  }
  return parts;
}

/** The sum of products in blocks, each begun at zero, which are added in order. */
function product(a, b, { terms, step }, unit) {
  let total = 0;
  for (let from = 0; from < a[0].length; from += block) {
    let sum = 0;
    for (let at = from; at < from + block; at += step) {
      for (const [i, j] of terms) sum = unit(sum, a[i], b[j], at, at + step);
    }
    total = fround(total + sum);
  }
  return total;
}

let state = 1;
function uniform() {
  state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
  return ((Math.imul(state ^ (state >>> 13), 0x297a2d39) >>> 0) + 0.5) / 2 ** 32;
}
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
const operands = {
  random: normal,
  'badly scaled': () => normal() * 2 ** Math.floor(41 * uniform() - 20),
  adversarial: () => 1 + 2 ** -8 - 2 ** -17 - 2 ** -23, // the remainder of each part is as large as possible, and always has the same sign
};

const power = (x) => (x === 0 ? '0' : `2^${Math.log2(x).toFixed(1)}`);

/** Largest error, root mean square and mean of them, in parts of the sum of magnitudes. */
class Errors {
  #largest = 0;
  #squares = 0;
  #sum = 0;
  #count = 0;
  add(error) {
    this.#largest = Math.max(this.#largest, Math.abs(error));
    this.#squares += error ** 2;
    this.#sum += error;
    this.#count++;
  }
  toString() {
    return [this.#largest, Math.sqrt(this.#squares / this.#count), Math.abs(this.#sum) / this.#count].map(power).join(', ');
  }
}

/** Errors by products and unit; those of float32 under "float32". */
function errorsOf(draw, count) {
  const found = new Map();
  const note = (name, error) => {
    if (!found.has(name)) found.set(name, new Errors());
    found.get(name).add(error);
  };
  for (let element = 0; element < count; element++) {
    const [x, y] = [Float32Array.from({ length: K }, draw), Float32Array.from({ length: K }, draw)];
    const exact = x.reduce((sum, value, k) => sum + value * y[k], 0);
    const magnitude = x.reduce((sum, value, k) => sum + Math.abs(value * y[k]), 0);
    note('float32', (product([x], [y], ways[1], units.chain) - exact) / magnitude);
    const [a, b] = [partsOf(x), partsOf(y)];
    for (const [way, order] of Object.entries(ways)) {
      for (const [name, unit] of Object.entries(units)) note(`${way} ${name}`, (product(a, b, order, unit) - exact) / magnitude);
    }
  }
  return found;
}

console.log(`| operands, ${K} products | products of parts | ${Object.keys(units).join(' | ')} |`);
console.log(`| --- | --- ${'| --- '.repeat(Object.keys(units).length)}|`);
for (const [kind, draw] of Object.entries(operands)) {
  const found = errorsOf(draw, kind === 'adversarial' ? 1 : elements);
  console.log(`| ${kind} | float32 | ${found.get('float32')} | | |`);
  for (const way of Object.keys(ways)) {
    console.log(
      `| ${kind} | ${way} | ${Object.keys(units)
        .map((unit) => found.get(`${way} ${unit}`))
        .join(' | ')} |`,
    );
  }
}
