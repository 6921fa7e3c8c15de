// Joins neighbouring kernel calls where one kernel does the work of both with the same bits.
import { type KernelTable, unaryNames } from '../kernels.generated';
import type { TensorData } from '../memory';
import { type Call, isArray } from './listener';

/** A call of the plan and the recorded calls that it does the work of. */
export interface FusedCall {
  call: Call;
  from: number[];
}

// How often each array is an argument of any call.
function countUses(calls: readonly Call[]): Map<unknown, number> {
  const uses = new Map<unknown, number>();
  for (const call of calls) for (const arg of new Set(call.filter(isArray))) uses.set(arg, (uses.get(arg) ?? 0) + 1);
  return uses;
}

// The number of the function whose forward or backward kernel this is, as the products' `activation`; 0: none.
const unaryNumber = (name: keyof KernelTable, suffix: 'Forward' | 'Backward'): number =>
  name.endsWith(suffix) ? unaryNames.indexOf(name.slice(0, -suffix.length) as (typeof unaryNames)[number]) + 1 : 0;

// linearForward's y, activation, a and b; and the arguments of a unary kernel: (y, x, n, a, b).
function withActivation(linear: Call, next: Call): Call {
  const [y, , , a, b] = next.slice(1);
  return ['linearForward', y, ...linear.slice(2, 8), unaryNumber(next[0], 'Forward'), a, b];
}

/**
 * A layer and the activation behind it become one call, when nothing else reads what lies between them. What `isTemporary` denies stays.

 */
export function fuse(calls: readonly Call[], isTemporary: (array: TensorData) => boolean): FusedCall[] {
  const uses = countUses(calls);
  // Only the two neighbours use it, so it need not be written at all.
  const between = (array: unknown): boolean => isArray(array) && uses.get(array) === 2 && isTemporary(array);
  const fused: FusedCall[] = [];
  for (let i = 0; i < calls.length; i++) {
    const call = calls[i]!;
    const next = calls[i + 1];
    const joins =
      next !== undefined &&
      call[0] === 'linearForward' &&
      call[8] === 0 &&
      unaryNumber(next[0], 'Forward') > 0 &&
      next[2] === call[1] &&
      between(call[1]) &&
      (call[1] as TensorData).length === next[3];
    if (joins) {
      fused.push({ call: withActivation(call, next), from: [i, i + 1] });
      i++;
    } else {
      fused.push({ call, from: [i] });
    }
  }
  return fused;
}
