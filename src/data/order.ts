// Random orders.
import * as calls from '../calls.generated';
import { draw, type RandomPosition } from '../random';

/**
 * Where the random numbers of an epoch begin. With a seed they are Philox counters of the epoch's own in the seed's sequence, so that two epochs share no
 * number; without one they are the next ones of this environment's sequence.
 */
export const positionOf = (seed: number | undefined, epoch: number, counters: number): RandomPosition =>
  seed === undefined ? draw(4 * counters) : { seed, offset: epoch * counters };

/** The random order of 0 .. n - 1 whose random numbers begin at a position. It uses n Philox counters. */
export function orderAt(n: number, { seed, offset }: RandomPosition): Int32Array {
  const order = new Int32Array(n);
  calls.randomPermutation({ out: order, n, seed, offset });
  return order;
}

/** A random order of 0 .. n - 1: a function of (seed, epoch), or without a seed the next one of this environment's sequence. */
export const randomOrder = (n: number, seed: number | undefined, epoch = 0): Int32Array => orderAt(n, positionOf(seed, epoch, n));

/** Random numbers in [0, 1), multiples of 2^-48, that begin at a position. n of them use `ceil(n / 2)` Philox counters. */
export function fractionsAt(n: number, { seed, offset }: RandomPosition): Float64Array {
  const halves = new Float32Array(2 * n); // multiples of 2^-24
  calls.fillUniform({ out: halves, n: 2 * n, seed, offset, low: 0, high: 1 });
  return Float64Array.from({ length: n }, (_, i) => halves[2 * i]! + halves[2 * i + 1]! * 2 ** -24);
}

/** 0 .. n - 1. */
export const givenOrder = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);
