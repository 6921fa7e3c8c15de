// Whether operations are recorded for a backward pass.
import { checkBoolean, describe, typeError } from './errors';

let enabled = true;

/**
 * Whether operations are recorded for a backward pass, as they are unless `noGrad` or `setGradEnabled` says otherwise: `torch.is_grad_enabled`.
 *
 * @example
 * isGradEnabled(); // true
 * noGrad(() => isGradEnabled()); // false
 */
export const isGradEnabled = (): boolean => enabled;

/** Sets whether operations are recorded, and returns whether they were before. */
export function switchGrad(on: boolean): boolean {
  const before = enabled;
  enabled = on;
  return before;
}

function within<T>(where: string, on: boolean, fn: () => T): T {
  if (typeof fn !== 'function') throw typeError(where, `expected a function, got ${describe(fn)}`);
  const before = switchGrad(on);
  let result: T;
  try {
    result = fn();
  } finally {
    switchGrad(before);
  }
  if (typeof (result as { then?: unknown } | null)?.then === 'function') {
    throw typeError(where, 'the function returned a promise', `await outside, and call ${where} around the synchronous parts`);
  }
  return result;
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
  return within('noGrad', false, fn);
}

/**
 * Calls `fn` with operations recorded for a backward pass, also within `noGrad`, and returns what it returns: `torch.enable_grad()`, which in PyTorch opens a block.
 *
 * A TypeError when `fn` returns a promise.
 *
 * @example
 * const w = tensor([1, 2], { requiresGrad: true });
 * noGrad(() => enableGrad(() => w.mul(2))).requiresGrad; // true
 */
export function enableGrad<T>(fn: () => T): T {
  return within('enableGrad', true, fn);
}

/**
 * Calls `fn` with operations recorded for a backward pass if `mode` is true, and not recorded otherwise, and returns what it returns: `torch.set_grad_enabled()`. The
 * same call of PyTorch opens a block, or changes the mode permanently, which this function cannot do.
 *
 * A TypeError when `fn` returns a promise.
 *
 * @example
 * const w = tensor([1, 2], { requiresGrad: true });
 * const phase = "test";
 * setGradEnabled(phase === "train", () => w.mul(2)).requiresGrad; // false
 */
export function setGradEnabled<T>(mode: boolean, fn: () => T): T {
  return within('setGradEnabled', checkBoolean('setGradEnabled', 'mode', mode), fn);
}
