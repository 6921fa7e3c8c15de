// The library's own TypeScript: src/kernels.generated.ts, the kernels as data and the signatures of the addon's functions, and src/calls.generated.ts,
// through which the library calls them, with arguments by name.
import { elements, enumerations, kernels, lengths, unaryFunctions } from '../../native/descriptions/index.mjs';
import { banner, camel, parametersOf, write } from './text.mjs';

const arrayType = ({ type, optional }) => elements[type].arrays.join(' | ') + (optional ? ' | null' : '');
const lower = (name) => name[0].toLowerCase() + name.slice(1);

// `in` is a word of TypeScript.
const variable = (name) => camel(name).replace(/^in$/, 'in_');

/** A formula in TypeScript; `of` maps each name to an expression. */
export const formulaText = (formula, of) => formula.replace(/\b[a-z]\w*\b(?!\()(?<!\.\w+)/g, (name) => of(name));

// --- kernels.generated.ts ------------------------------------------------------------------------

const wireType = (p) => (p.kind === 'array' ? arrayType(p) : p.kind === 'layout' ? 'Int32Array' : 'number');
const signature = (k) =>
  `  ${camel(k.name)}(${parametersOf(k)
    .map((p) => `${variable(p.name)}: ${wireType(p)}`)
    .join(', ')}): void;`;

function argumentOf(p) {
  const argument = { name: camel(p.name), kind: p.kind === 'array' ? p.role : p.kind };
  if (p.live) argument.live = true;
  if (p.internal) argument.unset = p.fallback;
  if (p.kind === 'choice') argument.values = enumerations[p.enumeration].values.map(camel);
  if (p.kind === 'flags') argument.flags = p.flags.map(({ name }) => camel(name));
  return argument;
}

const enumerationTexts = Object.entries(enumerations).map(([name, { values, doc }]) => {
  const names = values.map((value) => `'${camel(value)}'`);
  return `/** ${doc} In the order of their numbers. */
export const ${lower(name)}Values = [${names.join(', ')}] as const;
/** ${doc} */
export type ${name} = ${names.join(' | ')};`;
});

const lengthTexts = Object.entries(lengths).map(([name, { parameters, formula }]) => {
  const list = parameters.map((p) => `${variable(p)}: number`).join(', ');
  return `/** \`${formula}\`, as in native/generated/kernels.h. */
export const ${name} = (${list}): number => ${formulaText(formula, variable)};`;
});

const flopsTexts = kernels
  .filter(({ flops }) => flops !== null)
  .map(({ name, flops }) => {
    const given = flops.replace(/given\((\w+)\)/g, (_, array) => `given(a.${camel(array)})`);
    const text = given.replace(/(?<![\w.])(?!given\b|a\b|Math\b)[a-z]\w*\b/g, (size) => `Number(a.${camel(size)})`);
    return `  ${camel(name)}: (a) => ${text},`;
  });

const tableText = `${banner}
/** The addon's kernel functions. What is optional may be null, a choice is a number, and the flags of a call are the bits of one number. */
export interface KernelTable {
${kernels.map(signature).join('\n')}
}

/** The names of all kernels. */
export const kernelNames: readonly (keyof KernelTable)[] = ${JSON.stringify(kernels.map(({ name }) => camel(name)))};

/** The kind of a kernel's argument: an array that is completely overwritten, written and read, or read; a size, a layout, a number, one of several names, flags. */
export type ArgumentKind = 'out' | 'inout' | 'in' | 'size' | 'layout' | 'real' | 'integer' | 'counter' | 'choice' | 'flags';

export interface KernelArgument {
  readonly name: string;
  readonly kind: ArgumentKind;
  /** Whether its value may differ between replays of a plan. */
  readonly live?: boolean;
  /** For an argument that only the library's own calls give: its value in other calls. */
  readonly unset?: number | string;
  /** For a choice its names in the order of their numbers; for flags their names in the order of their bits. */
  readonly values?: readonly string[];
  readonly flags?: readonly string[];
}

/** The arguments of each kernel, in the order of its call. */
export const kernelArguments: Readonly<Record<keyof KernelTable, readonly KernelArgument[]>> = ${JSON.stringify(
  Object.fromEntries(kernels.map((k) => [camel(k.name), parametersOf(k).map(argumentOf)])),
)};

${enumerationTexts.join('\n\n')}

/** Whether the derivative of a function is computed from its argument or from its result. */
export const derivativeReads = {
${Object.entries(unaryFunctions)
  .map(([name, { derivative }]) => `  ${camel(name)}: '${derivative}',`)
  .join('\n')}
} as const;

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;
${lengthTexts.join('\n')}

const given = (array: unknown): number => (array === null || array === undefined ? 0 : 1);

/** The multiplications and additions of each kernel that multiplies matrices, as a function of its arguments. A product that is not wanted has no array. */
export const flopsOf: { readonly [name in keyof KernelTable]?: (a: Readonly<Record<string, unknown>>) => number } = {
${flopsTexts.join('\n')}
};
`;

// --- calls.generated.ts --------------------------------------------------------------------------

function fieldType(p) {
  if (p.kind === 'choice') return p.enumeration;
  if (p.kind === 'flag') return 'boolean';
  return wireType(p);
}

const isOptional = (p) => p.optional || p.fallback !== undefined;

function argumentText(p) {
  if (p.kind === 'flags') return p.flags.map(({ name }, i) => `(c.${camel(name)} ? ${1 << i} : 0)`).join(' | ');
  const given = `c.${camel(p.name)}`;
  const orFallback = (text) => (p.fallback === undefined ? given : `${given} === undefined ? ${text} : ${given}`); // null is refused
  if (p.kind === 'choice') return `number${p.enumeration}[${orFallback(`'${p.fallback}'`)}]`;
  return p.optional ? `${given} ?? null` : orFallback(String(p.fallback));
}

function callText(k) {
  const wire = parametersOf(k);
  const fields = [...wire.filter(({ kind }) => kind !== 'flags'), ...k.attributes.filter(({ kind }) => kind === 'flag')];
  const type = fields.map((p) => `${camel(p.name)}${isOptional(p) ? '?' : ''}: ${fieldType(p)}`).join('; ');
  return `export const ${camel(k.name)} = (c: { ${type} }): void =>
  kernels.${camel(k.name)}(${wire.map(argumentText).join(', ')});`;
}

const numbers = Object.entries(enumerations).map(
  ([name, { values }]) => `const number${name} = { ${values.map((value, i) => `${camel(value)}: ${i}`).join(', ')} } as const;`,
);
const callsText = `${banner}import type { ${Object.keys(enumerations).sort().join(', ')} } from './kernels.generated';
import { kernels } from './native';

${numbers.join('\n')}

${kernels.map(callText).join('\n')}
`;

export function writeTypeScript() {
  write('src/kernels.generated.ts', tableText);
  write('src/calls.generated.ts', callsText);
}
