// Shared by the tests of schedulers.
import { expect } from 'vitest';
import { nn, optim, tensor } from '../../src';

export type Optimizer = optim.lrScheduler.Scheduled;
export type Scheduler = optim.lrScheduler.LRScheduler;
export type Make = (optimizer: Optimizer) => Scheduler;

const groupsOf = (lrs: readonly number[]) => lrs.map((lr) => ({ params: [new nn.Parameter(tensor([1]))], lr }));
export const sgd = (...lrs: number[]): optim.SGD => new optim.SGD(groupsOf(lrs), { momentum: 0.9 });
export const adam = (...lrs: number[]): optim.Adam => new optim.Adam(groupsOf(lrs));
export const ratesOf = ({ paramGroups }: Optimizer): number[] => paramGroups.map(({ lr }) => lr);

// A metric that improves until the fourth step.
export const metrics = [4, 3, 2, 1, 1, 1, 2, 1, 1, 1, 1, 1];
export const stepped = (scheduler: Scheduler): void =>
  scheduler.needsMetric ? scheduler.step(metrics[scheduler.lastEpoch]!) : scheduler.step();

// cos and pow of V8 and of glibc differ by a unit in the last place, which a quotient of two values of the cosine amplifies.
export function expectRates(actual: number[][], expected: number[][]): void {
  expect(actual.length).toBe(expected.length);
  expected.flat().forEach((value, i) => {
    const got = actual.flat()[i]!;
    if (!(Math.abs(got - value) <= 1e-15 * Math.abs(value))) throw new Error(`rate ${i}: expected ${value}, got ${got}`);
  });
}
