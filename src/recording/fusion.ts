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

/**
 * A layer and the activation behind it become one call, and so do the gradient of a layer and that of the activation before it, when nothing
 * else reads what lies between them. What `isTemporary` denies stays.
 */
export function fuse(calls: readonly Call[], isTemporary: (array: TensorData) => boolean): FusedCall[] {
  const uses = countUses(calls);
  // Only the two neighbours use it, whole, so it need not be written at all.
  const between: Between = (array, n) => isArray(array) && array.length === n && uses.get(array) === 2 && isTemporary(array);
  const fused: FusedCall[] = [];
  for (let i = 0; i < calls.length; i++) {
    const call = calls[i]!;
    const next = calls[i + 1];
    const joined = next && (withActivation(call, next, between) ?? withDerivative(call, next, between));
    if (joined) fused.push({ call: joined, from: [i, ++i] });
    else fused.push({ call, from: [i] });
  }
  return fused;
}
