// Writes src/kernels.generated.ts, the TypeScript signatures of the addon's kernel functions, from
// native/kernels/kernels.def: the list is kept there alone.
import { readFileSync, writeFileSync } from 'node:fs';
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

const elements = { float: 'Float32Array', int32_t: 'Int32Array' };
const typed =
  (suffix) =>
  ([type, name]) => [name, elements[type] + suffix];
const parameterKinds = {
  OUT: typed(''),
  INOUT: typed(''),
  IN: typed(''),
  OPT_OUT: typed(' | null'),
  OPT_INOUT: typed(' | null'),
  OPT_IN: typed(' | null'),
  OUT_ANY: ([name]) => [name, 'Float32Array | Int32Array'],
  IN_ANY: ([name]) => [name, 'Float32Array | Int32Array'],
  SIZE: ([name]) => [name, 'number'],
  INT: ([name]) => [name, 'number'],
  REAL: ([name]) => [name, 'number'],
  COUNTER: ([name]) => [name, 'number'],
  LAYOUT: ([name]) => [name, 'Int32Array'],
};

function parameters(text) {
  return Object.entries(parameterKinds)
    .flatMap(([kind, toPair]) => calls(text, kind).map(({ args, index }) => ({ index, kind, pair: toPair(args) })))
    .sort((a, b) => a.index - b.index)
    .map(({ kind, pair: [name, type] }) => ({ kind, text: `${camel(name)}: ${type}` }));
}

// The numbers that may differ from one replay of a recorded step to the next, by their place in the call.
const liveOf = (list) =>
  list.flatMap(({ kind }, index) => (kind === 'REAL' || kind === 'COUNTER' ? [{ index, counter: kind === 'COUNTER' }] : []));

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

const kernels = calls(expand(read('kernels.def')), 'KERNEL').map(({ args: [name, ...rest] }) => ({
  name: camel(name),
  parameters: parameters(rest.join(',')),
}));
const unary = [...read('unary.def').matchAll(/UNARY\((\w+)\)/g)].map(([, name]) => camel(name));

const lines = kernels.map((k) => `  ${k.name}(${k.parameters.map((p) => p.text).join(', ')}): void;`);
writeFileSync(
  join(root, 'src/kernels.generated.ts'),
  `// Made by scripts/kernel-types.mjs from native/kernels/kernels.def: do not edit.

/** The addon's kernel functions, in the order of kernels.def. */
export interface KernelTable {
${lines.join('\n')}
}

/** The names of all kernels. */
export const kernelNames: readonly (keyof KernelTable)[] = ${JSON.stringify(
    kernels.map((k) => k.name),
    null,
    2,
  )};

/** The arguments of each kernel that a replay reads anew (REAL and COUNTER): their index, and whether it is a counter. */
export const liveArguments: Readonly<Record<keyof KernelTable, readonly { index: number; counter: boolean }[]>> = ${JSON.stringify(
    Object.fromEntries(kernels.map((k) => [k.name, liveOf(k.parameters)])),
  )};

/** The element-wise functions of one argument, numbered from 1 (0: none) as the fused activation of linearForward. */
export const unaryNames = ${JSON.stringify(unary, null, 2)} as const;
`,
);
