// Small layers keep the batch along the lanes: they hand on their results, and their gradients, as columns of the batch.
import { overlap, type TensorData } from '../memory';
import { type FusedCall, usesIn } from './fusion';
import { type Call, isArray } from './listener';

// By `kernels_bench 1 columns backward_columns` on AVX-512 and AVX2 columns take 1 to 0.5 of the time within these bounds, gradients 1.06 to 0.69;
// with fewer rows the vectors are half empty, with more the weights need not be repacked often.
const leastRows = 16;
const mostRows = 64;
const mostWeights = 4096;

const padded = (n: number): number => Math.ceil(n / 16) * 16; // as in native/kernels/table.h

// Where the arguments stand in a call; 0, where the kernel's name is: there is none.
const forwardArgs = { result: 1, x: 2, dy: 0, rows: 5 };
const backwardArgs = { result: 1, x: 5, dy: 4, rows: 7, accumulate: 10, activation: 11 };

function layerOf(call: Call): { rows: number; in_: number; out: number } {
  const at = call[0] === 'linearForward' ? forwardArgs.rows : backwardArgs.rows;
  const [rows, in_, out] = call.slice(at, at + 3) as [number, number, number];
  return { rows, in_, out };
}

/** The columns of a layer's result: y's, or dx's. */
const widthOf = (call: Call): number => (call[0] === 'linearForward' ? layerOf(call).out : layerOf(call).in_);

// Of one column the sums are in another order, which the columns' kernels only follow.
function isSmall(call: Call): boolean {
  const { rows, in_, out } = layerOf(call);
  return in_ > 1 && out > 1 && rows >= leastRows && rows <= mostRows && in_ * out <= mostWeights;
}

const isSmallForward = (call: Call): boolean => call[0] === 'linearForward' && isSmall(call);

// Whose dx is written, not added to, and in rows would leave lanes empty.
const isSmallBackward = (call: Call): boolean =>
  call[0] === 'linearBackward' && isSmall(call) && widthOf(call) % 16 !== 0 && ((call[backwardArgs.accumulate] as number) & 1) === 0;

const derives = (call: Call): boolean => call[backwardArgs.result] !== null && call[backwardArgs.activation] !== 0;

/** From a small layer to the one that hands on to it. */
interface Chains {
  /** For a layer: the one whose result is its x. */
  x: Map<Call, Call>;
  /** For the gradient of a layer: the one whose dx is its dy. */
  dy: Map<Call, Call>;
  /** For the gradient of a layer: the layer, not the gradient, whose result is its x. */
  values: Map<Call, Call>;
}

// An array is handed on in the shape in which it was made, as long as only small layers read it.
function chainsOf(calls: readonly FusedCall[]): Chains {
  const chains: Chains = { x: new Map(), dy: new Map(), values: new Map() };
  const makers = new Map<TensorData, Call>();
  for (const { call } of calls) {
    const args = isSmallForward(call) ? forwardArgs : isSmallBackward(call) ? backwardArgs : null;
    // Not a layer whose weight is its x, or a part of it: it would read the rows as well.
    const alone = (at: number): boolean =>
      at > 0 && call.every((arg, i) => i === at || !isArray(arg) || !overlap(arg, call[at] as TensorData));
    const reads = args === null ? [] : [args.x, args.dy].filter(alone);
    if (args !== null) {
      const { in_, out } = layerOf(call);
      const join = (chain: Map<Call, Call>, at: number, kind: Call[0], width: number): void => {
        const maker = reads.includes(at) ? makers.get(call[at] as TensorData) : undefined;
        if (maker?.[0] === kind && widthOf(maker) === width) chain.set(call, maker); // and so of as many rows
      };
      join(args === forwardArgs ? chains.x : chains.values, args.x, 'linearForward', in_);
      join(chains.dy, args.dy, 'linearBackward', out);
    }
    const others = call.filter((arg, at): arg is TensorData => isArray(arg) && !reads.includes(at));
    for (const made of makers.keys()) if (others.some((array) => overlap(array, made))) makers.delete(made);
    const result = args === null ? null : call[args.result];
    if (isArray(result)) makers.set(result, call);
  }
  return chains;
}

/** Lets small layers hand on columns, and nothing else where nobody reads the rows. The arrays that it takes are added to `temporaries`. */
export function withColumns(calls: readonly FusedCall[], temporaries: Set<TensorData>): FusedCall[] {
  const chains = chainsOf(calls);
  const columns = new Map<Call | undefined, TensorData>();
  const columnsOf = (call: Call | undefined): TensorData | null => columns.get(call) ?? null;
  const handOn = (maker: Call): void => {
    if (columns.has(maker)) return;
    const array = new Float32Array(padded(widthOf(maker)) * padded(layerOf(maker).rows));
    columns.set(maker, array);
    temporaries.add(array);
  };
  for (const maker of chains.x.values()) handOn(maker);
  // A derivative reads values as columns where they are handed on as such anyway.
  const valuesOf = (call: Call): TensorData | null => columnsOf(chains.values.get(call));
  const fits = (call: Call): boolean => !derives(call) || valuesOf(call) !== null;
  for (const [call, maker] of chains.dy) {
    if (fits(call) && fits(maker)) handOn(maker);
    else chains.dy.delete(call);
  }
  const givers = new Set(chains.dy.values());

  const uses = usesIn(calls.map(({ call }) => call));
  const takers = new Map<unknown, number>();
  for (const [, rows] of [...chains.x.values(), ...chains.dy.values()]) takers.set(rows, (takers.get(rows) ?? 0) + 1);
  const isUnread = (rows: unknown): boolean => temporaries.has(rows as TensorData) && uses(rows) === 1 + takers.get(rows)!;
  // Rows that nobody reads are not written, and for the reader their columns stand in.
  const written = (rows: unknown, byColumns: TensorData | null): unknown => (byColumns !== null && isUnread(rows) ? null : rows);
  const read = (rows: unknown, byColumns: TensorData | null): unknown => (byColumns !== null && isUnread(rows) ? byColumns : rows);

  return calls.map(({ call, from }) => {
    if (isSmallForward(call)) {
      const [, y, x, ...rest] = call;
      const [yColumns, xColumns] = [columnsOf(call), columnsOf(chains.x.get(call))];
      return { call: ['linearForwardColumns', written(y, yColumns), yColumns, read(x, xColumns), xColumns, ...rest], from };
    }
    if (chains.dy.has(call) || givers.has(call)) {
      const [, dx, dweight, dbias, dy, x, ...rest] = call;
      const [dxColumns, dyColumns] = [columnsOf(call), columnsOf(chains.dy.get(call))];
      const gradients = [written(dx, dxColumns), dxColumns, dweight, dbias];
      const values = derives(call) ? valuesOf(call) : null;
      return { call: ['linearBackwardColumns', ...gradients, read(dy, dyColumns), dyColumns, x, values, ...rest], from };
    }
    return { call, from };
  });
}
