// A pass over the calls: fuses neighbouring calls where one kernel computes both with the same bits.
import { kernelArguments, type Unary, unaryValues } from '../kernels.generated';
import { type Argument, argumentsFor, isTemporary, same, type TracedCall, usesIn } from './calls';

/** Whether a value of `length` elements is used by exactly two neighbouring calls, so that fusing them makes it unnecessary. */
type Between = (value: Argument | undefined, length: Argument | undefined) => boolean;

type Fused = { activation: Unary; a: Argument; b: Argument };

// The activation function that a call computes (or the derivative of which, for `Backward`), with its parameters a and b as the products take them.
function activationOf({ kernel, args }: TracedCall, suffix: 'Forward' | 'Backward'): Fused | null {
  if (!kernel.endsWith(suffix)) return null;
  const activation = kernel.slice(0, -suffix.length) as Unary;
  if (!unaryValues.includes(activation)) return null;
  const [a = 0, b = 0] = kernelArguments[kernel].flatMap(({ name, kind }) => (kind === 'real' ? [args[name]!] : []));
  return { activation, a, b };
}

// Fuses a layer with the activation that follows it, if nothing else reads the layer's result.
function withActivation({ kernel, args, from }: TracedCall, next: TracedCall, between: Between): TracedCall | null {
  if (kernel !== 'linearForward' || args.activation !== 'none') return null;
  const fused = activationOf(next, 'Forward');
  const { y, x, n } = next.args;
  if (fused === null || !same(x, args.y) || !between(x, n)) return null;
  return { kernel, args: argumentsFor(kernel, args, { y: y!, ...fused }), from: [...from, ...next.from] };
}

// Fuses the gradient of a layer with that of the activation which computed the layer's x, if nothing else reads the layer's dx.
function withDerivative({ kernel, args, from }: TracedCall, next: TracedCall, between: Between): TracedCall | null {
  if (kernel !== 'linearBackward' || args.activation !== 'none') return null;
  const fused = activationOf(next, 'Backward');
  const { dx, dy, x, y, n } = next.args;
  if (fused === null || !same(dy, args.dx) || !between(dy, n)) return null;
  if (!same(x, args.x) || !same(y, args.x)) return null;
  return { kernel, args: argumentsFor(kernel, args, { dx: dx!, ...fused }), from: [...from, ...next.from] };
}

/**
 * Fuses each layer with the activation that follows it, and the gradient of each layer with that of the activation before it, if nothing else
 * reads the value between the two calls.
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
