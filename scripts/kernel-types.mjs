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

// The numbers that may differ from one replay of a recorded step to the next, by their place in the call.
const liveOf = (list) =>
  list.flatMap(({ kind }, index) => (kind === 'REAL' || kind === 'COUNTER' ? [{ index, counter: kind === 'COUNTER' }] : []));

// The arrays that a kernel writes, by their place in the call.
const writtenOf = (list) => list.flatMap(({ kind }, index) => (/^(OPT_)?(IN)?OUT/.test(kind) ? [index] : []));

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

/** The arguments of each kernel that a replay reads anew (REAL and COUNTER): their index, and whether it is a counter. */
export const liveArguments: Readonly<Record<keyof KernelTable, readonly { index: number; counter: boolean }[]>> = ${JSON.stringify(
    Object.fromEntries(kernels.map((k) => [k.name, liveOf(k.parameters)])),
  )};

/** The arguments of each kernel that are arrays and written: their indices. */
export const writtenArguments: Readonly<Record<keyof KernelTable, readonly number[]>> = ${JSON.stringify(
    Object.fromEntries(kernels.map((k) => [k.name, writtenOf(k.parameters)])),
  )};

/** The element-wise functions of one argument, numbered from 1 (0: none) as the fused activation of linearForward. */
export const unaryNames = ${JSON.stringify(unary, null, 2)} as const;
`,
);
