// What the tests of schedulers share.
import { nn, optim, tensor } from '../../src';

export type Optimizer = optim.lrScheduler.Scheduled;
export type Scheduler = optim.lrScheduler.LRScheduler;
export type Make = (optimizer: Optimizer) => Scheduler;

const groupsOf = (lrs: readonly number[]) => lrs.map((lr) => ({ params: [new nn.Parameter(tensor([1]))], lr }));
export const sgd = (...lrs: number[]): optim.SGD => new optim.SGD(groupsOf(lrs), { momentum: 0.9 });
export const adam = (...lrs: number[]): optim.Adam => new optim.Adam(groupsOf(lrs));
export const ratesOf = ({ paramGroups }: Optimizer): number[] => paramGroups.map(({ lr }) => lr);

// A metric that gets better until the fourth step.
export const metrics = [4, 3, 2, 1, 1, 1, 2, 1, 1, 1, 1, 1];
export const stepped = (scheduler: Scheduler): void =>
  scheduler.needsMetric ? scheduler.step(metrics[scheduler.lastEpoch]!) : scheduler.step();
