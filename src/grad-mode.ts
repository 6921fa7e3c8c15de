// Whether operations are recorded for a backward pass.
import { describe, typeError } from './errors';

let enabled = true;

/** Whether operations are being recorded: false inside `noGrad`. */
export const isGradEnabled = (): boolean => enabled;

/** Has operations recorded or not; whether they were before. */
export function setGradEnabled(on: boolean): boolean {
  const before = enabled;
  enabled = on;
  return before;
}

/**
 * Calls `fn` with nothing recorded for a backward pass, and returns what it returns: `torch.no_grad()`, which in PyTorch opens a block.
 *
 * A TypeError when `fn` returns a promise: what runs after its first `await` would be recorded after all.
 *
 * @example
 * const w = tensor([1, 2], { requiresGrad: true });
 * noGrad(() => w.mul(2)).requiresGrad; // false
 */
export function noGrad<T>(fn: () => T): T {
  if (typeof fn !== 'function') throw typeError('noGrad', `expected a function, got ${describe(fn)}`);
  const wasEnabled = setGradEnabled(false);
  let result: T;
  try {
    result = fn();
  } finally {
    setGradEnabled(wasEnabled);
  }
  if (typeof (result as { then?: unknown } | null)?.then === 'function') {
    throw typeError('noGrad', 'the function returned a promise', 'await outside, and call noGrad around the synchronous parts');
  }
  return result;
}
