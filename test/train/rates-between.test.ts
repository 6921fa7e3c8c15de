// The rates of the steps after a segment are found while its steps are done: what callbacks change in between must count as in the loop.
import { describe, expect, it } from 'vitest';
import { data, manualSeed, nn, noGrad, optim, rand, randint, randn, type Tensor, train } from '../../src';
import { bitsOf, quiet, stateOf } from './runs';

manualSeed(5);
const dataset = new data.TensorDataset(randn([61, 4]), randint(3, [61]));
const { lrScheduler } = optim;

function setUp() {
  manualSeed(6);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.Dropout(0.3), new nn.BatchNorm1d(8), new nn.ReLU(), new nn.Linear(8, 3));
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
  const scheduler = new lrScheduler.ChainedScheduler([
    new lrScheduler.ExponentialLR(optimizer, { gamma: 0.99 }),
    new lrScheduler.CyclicLR(optimizer, { baseLr: 0.001, maxLr: 0.1, stepSizeUp: 5, cycleMomentum: true }),
  ]);
  const multiplying = new lrScheduler.ExponentialLR(optimizer, { gamma: 0.98 });
  const loader = new data.DataLoader(dataset, { batchSize: 8, shuffle: true });
  return { model, optimizer, group: optimizer.paramGroups[0]!, scheduler, multiplying, loader, criterion: new nn.CrossEntropyLoss() };
}
type Made = ReturnType<typeof setUp>;

const stateOfAll = ({ model, optimizer, scheduler, multiplying }: Made) => ({
  model: bitsOf(model),
  optimizer: stateOf(optimizer),
  groups: JSON.stringify(optimizer.paramGroups.map(({ params: _, ...numbers }) => numbers)),
  schedulers: [scheduler.stateDict(), multiplying.stateDict()],
  next: rand([2]).toArray(),
});

const changes: Record<string, (made: Made) => void> = {
  nothing: () => {},
  'the rate': ({ group }) => void Object.assign(group, { lr: group.lr / 2 }),
  betas: ({ group }) => void Object.assign(group, { betas: [0.7, 0.98] }),
  'one of the betas, in place': ({ group }) => void Object.assign(group.betas, { 1: 0.9 }),
  'the decay': ({ group }) => void Object.assign(group, { weightDecay: 0.1 }),
  'the scheduler, by a step': ({ scheduler }) => scheduler.step(),
  'the scheduler, to an earlier state': ({ multiplying }) => multiplying.loadStateDict({ ...multiplying.stateDict(), gamma: 0.5 }),
  weights: ({ model }) => noGrad(() => void model.parameters()[0]!.mul_(0.9)),
  'the state of the optimizer': ({ optimizer }) => {
    const state = optimizer.stateDict();
    state.state[0]!['step'] = state.state[0]!['step']!.mul(0).add(3);
    optimizer.loadStateDict(state);
  },
  'random numbers': () => void rand([3]),
  'the seed': () => manualSeed(31),
};

describe.each(Object.keys(changes))('%s', (name) => {
  const change = changes[name]!;

  it('changed in callbacks counts as in the loop', async () => {
    const [loop, fit] = [setUp(), setUp()];
    manualSeed(7);
    const { model, criterion, optimizer, scheduler, multiplying, loader } = loop;
    for (let epoch = 1; epoch <= 7; epoch++) {
      for (const [x, y] of loader as Iterable<[Tensor, Tensor]>) {
        optimizer.zeroGrad();
        criterion.forward(model.call(x), y).backward();
        optimizer.step();
        scheduler.step();
        multiplying.step();
      }
      if (epoch % 3 !== 0) change(loop);
    }
    const expected = stateOfAll(loop);
    manualSeed(7);
    const onEpoch = ({ epoch }: train.EpochReport): void => {
      if (epoch % 3 !== 0) change(fit);
    };
    const schedulers = [fit.scheduler, fit.multiplying].map((one) => ({ scheduler: one, interval: 'step' as const }));
    const parts = { criterion: fit.criterion, optimizer: fit.optimizer, loader: fit.loader };
    await train.fit(fit.model, { ...parts, scheduler: schedulers as never, epochs: 7, ...quiet, callbacks: [{ onEpoch }] });
    expect(stateOfAll(fit)).toEqual(expected);
    const versions = (of: nn.Module): number[] => [...of.parameters(), ...of.buffers()].map(({ version }) => version.count);
    expect(versions(fit.model)).toEqual(versions(model));
  });
});
