// A plan as a table that a person can read.
import type { KernelTable } from '../kernels.generated';
import type { FusedCall } from './fusion';
import { isArray } from './listener';

/** One call of a plan, for people. */
export interface Row {
  kernel: string;
  /** The lengths of its arrays and where they lie. */
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

const product = (...sizes: unknown[]): number => 2 * sizes.reduce<number>((n, size) => n * (size as number), 1);

// Of the kernels that multiply matrices; the arguments as in kernels.def.
const flopsOf: { [name in keyof KernelTable]?: (args: readonly unknown[]) => number } = {
  linearForward: (args) => product(args[4], args[5], args[6]),
  linearForwardColumns: (args) => product(args[6], args[7], args[8]),
  linearBackward: (args) =>
    product(args[0] === null ? 0 : 1, args[6], args[7], args[8]) + product(args[1] === null ? 0 : 1, args[6], args[7], args[8]),
  linearBackwardColumns: (args) =>
    product(args[0] === null && args[1] === null ? 0 : 1, args[9], args[10], args[11]) +
    product(args[2] === null ? 0 : 1, args[9], args[10], args[11]),
  matmul: (args) => product(args[3], args[4], args[5]),
};

/** Names memory as `known` does, and what lasts own0, own1, ... in the order in which it is met: so a layer that is used twice is seen to be one. */
export function namesOf(known: ReadonlyMap<unknown, string>): (array: unknown) => string {
  const lasting = new Map<unknown, string>();
  return (array) => {
    const name = known.get(array) ?? lasting.get(array) ?? `own${lasting.size}`;
    if (!known.has(array)) lasting.set(array, name);
    return name;
  };
}

/** The row of a call; `place` names the memory of an array. */
export function rowOf({ call: [name, ...args], from }: FusedCall, names: readonly string[], place: (array: unknown) => string): Row {
  const arrays = args.filter(isArray);
  return {
    kernel: name,
    buffers: args.flatMap((arg) => (arg === null ? ['-'] : isArray(arg) ? [`${place(arg)}[${arg.length}]`] : [])).join(' '),
    numbers: args.filter((arg) => typeof arg === 'number').join(' '),
    fused:
      from.length > 1
        ? `+ ${from
            .slice(1)
            .map((i) => names[i])
            .join(', ')}`
        : '',
    bytes: [...new Set(arrays)].reduce((sum, array) => sum + array.byteLength, 0),
    flops: flopsOf[name]?.(args) ?? 0,
  };
}

/** The rows with their headings, in aligned columns, and with more columns behind them: a heading and a text for each row. */
export function tableText(rows: readonly Row[], more: readonly (readonly string[])[] = []): string {
  const cells = rows.map((row, i) => [
    String(i),
    row.kernel,
    row.buffers,
    row.numbers,
    row.fused,
    String(row.bytes),
    row.flops === 0 ? '' : String(row.flops),
    ...more.map((column) => column[i + 1]!),
  ]);
  const all = [['', 'kernel', 'buffers', 'numbers', 'fused', 'bytes', 'flops', ...more.map(([heading]) => heading!)], ...cells];
  const widths = all[0]!.map((_, c) => Math.max(...all.map((line) => line[c]!.length)));
  const isNumber = (c: number): boolean => c === 0 || c >= 5;
  return all
    .map((line) =>
      line
        .map((text, c) => (isNumber(c) ? text.padStart(widths[c]!) : text.padEnd(widths[c]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
