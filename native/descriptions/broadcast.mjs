// broadcast.cc: out = a op b over layout operands 0 (a) and 1 (b); out is contiguous.
import { kernel, layout, out, read } from './describe.mjs';

const layoutText = (n) => `layout([${n}], { strides: [1] }, { strides: [0] })`;
const list = (values) => values.join(', ');

// `[6, 8]` by 2 for arithmetic of float32, `[1, 2, 3]` by 2 otherwise.
function binary(name, sign, of, { type = 'float32', gives = type } = {}) {
  const [a, b] = [type === 'int32' || gives === 'int32' ? [1, 2, 3] : [6, 8], 2];
  const arrays = { float32: 'Float32Array', int32: 'Int32Array' };
  const camel = name.replace('_int', 'Int');
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
out; // [${list(a.map((value) => Number(of(value, b))))}]`,
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

export const broadcast = [
  binary('add', '+ ', (a, b) => a + b),
  binary('sub', '- ', (a, b) => a - b),
  binary('mul', '', (a, b) => a * b),
  binary('div', '/ ', (a, b) => a / b),
  binary('pow', 'to the power of ', (a, b) => a ** b),
  ...comparisons.map(([name, sign, of]) => binary(name, sign, of, { gives: 'int32' })),
  binary('add_int', '+ ', (a, b) => a + b, { type: 'int32' }),
  binary('sub_int', '- ', (a, b) => a - b, { type: 'int32' }),
  binary('mul_int', '', (a, b) => a * b, { type: 'int32' }),
  ...comparisons.map(([name, sign, of]) => binary(`${name}_int`, sign, of, { type: 'int32' })),
];
