// Random orders.
import * as calls from '../calls.generated';
import { draw } from '../random';

/**
 * A random order of 0 .. n - 1: a function of (seed, epoch), or, without a seed, the next one of this environment's sequence.
 * Each order has n Philox counters to itself, so the orders of two epochs share no random number.
 */
export function randomOrder(n: number, seed: number | undefined, epoch = 0): Int32Array {
  const from = seed === undefined ? draw(4 * n) : { seed, offset: epoch * n };
  const order = new Int32Array(n);
  calls.randomPermutation({ out: order, n, seed: from.seed, offset: from.offset });
  return order;
}

/** 0 .. n - 1. */
export const givenOrder = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);
