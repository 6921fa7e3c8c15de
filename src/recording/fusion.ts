// Joins neighbouring kernel calls where one kernel does the work of both with the same bits.
import { type KernelTable, unaryNames } from '../kernels.generated';
import { type Argument, isTemporary, same, type TracedCall, usesIn } from './calls';

/** Whether a value of so many elements is used by two neighbouring calls and by nothing else, so that it need not be written at all. */
type Between = (value: Argument | undefined, length: Argument | undefined) => boolean;

// The number of the function whose forward or backward kernel this is, as the products' `activation`; 0: none.
const unaryNumber = (name: keyof KernelTable, suffix: 'Forward' | 'Backward'): number =>
  name.endsWith(suffix) ? unaryNames.indexOf(name.slice(0, -suffix.length) as (typeof unaryNames)[number]) + 1 : 0;

// The activation of a layer, when nothing else reads what lies between them.
function withActivation({ kernel, args, from }: TracedCall, next: TracedCall, between: Between): TracedCall | null {
  const activation = unaryNumber(next.kernel, 'Forward');
  const { y, x, n, a, b } = next.args;
  if (kernel !== 'linearForward' || args.activation !== 0 || activation === 0 || !same(x, args.y) || !between(x, n)) return null;
  return { kernel, args: { ...args, y: y!, activation, a: a!, b: b! }, from: [...from, ...next.from] };
}

// The derivative of the activation whose value was a layer's x, when nothing else reads the layer's dx.
function withDerivative({ kernel, args, from }: TracedCall, next: TracedCall, between: Between): TracedCall | null {
  const activation = unaryNumber(next.kernel, 'Backward');
  const { dx, dy, x, y, n, a, b } = next.args;
  if (kernel !== 'linearBackward' || args.activation !== 0 || activation === 0 || !same(dy, args.dx) || !between(dy, n)) return null;
  if (!same(x, args.x) || !same(y, args.x)) return null;
  return { kernel, args: { ...args, dx: dx!, activation, a: a!, b: b! }, from: [...from, ...next.from] };
}

/**
 * A layer and the activation behind it become one call, and so do the gradient of a layer and that of the activation before it, when nothing
 * else reads what lies between them.
 */
export function fuse(calls: readonly TracedCall[]): TracedCall[] {
  const uses = usesIn(calls);
  const between: Between = (value, n) => isTemporary(value) && value.array.length === n && uses(value) === 2;
  const fused: TracedCall[] = [];
  for (let i = 0; i < calls.length; i++) {
    const call = calls[i]!;
    const next = calls[i + 1];
    const joined = next && (withActivation(call, next, between) ?? withDerivative(call, next, between));
    fused.push(joined ?? call);
    if (joined) i++;
  }
  return fused;
}
