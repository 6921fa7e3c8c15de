// Writes src/kernels.generated.ts, the TypeScript signatures of the addon's kernel functions, from
// native/kernels/kernels.def: the list is kept there alone.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kernels, unary } from './kernel-list.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const elements = { float: 'Float32Array', int32_t: 'Int32Array', any: 'Float32Array | Int32Array' };
const typeOf = ({ kind, type }) => {
  if (type !== undefined) return elements[type] + (kind.startsWith('OPT_') ? ' | null' : '');
  return kind === 'LAYOUT' ? 'Int32Array' : 'number';
};

// OPT_INOUT and INOUT_ANY are inout, and so on.
const kindOf = (kind) => kind.replace(/^OPT_|_ANY$/g, '').toLowerCase();

const lines = kernels.map((k) => `  ${k.name}(${k.parameters.map((p) => `${p.name}: ${typeOf(p)}`).join(', ')}): void;`);
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

/** What an argument of a kernel is: an array that is written whole, written and read, or read; a size, an enumerator or flags, a real number, a counter, a layout. */
export type ArgumentKind = 'out' | 'inout' | 'in' | 'size' | 'int' | 'real' | 'counter' | 'layout';

/** The arguments of each kernel, in the order of its call. */
export const kernelArguments: Readonly<Record<keyof KernelTable, readonly { name: string; kind: ArgumentKind }[]>> = ${JSON.stringify(
    Object.fromEntries(kernels.map((k) => [k.name, k.parameters.map(({ name, kind }) => ({ name, kind: kindOf(kind) }))])),
  )};

/** The element-wise functions of one argument, numbered from 1 (0: none) as the fused activation of linearForward. */
export const unaryNames = ${JSON.stringify(unary, null, 2)} as const;
`,
);
