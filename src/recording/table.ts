// The calls of a plan as a table in plain text.
import { flopsOf, kernelArguments } from '../kernels.generated';
import { type Base, isValue, namesIn, type TracedCall, type Value } from './calls';
import type { Source } from './sources';

/** One call of a plan, as a row of the table. */
export interface Row extends Source {
  /** The shapes and the memory of its arrays. */
  buffers: string;
  /** Its numbers, in the order of its arguments. */
  numbers: string;
  /** The kernels that were fused into it. */
  fused: string;
  /** The bytes of all its arrays, each array counted once. */
  bytes: number;
  /** Multiplications and additions of a matrix product; 0 for other kernels. */
  flops: number;
}

/**
 * Returns a function that names memory: temporaries `t0`, inputs `in0`, results `out0`, and persistent memory by its role, `parameter0`. Numbers are
 * given in the order of first use, and the same memory has the same name, so that a layer which is used twice can be recognized.
 */
export function namesOf(temporaries: readonly Base[], inputs: readonly Base[]): (value: Value) => string {
  const counts = new Map<string, number>();
  const names = new Map<Base, Map<number, string>>();
  const name = (base: Base, begin: number, prefix: string): string => {
    const count = counts.get(prefix) ?? 0;
    counts.set(prefix, count + 1);
    if (!names.has(base)) names.set(base, new Map());
    names.get(base)!.set(begin, `${prefix}${count}`);
    return `${prefix}${count}`;
  };
  for (const base of temporaries) name(base, 0, 't');
  for (const base of inputs) name(base, 0, base.role === 'argument' ? 'in' : 'out');
  return ({ base, begin }) => {
    const at = base.isPersistent ? begin : 0;
    return names.get(base)?.get(at) ?? name(base, at, base.role);
  };
}

// The numbers and enumerators of a call that differ from their defaults, in the order of its arguments, and the names of the flags that are set.
const numbersOf = ({ kernel, args }: TracedCall): string =>
  kernelArguments[kernel]
    .flatMap((argument) => {
      if (argument.kind === 'flags') return namesIn(argument).filter((flag) => args[flag]);
      const value = args[argument.name];
      return (typeof value === 'number' || typeof value === 'string') && value !== argument.unset ? [value] : [];
    })
    .join(' ');

/** The row of a call. `sources` are those of all recorded calls; `place` names the memory of an array. */
export function rowOf(call: TracedCall, sources: readonly Source[], place: (value: Value) => string): Row {
  const { kernel, from } = call;
  const args = kernelArguments[kernel].flatMap((argument) => namesIn(argument).map((name) => call.args[name]!));
  const fused = from.slice(1).map((i) => sources[i]!.kernel);
  const { operation, module } = sources[from[0]!] ?? { operation: '', module: '' };
  return {
    kernel,
    operation,
    module,
    buffers: args.flatMap((arg) => (arg === null ? ['-'] : isValue(arg) ? [`${place(arg)}[${arg.shape}]`] : [])).join(' '),
    numbers: numbersOf(call),
    fused: fused.length > 0 ? `+ ${fused.join(', ')}` : '',
    bytes: [...new Set(args.filter(isValue).map(({ array }) => array))].reduce((sum, array) => sum + array.byteLength, 0),
    flops: flopsOf[kernel]?.(call.args) ?? 0,
  };
}

/** The rows with their headings, in aligned columns, and with more columns behind them: a heading and a text for each row. */
export function tableText(rows: readonly Row[], more: readonly (readonly string[])[] = []): string {
  const cells = rows.map((row, i) => [
    String(i),
    row.kernel,
    row.module,
    row.buffers,
    row.numbers,
    row.fused,
    String(row.bytes),
    row.flops === 0 ? '' : String(row.flops),
    ...more.map((column) => column[i + 1]!),
  ]);
  const all = [['', 'kernel', 'module', 'buffers', 'numbers', 'fused', 'bytes', 'flops', ...more.map(([heading]) => heading!)], ...cells];
  const widths = all[0]!.map((_, c) => Math.max(...all.map((line) => line[c]!.length)));
  const isNumber = (c: number): boolean => c === 0 || c >= 6;
  return all
    .map((line) =>
      line
        .map((text, c) => (isNumber(c) ? text.padStart(widths[c]!) : text.padEnd(widths[c]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
