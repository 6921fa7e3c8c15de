// The random numbers of this environment: a seed, and how far its sequence has been used. Every kernel that
// needs random numbers is a pure function of (seed, offset), so runs repeat to the last bit.
import { randomInt } from 'node:crypto';
import { checkInteger } from './errors';
import { recorder } from './recorder';

let seed = randomInt(2 ** 48 - 1);
let offset = 0;

/**
 * Seeds everything random that has no seed of its own: initialisation, dropout, `rand`, the shuffling of loaders.
 *
 * The same seed gives the same bits for any number of threads. `n` is an integer from 0 to 2^53 - 1.
 *
 * @example
 * manualSeed(1);
 * const a = rand([2]);
 * manualSeed(1);
 * rand([2]).eq(a).toArray(); // [1, 1]
 */
export function manualSeed(n: number): void {
  seed = checkInteger('manualSeed', 'the seed', n);
  offset = 0;
}

/** A place in a sequence of random numbers: what the next draw begins with. */
export interface RandomPosition {
  seed: number;
  offset: number;
}

/** Where this environment's sequence stands. */
export const randomPosition = (): RandomPosition => ({ seed, offset });

/** What `read` returns with the sequence at another place, to which it does not stick. */
export function atRandomPosition<T>(position: RandomPosition, read: () => T): T {
  const before = randomPosition();
  setRandomPosition(position);
  try {
    return read();
  } finally {
    setRandomPosition(before);
  }
}

/** Moves the sequence. */
export function setRandomPosition(position: RandomPosition): void {
  seed = position.seed;
  offset = position.offset;
}

/** Takes the next `n` random numbers of the sequence: what a random kernel is to be called with. */
export function draw(n: number): { seed: number; offset: number } {
  const drawn = { seed, offset };
  const counters = Math.ceil(n / 4); // a Philox counter gives four numbers
  offset += counters;
  recorder?.drawn(() => {
    drawn.seed = seed;
    drawn.offset = offset;
    offset += counters;
  });
  return drawn;
}
