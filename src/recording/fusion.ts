// Joins neighbouring kernel calls where one kernel does the work of both with the same bits.
import { type KernelTable, unaryNames } from '../kernels.generated';
import { overlap, type TensorData } from '../memory';
import { type Call, isArray } from './listener';

/** A call of the plan and the recorded calls that it does the work of. */
export interface FusedCall {
  call: Call;
  from: number[];
}

type Between = (array: unknown, length: unknown) => boolean;

/** How many of the calls use an array's memory or a part of it. */
export function usesIn(calls: readonly Call[]): (array: unknown) => number {
  const users = new Map<ArrayBufferLike, { array: TensorData; call: number }[]>();
  calls.forEach((args, call) => {
    for (const array of args.filter(isArray)) {
      if (!users.has(array.buffer)) users.set(array.buffer, []);
      users.get(array.buffer)!.push({ array, call });
    }
  });
  return (array) => {
    if (!isArray(array)) return 0;
    return new Set(
      users
        .get(array.buffer)
        ?.filter((user) => overlap(user.array, array))
        .map(({ call }) => call),
    ).size;
  };
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
 * else reads what lies between them. What is not among `temporaries` stays.
 */
export function fuse(calls: readonly Call[], temporaries: ReadonlySet<TensorData>): FusedCall[] {
  const uses = usesIn(calls);
  // Only the two neighbours use it, whole, so it need not be written at all.
  const between: Between = (array, n) => isArray(array) && array.length === n && temporaries.has(array) && uses(array) === 2;
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
