// broadcast.cc: out = a op b, where the layout's operand 0 is a and its operand 1 is b; out is contiguous.
import { kernel, layout, out, read } from './describe.mjs';

const layoutText = (n) => `layout([${n}], { strides: [1] }, { strides: [0] })`;
const list = (values) => values.join(', ');

// Examples have `[6, 8]` and 2 as operands for float32 arithmetic, `[1, 2, 3]` and 2 otherwise.
function binary(name, formula, of, { type = 'float32', gives = type, note = '' } = {}) {
  const [a, b] = [type === 'int32' || gives === 'int32' ? [1, 2, 3] : [6, 8], 2];
  const arrays = { float32: 'Float32Array', int32: 'Int32Array' };
  const camel = name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
  return kernel(name, {
    operands: [
      out('out', 'layout.count()', { type: gives }),
      read('a', 'layout.extent(0)', { type }),
      read('b', 'layout.extent(1)', { type }),
    ],
    sizes: [layout('layout')],
    doc: `\`out = ${formula}\`${type === 'int32' ? ' of int32' : ''}${note}.`,
    example: `const out = new ${arrays[gives]}(${a.length});
${camel}(out, ${arrays[type]}.of(${list(a)}), ${arrays[type]}.of(${b}), ${layoutText(a.length)});
out; // [${list(a.map((value) => Number(Number(of(value, b)).toPrecision(7))))}]`,
  });
}

const comparisons = [
  ['eq', 'a == b', (a, b) => a === b],
  ['ne', 'a != b', (a, b) => a !== b],
  ['lt', 'a < b', (a, b) => a < b],
  ['le', 'a <= b', (a, b) => a <= b],
  ['gt', 'a > b', (a, b) => a > b],
  ['ge', 'a >= b', (a, b) => a >= b],
];

const modulo = (a, b) => a - b * Math.floor(a / b);
const nan = { note: ', NaN where either is NaN' };
const int = { type: 'int32' };
const truth = ', 1 where it holds, else 0';

export const broadcast = [
  binary('add', 'a + b', (a, b) => a + b),
  binary('sub', 'a - b', (a, b) => a - b),
  binary('mul', 'a b', (a, b) => a * b),
  binary('div', 'a / b', (a, b) => a / b),
  binary('pow', 'a^b', (a, b) => a ** b),
  binary('maximum', 'max(a, b)', Math.max, nan),
  binary('minimum', 'min(a, b)', Math.min, nan),
  binary('remainder', 'a mod b', modulo, { note: ', with the sign of b' }),
  binary('fmod', 'a mod b', (a, b) => a % b, { note: ', with the sign of a' }),
  binary('floor_divide', 'floor(a / b)', (a, b) => Math.floor(a / b)),
  binary('atan2', 'atan2(a, b)', Math.atan2, { note: ', the angle of the point (b, a), in radians' }),
  ...comparisons.map(([name, formula, of]) => binary(name, formula, of, { gives: 'int32', note: truth })),
  binary('add_int', 'a + b', (a, b) => a + b, int),
  binary('sub_int', 'a - b', (a, b) => a - b, int),
  binary('mul_int', 'a b', (a, b) => a * b, int),
  binary('maximum_int', 'max(a, b)', Math.max, int),
  binary('minimum_int', 'min(a, b)', Math.min, int),
  binary('remainder_int', 'a mod b', modulo, { ...int, note: ', with the sign of b, 0 where b is 0' }),
  binary('floor_divide_int', 'floor(a / b)', (a, b) => Math.floor(a / b), { ...int, note: ', 0 where b is 0' }),
  ...comparisons.map(([name, formula, of]) => binary(`${name}_int`, formula, of, { ...int, note: truth })),
];
