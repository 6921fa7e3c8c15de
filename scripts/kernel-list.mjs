// native/kernels/kernels.def as data: the one list of kernels, for the scripts that make something of it.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const read = (file) => readFileSync(join(root, 'native/kernels', file), 'utf8').replace(/\/\/.*$/gm, '');
const camel = (name) => name.replace(/_([a-z0-9])/g, (_, c) => c.toUpperCase()).replace(/^in$/, 'in_'); // `in` is a word of TypeScript

// Every NAME(...) call in `text`, with its top-level arguments, parentheses inside them balanced.
function calls(text, name) {
  const found = [];
  const pattern = new RegExp(`\\b${name}\\s*\\(`, 'g');
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    let depth = 1;
    let start = pattern.lastIndex;
    const args = [];
    let i = start;
    for (; depth > 0; i++) {
      if (text[i] === '(') depth++;
      else if (text[i] === ')') depth--;
      if ((text[i] === ',' && depth === 1) || depth === 0) {
        args.push(text.slice(start, i).trim());
        start = i + 1;
      }
    }
    found.push({ args, index: match.index });
  }
  return found;
}

// Expands the .def file's own helper macros (UNARY, BINARY) into KERNEL lines.
function expand(text) {
  const macros = [...text.matchAll(/#define (\w+)\(([^)]*)\)((?:[^\n]*\\\n)*[^\n]*)/g)];
  let plain = text.replace(/#define \w+\([^)]*\)(?:[^\n]*\\\n)*[^\n]*/g, '').replace(/^#undef.*$/gm, '');
  plain = plain.replace(/#include "kernels\/unary\.def"/, read('unary.def').replace(/^#.*$/gm, ''));
  for (const [, macro, names, body] of macros) {
    const formals = names.split(',').map((n) => n.trim());
    for (const { args } of calls(plain, macro)) {
      let line = body.replaceAll('\\\n', ' ');
      formals.forEach((formal, i) => {
        line = line.replace(new RegExp(`\\b${formal}##`, 'g'), args[i]).replace(new RegExp(`\\b${formal}\\b`, 'g'), args[i]);
      });
      const call = new RegExp(`\\b${macro}\\(${args.join(',\\s*')}\\)`);
      plain = plain.replace(call, line);
    }
  }
  return plain;
}

const kinds = ['OUT', 'INOUT', 'IN', 'OPT_OUT', 'OPT_INOUT', 'OPT_IN', 'OUT_ANY', 'IN_ANY', 'SIZE', 'INT', 'REAL', 'COUNTER', 'LAYOUT'];

// A parameter: its kind and name, and for an array its element type (any: float or int32_t) and the formula of its length.
function parameter(kind, args) {
  if (kind.endsWith('_ANY')) return { kind, name: camel(args[0]), type: 'any', length: args[1] };
  return args.length === 3 ? { kind, name: camel(args[1]), type: args[0], length: args[2] } : { kind, name: camel(args[0]) };
}

const parameters = (text) =>
  kinds
    .flatMap((kind) => calls(text, kind).map(({ args, index }) => ({ index, parameter: parameter(kind, args) })))
    .sort((a, b) => a.index - b.index)
    .map(({ parameter }) => parameter);

/** The kernels in the order of kernels.def, each with its parameters in the order of its call. */
export const kernels = calls(expand(read('kernels.def')), 'KERNEL').map(({ args: [name, ...rest] }) => ({
  name: camel(name),
  parameters: parameters(rest.join(',')),
}));

/** The element-wise functions of one argument, in the order of their numbers. */
export const unary = [...read('unary.def').matchAll(/UNARY\((\w+)\)/g)].map(([, name]) => camel(name));
