// Calls of the public kernels, generated from their descriptions. Their results are checked by the examples in the kernels' comments.
import { kernels, lengths } from '../../native/descriptions/index.mjs';
import { type Argument, type Call, extending, f, ints, number, object, optional, other, setting, size } from './call';

interface Parameter {
  kind: string;
  name: string;
  as?: string;
  role?: string;
  type?: string;
  length?: string;
  optional?: boolean;
  fallback?: number | string | boolean;
  internal?: boolean;
}
interface Description {
  name: string;
  doc?: string;
  operands: Parameter[];
  sizes: (string | Parameter)[];
  attributes: Parameter[];
  results: string[] | null;
  options: string[] | null;
  derived: Record<string, string>;
}

const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const variable = (name: string): string => (name === 'in' ? 'in_' : name);
const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;
const reduced = (n: number, reduction: string): number => (reduction === 'none' ? n : 1);
const formula = (text: string, names: string[]) =>
  new Function(
    ...names.map(variable),
    'functions',
    `const { roundUp, reduced, padded, packed } = functions; return ${text.replace(/\bin\b/g, 'in_')};`,
  );
const functions: Record<string, unknown> = { roundUp, reduced };
for (const [name, { parameters, formula: text }] of Object.entries(lengths as Record<string, { parameters: string[]; formula: string }>)) {
  functions[name] = (...sizes: number[]) => formula(text, parameters)(...sizes, functions);
}

const numbersOf = (n: number): number[] => Array.from({ length: n }, (_, i) => 0.5 + ((i * 5) % 7) / 4);

function argumentOf(p: Parameter, length: (text: string) => number): Argument {
  if (p.kind === 'array') {
    const values = numbersOf(length(p.length!));
    const array = p.type === 'int32' ? ints(...values.map(() => 1)) : f(...values);
    return p.optional ? optional(array) : array;
  }
  if (p.kind === 'choice' || p.kind === 'flag') return other(p.fallback);
  const value = typeof p.fallback === 'number' ? p.fallback : 1;
  return p.fallback === undefined ? number(value) : setting(value);
}

// Kernels that refuse such numbers; their calls are in calls.ts.
const particular = ['cholesky', 'qr'];

/** A call of a kernel from its description, with sizes of at least 2; null if a layout or a computed size restricts it further. */
function callOf(k: Description): Call | null {
  if (
    k.doc === undefined ||
    particular.includes(k.name) ||
    k.sizes.some((s) => typeof s !== 'string') ||
    Object.values(k.derived).some((by) => by.endsWith('index.length'))
  )
    return null;
  const sizes = Object.fromEntries((k.sizes as string[]).map((name, i) => [name, 2 + i]));
  const fallbacks = Object.fromEntries(k.attributes.map((a) => [a.name, a.fallback]));
  const values = { ...sizes, ...fallbacks };
  const length = (text: string): number => formula(text, Object.keys(values))(...Object.values(values), functions);
  const all = [...k.operands, ...k.attributes];
  const fields = (names: string[]): Argument =>
    object(
      Object.fromEntries(
        names.flatMap((name) => {
          const p = all.find((q) => q.name === name);
          return p === undefined ? [] : [[p.as ?? camel(p.name), argumentOf(p, length)]]; // a name that sets several flags is omitted
        }),
      ),
    );
  const counted = Object.values(k.derived);
  const [results, options] = [k.results?.slice(2) ?? [], k.options?.slice(2) ?? []];
  const plain = (p: Parameter): boolean => !p.internal && p.kind !== 'flag' && !results.includes(p.name) && !options.includes(p.name);
  return {
    name: camel(k.name) as Call['name'],
    args: [
      ...(k.results ? [fields(results)] : []),
      ...k.operands
        .filter(plain)
        .map((p) => (counted.includes(`${p.name}.length`) ? extending(argumentOf(p, length)) : argumentOf(p, length))),
      ...(k.sizes as string[]).filter((name) => !(name in k.derived)).map((name) => size(sizes[name]!)),
      ...k.attributes.filter(plain).map((p) => argumentOf(p, length)),
      ...(k.options ? [fields(options)] : []),
    ],
    gives: {},
  };
}

export const describedCalls = (kernels as unknown as Description[]).map(callOf).filter((call): call is Call => call !== null);
