// The random numbers of this environment: a seed, and the position in its sequence. Every kernel that uses random numbers is a pure function of (seed, offset), so
// that runs are repeatable to the last bit.

import { AsyncLocalStorage } from 'node:async_hooks';
import { randomInt } from 'node:crypto';
import { isInt32Array } from './brands';
import { checkInteger, describe, rangeError, typeError } from './errors';
import { recorder } from './recorder';

/** A position in a sequence of random numbers, at which the next draw begins. */
export interface RandomPosition {
  seed: number;
  offset: number;
}

const main: RandomPosition = { seed: randomInt(2 ** 48 - 1), offset: 0 };

// Calls that draw from sequences of their own, also after an `await`. It is enabled only while it is needed, because it makes every promise slower.
const apart = new AsyncLocalStorage<RandomPosition>();
let apartUsers = 0;

const here = (): RandomPosition => (apartUsers === 0 ? main : (apart.getStore() ?? main));

/** Enables `drawingFrom` until the returned function is called. */
export function useSequencesApart(): () => void {
  apartUsers++;
  let isUsed = true;
  return () => {
    if (!isUsed) return;
    isUsed = false;
    if (--apartUsers === 0) apart.disable();
  };
}

/** Calls `fn` such that it draws from the sequence at `position` and advances that, also in its asynchronous parts, whatever other code draws meanwhile. */
export const drawingFrom = <T>(position: RandomPosition, fn: () => T): T => apart.run(position, fn);

/**
 * Seeds everything random that has no seed of its own: initialisation, dropout, `rand`, the shuffling of loaders.
 *
 * The same seed gives the same bits for any number of threads, but other numbers than PyTorch's. `n` is an integer from 0 to 2^53 - 1.
 *
 * @example
 * manualSeed(1);
 * const a = rand([2]);
 * manualSeed(1);
 * rand([2]).eq(a).toArray(); // [1, 1]
 */
export function manualSeed(n: number): void {
  setRandomPosition({ seed: checkInteger('manualSeed', 'the seed', n), offset: 0 });
}

const parts = 4; // low and high part of the seed, then of the offset

/**
 * The state of the random numbers that `manualSeed` seeds, for `setRngState`: `torch.get_rng_state`.
 *
 * @example
 * const state = getRngState();
 * const a = rand([2]);
 * setRngState(state);
 * rand([2]).eq(a).toArray(); // [1, 1]
 */
export function getRngState(): Int32Array {
  recorder?.reading('getRngState');
  const { seed, offset } = here();
  return Int32Array.of(seed | 0, Math.floor(seed / 2 ** 32), offset | 0, Math.floor(offset / 2 ** 32));
}

/**
 * Continues the random numbers where `getRngState` was called: `torch.set_rng_state`. A TypeError for anything but an Int32Array, a RangeError for one that is not a
 * state.
 *
 * @example
 * setRngState(getRngState());
 */
export function setRngState(state: Int32Array): void {
  if (!isInt32Array(state)) throw typeError('setRngState', `expected an Int32Array, got ${describe(state)}`);
  const whole = (at: number): number => state[at + 1]! * 2 ** 32 + (state[at]! >>> 0);
  if (state.length !== parts || ![whole(0), whole(2)].every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw rangeError('setRngState', 'expected a state that getRngState gave');
  }
  setRandomPosition({ seed: whole(0), offset: whole(2) });
}

/** The present position in this environment's sequence. */
export const randomPosition = (): RandomPosition => ({ ...here() });

/** The result of `read`, called with the sequence at another position; the former position is restored afterwards. */
export function atRandomPosition<T>(position: RandomPosition, read: () => T): T {
  const before = randomPosition();
  setRandomPosition(position);
  try {
    return read();
  } finally {
    setRandomPosition(before);
  }
}

/** Sets the position in the sequence. */
export function setRandomPosition(position: RandomPosition): void {
  const now = here();
  now.seed = position.seed;
  now.offset = position.offset;
}

/** Draws the next `n` random numbers: returns the seed and the offset for a kernel's call, and advances the sequence. */
export function draw(n: number): { seed: number; offset: number } {
  const now = here();
  const drawn = { seed: now.seed, offset: now.offset };
  const counters = Math.ceil(n / 4); // a Philox counter gives four numbers
  now.offset += counters;
  recorder?.drawn(() => {
    const later = here();
    drawn.seed = later.seed;
    drawn.offset = later.offset;
    later.offset += counters;
  });
  return drawn;
}
