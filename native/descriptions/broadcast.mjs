// broadcast.cc: out = a op b over layout operands 0 (a) and 1 (b); out is contiguous.
import { kernel, layout, out, read } from './describe.mjs';

const layoutText = (n) => `layout([${n}], { strides: [1] }, { strides: [0] })`;
const list = (values) => values.join(', ');

// `[6, 8]` by 2 for arithmetic of float32, `[1, 2, 3]` by 2 otherwise.
function binary(name, sign, of, { type = 'float32', gives = type } = {}) {
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
    doc: `\`out = a ${sign}b\`${type === 'int32' ? ' of int32' : ''}.`,
    example: `const out = new ${arrays[gives]}(${a.length});
${camel}(out, ${arrays[type]}.of(${list(a)}), ${arrays[type]}.of(${b}), ${layoutText(a.length)});
out; // [${list(a.map((value) => Number(Number(of(value, b)).toPrecision(7))))}]`,
  });
}

const comparisons = [
  ['eq', '== ', (a, b) => a === b],
  ['ne', '!= ', (a, b) => a !== b],
  ['lt', '< ', (a, b) => a < b],
  ['le', '<= ', (a, b) => a <= b],
  ['gt', '> ', (a, b) => a > b],
  ['ge', '>= ', (a, b) => a >= b],
];

const modulo = (a, b) => a - b * Math.floor(a / b);

export const broadcast = [
  binary('add', '+ ', (a, b) => a + b),
  binary('sub', '- ', (a, b) => a - b),
  binary('mul', '', (a, b) => a * b),
  binary('div', '/ ', (a, b) => a / b),
  binary('pow', 'to the power of ', (a, b) => a ** b),
  binary('maximum', 'or, where that is larger or NaN, ', Math.max),
  binary('minimum', 'or, where that is smaller or NaN, ', Math.min),
  binary('remainder', 'modulo, with the sign of b, ', modulo),
  binary('fmod', 'modulo, with the sign of a, ', (a, b) => a % b),
  binary('floor_divide', 'divided, down to a whole number, by ', (a, b) => Math.floor(a / b)),
  binary('atan2', 'as the side opposite to an angle of which b is the adjacent one: the angle of ', Math.atan2),
  ...comparisons.map(([name, sign, of]) => binary(name, sign, of, { gives: 'int32' })),
  binary('add_int', '+ ', (a, b) => a + b, { type: 'int32' }),
  binary('sub_int', '- ', (a, b) => a - b, { type: 'int32' }),
  binary('mul_int', '', (a, b) => a * b, { type: 'int32' }),
  binary('maximum_int', 'or, where that is larger, ', Math.max, { type: 'int32' }),
  binary('minimum_int', 'or, where that is smaller, ', Math.min, { type: 'int32' }),
  binary('remainder_int', 'modulo, with the sign of b (0 where b is 0), ', modulo, { type: 'int32' }),
  binary('floor_divide_int', 'divided, down to a whole number (0 where b is 0), by ', (a, b) => Math.floor(a / b), { type: 'int32' }),
  ...comparisons.map(([name, sign, of]) => binary(`${name}_int`, sign, of, { type: 'int32' })),
];
