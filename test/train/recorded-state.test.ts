// A step that is recorded and never done leaves no state in the optimizer.
import { expect, it } from 'vitest';
import { nn, optim, randint, randn, train } from '../../src';

it('an option that a callback sets after the last step has no state yet', async () => {
  const model = new nn.Sequential(new nn.Linear(600, 600), new nn.ReLU(), new nn.Linear(600, 3)); // a step takes longer than progressEvery
  const optimizer = new optim.Adam(model.parameters());
  const rows = () => [randn([64, 600]), randint(0, 3, [64])] as const;
  const [epochs, batches] = [3, 4];
  let [ended, calls] = [0, 0];
  const onEpoch = () => {
    ended++;
  };
  const onBatch = ({ batch }: train.BatchReport) => {
    if (ended < epochs - 1 || batch < batches) return;
    calls++;
    optimizer.paramGroups[0]!.amsgrad = true;
  };
  const criterion = new nn.CrossEntropyLoss();
  // The validation records all steps again, because the training step has changed.
  await train.fit(model, {
    ...{ criterion, optimizer, loader: Array.from({ length: batches }, rows), epochs, validation: [rows()] },
    ...{ onEpoch, onBatch, progressEvery: 1, progress: false },
  });
  expect(calls).toBeGreaterThan(0);
  expect(Object.keys(optimizer.stateDict().state[0]!).sort()).toEqual(['exp_avg', 'exp_avg_sq', 'step']);
});
