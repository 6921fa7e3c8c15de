// A fit that several ranks make together: what they decide, they decide on the same numbers.
import { isError } from '../brands';
import { announceStop, standing, sumNumbers } from '../distributed/group';
import type { Module } from '../nn';
import { DistributedDataParallel } from '../nn/parallel';

const agreeing = 9; // what ranks say that they are about to do

const parallelIn = (model: Module): DistributedDataParallel[] =>
  model.modules().filter((module): module is DistributedDataParallel => module instanceof DistributedDataParallel);

/** Calls `fn`, in which the model's gradients gather without a sum over ranks. */
export const withoutSums = <R>(model: Module, fn: () => R): R =>
  parallelIn(model).reduceRight<() => R>((inner, module) => () => module.noSync(inner), fn)();

/** The ranks of a fit; a process alone has one. */
export class Ranks {
  /** Whether there are others. */
  readonly areSeveral: boolean;
  /** Whether this one speaks and writes for all. */
  readonly isFirst: boolean;

  constructor(model: Module) {
    const group = standing();
    this.areSeveral = group !== null && group.size > 1 && parallelIn(model).length > 0;
    this.isFirst = !this.areSeveral || group!.rank === 0;
  }

  /** The means over the ranks, which have so many rows each. */
  means<T extends Record<string, number>>(figures: T, rows: number): T {
    if (!this.areSeveral) return figures;
    const sums = Float64Array.of(rows, ...Object.values(figures).map((figure) => (rows === 0 ? 0 : figure * rows)));
    sumNumbers(agreeing + 16 * sums.length, sums);
    return Object.fromEntries(Object.keys(figures).map((name, i) => [name, sums[i + 1]! / sums[0]!])) as T;
  }

  /** Whether one of them says so. */
  any(says: boolean): boolean {
    if (!this.areSeveral) return says;
    const sums = Float64Array.of(says ? 1 : 0);
    sumNumbers(agreeing, sums);
    return sums[0]! > 0;
  }

  /** Tells the others that this one goes no further, unless they know. */
  stop(error: unknown): void {
    if (!this.areSeveral || standing() === null) return;
    if (isError(error) && /another rank has stopped|the ranks do different things/.test(error.message)) return;
    announceStop();
  }
}
