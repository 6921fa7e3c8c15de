// Joins neighbouring kernel calls where one kernel does the work of both with the same bits.
import { type KernelTable, unaryNames } from '../kernels.generated';
import type { TensorData } from '../memory';
import { type Call, isArray } from './listener';

/** A call of the plan and the recorded calls that it does the work of. */
export interface FusedCall {
  call: Call;
  from: number[];
}

type Between = (array: unknown, length: unknown) => boolean;

// How often each array is an argument of any call.
function countUses(calls: readonly Call[]): Map<unknown, number> {
  const uses = new Map<unknown, number>();
  for (const call of calls) for (const arg of new Set(call.filter(isArray))) uses.set(arg, (uses.get(arg) ?? 0) + 1);
  return uses;
}

// The number of the function whose forward or backward kernel this is, as the products' `activation`; 0: none.
const unaryNumber = (name: keyof KernelTable, suffix: 'Forward' | 'Backward'): number =>
  name.endsWith(suffix) ? unaryNames.indexOf(name.slice(0, -suffix.length) as (typeof unaryNames)[number]) + 1 : 0;

// The activation of a layer, (y, x, n, a, b), when nothing else reads what lies between them.
function withActivation(linear: Call, next: Call, between: Between): Call | null {
  const activation = unaryNumber(next[0], 'Forward');
  const [y, x, n, a, b] = next.slice(1);
  if (linear[0] !== 'linearForward' || linear[8] !== 0 || activation === 0 || x !== linear[1] || !between(x, n)) return null;
  return ['linearForward', y, ...linear.slice(2, 8), activation, a, b];
}

// The derivative, (dx, dy, x, y, n, a, b), of the activation whose value was a layer's x, when nothing else reads the layer's dx.
function withDerivative(linear: Call, next: Call, between: Between): Call | null {
  const activation = unaryNumber(next[0], 'Backward');
  const [dx, dy, x, y, n, a, b] = next.slice(1);
  if (linear[0] !== 'linearBackward' || linear[11] !== 0 || activation === 0 || dy !== linear[1] || !between(dy, n)) return null;
  if (x !== linear[5] || y !== linear[5]) return null;
  return ['linearBackward', dx, ...linear.slice(2, 11), activation, a, b];
}

// Small layers keep the batch along the lanes. By `kernels_bench 1 columns` on AVX-512 and AVX2 that is 1.01 to 2 times faster within
// these bounds; with fewer rows the vectors are half empty, with more the weights need not be repacked often.
const leastRows = 16;
const mostRows = 64;
const mostWeights = 4096;

const isSmallLayer = ([name, , , , , rows, in_, out]: Call): boolean =>
  name === 'linearForward' &&
  (rows as number) >= leastRows &&
  (rows as number) <= mostRows &&
  (in_ as number) * (out as number) <= mostWeights;

const padded = (n: number): number => Math.ceil(n / 16) * 16; // as in native/kernels/table.h

// For each small layer whose x is the result of an earlier one, in the same shape and not touched by other calls in between: that one.
function chainsOf(calls: readonly FusedCall[]): Map<Call, Call> {
  const chains = new Map<Call, Call>();
  const made = new Map<unknown, Call>();
  for (const { call } of calls) {
    const [, y, x, , , rows, in_] = call;
    const earlier = call.indexOf(x) === call.lastIndexOf(x) ? made.get(x) : undefined; // not a layer whose weight is its x
    const small = isSmallLayer(call);
    if (small && earlier !== undefined && earlier[5] === rows && earlier[7] === in_) chains.set(call, earlier);
    for (const arg of call) if (!small || arg !== x) made.delete(arg);
    if (small) made.set(y, call);
  }
  return chains;
}

// Small layers take their x as columns of the batch from the layer before, which gives its result that way as well; or only that way, where
// nothing else reads it.
function withColumns(calls: readonly FusedCall[], temporaries: Set<TensorData>): FusedCall[] {
  const chains = chainsOf(calls);
  const columns = new Map<unknown, TensorData>();
  for (const earlier of chains.values()) {
    if (columns.has(earlier)) continue;
    const array = new Float32Array(padded(earlier[7] as number) * padded(earlier[5] as number));
    columns.set(earlier, array);
    temporaries.add(array);
  }
  const uses = countUses(calls.map(({ call }) => call));
  for (const earlier of chains.values()) uses.set(earlier[1], uses.get(earlier[1])! - 1);
  const isUnread = (y: unknown): boolean => uses.get(y) === 1 && temporaries.has(y as TensorData);
  return calls.map(({ call, from }) => {
    if (!isSmallLayer(call)) return { call, from };
    const [, y, x, ...rest] = call;
    const xColumns = columns.get(chains.get(call)) ?? null;
    const yColumns = columns.get(call) ?? null;
    const rows = yColumns !== null && isUnread(y) ? null : y;
    return { call: ['linearForwardColumns', rows, yColumns, xColumns !== null && isUnread(x) ? xColumns : x, xColumns, ...rest], from };
  });
}

/**
 * A layer and the activation behind it become one call, and so do the gradient of a layer and that of the activation before it, when nothing
 * else reads what lies between them. Small layers hand on their results as columns of the batch. What is not among `temporaries` stays;
 * those that fusing makes are added.
 */
export function fuse(calls: readonly Call[], temporaries: Set<TensorData>): FusedCall[] {
  const uses = countUses(calls);
  // Only the two neighbours use it, whole, so it need not be written at all.
  const between: Between = (array, n) => isArray(array) && array.length === n && uses.get(array) === 2 && temporaries.has(array);
  const fused: FusedCall[] = [];
  for (let i = 0; i < calls.length; i++) {
    const call = calls[i]!;
    const next = calls[i + 1];
    const joined = next && (withActivation(call, next, between) ?? withDerivative(call, next, between));
    if (joined) fused.push({ call: joined, from: [i, ++i] });
    else fused.push({ call, from: [i] });
  }
  return withColumns(fused, temporaries);
}
