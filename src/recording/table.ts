// A plan as a table that a person can read.
import { type KernelTable, kernelArguments } from '../kernels.generated';
import { type Base, isValue, type TracedCall, type Value } from './calls';
import type { Source } from './sources';

/** One call of a plan, for people. */
export interface Row extends Source {
  /** The shapes of its arrays and where they lie. */
  buffers: string;
  /** Its numbers, in their order. */
  numbers: string;
  /** The kernels whose work it does as well. */
  fused: string;
  /** Bytes of all its arrays, each counted once. */
  bytes: number;
  /** Multiplications and additions of a matrix product; 0 for other kernels. */
  flops: number;
}

type Sizes = Readonly<Record<string, number>>;

// Of the kernels that multiply matrices; a product that is not wanted has no array.
const linearBackward = (call: TracedCall, { rows, in_, out }: Sizes): number =>
  2 * rows! * in_! * out! * ((call.args.dx ?? call.args.dxColumns ?? null) === null ? 0 : 1) +
  2 * rows! * in_! * out! * (call.args.dweight === null ? 0 : 1);
const flopsOf: { [name in keyof KernelTable]?: (call: TracedCall, sizes: Sizes) => number } = {
  linearForward: (_, { rows, in_, out }) => 2 * rows! * in_! * out!,
  linearForwardColumns: (_, { rows, in_, out }) => 2 * rows! * in_! * out!,
  linearForwardPacked: (_, { rows, in_, out }) => 2 * rows! * in_! * out!,
  linearBackward,
  linearBackwardColumns: linearBackward,
  matmul: (_, { m, n, k }) => 2 * m! * n! * k!,
};

/**
 * Names memory: `t0`, `in0`, `out0`, and what lasts by its role and where it begins, `parameter0`, in the order in which it is met, so that a layer
 * which is used twice is seen to be one.
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
    const at = base.lasts ? begin : 0;
    return names.get(base)?.get(at) ?? name(base, at, base.role);
  };
}

/** The row of a call; `sources` are those of the recorded calls, of which it stands for some; `place` names the memory of an array. */
export function rowOf(call: TracedCall, sources: readonly Source[], place: (value: Value) => string): Row {
  const { kernel, from } = call;
  const args = kernelArguments[kernel].map(({ name }) => call.args[name]!);
  const fused = from.slice(1).map((i) => sources[i]!.kernel);
  const { operation, module } = sources[from[0]!] ?? { operation: '', module: '' };
  return {
    kernel,
    operation,
    module,
    buffers: args.flatMap((arg) => (arg === null ? ['-'] : isValue(arg) ? [`${place(arg)}[${arg.shape}]`] : [])).join(' '),
    numbers: args.filter((arg) => typeof arg === 'number').join(' '),
    fused: fused.length > 0 ? `+ ${fused.join(', ')}` : '',
    bytes: [...new Set(args.filter(isValue).map(({ array }) => array))].reduce((sum, array) => sum + array.byteLength, 0),
    flops: flopsOf[kernel]?.(call, call.args as unknown as Sizes) ?? 0,
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
