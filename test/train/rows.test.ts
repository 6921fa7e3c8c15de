// Copies of a dataset that fits share, as long as its values are the same.
import { expect, it } from 'vitest';
import { data, manualSeed, nn, ones, optim, randn, type Tensor, train, zeros } from '../../src';
import { nativeRows } from '../../src/train/rows';

it('are shared by whoever has the same tensors, and by nobody once one of them is changed', () => {
  const [x, y, z] = [randn([6, 2]), randn([6, 1]), randn([6, 1])];
  const first = nativeRows([x, y]);
  expect(nativeRows([x, y])).toBe(first);
  expect(nativeRows([x])).not.toBe(first);
  const other = nativeRows([x, z]);
  expect(other).not.toBe(first);
  expect(nativeRows([x, z])).toBe(other);
  z.add_(1);
  const changed = nativeRows([x, z]);
  expect(changed).not.toBe(other);
  x.detach().mul_(2); // by another tensor on its memory
  expect(nativeRows([x, z])).not.toBe(changed);
});

it('are copied each time where the user has an array on the memory', () => {
  const x = randn([6, 2]);
  const first = nativeRows([x]);
  x.data[0] = 1;
  const second = nativeRows([x]);
  expect(second).not.toBe(first);
  expect(nativeRows([x])).not.toBe(second);
});

const lossOf = async (x: Tensor, y: Tensor): Promise<number> => {
  manualSeed(1);
  const model = new nn.Linear(2, 1);
  const options = { criterion: new nn.MSELoss(), optimizer: new optim.SGD(model.parameters(), { lr: 0 }), epochs: 1, progress: false };
  const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 4 });
  return (await train.fit(model, { ...options, loader })).loss[0]!;
};

it('hold what the tensors hold when a fit begins', async () => {
  const [x, y] = [ones([4, 2]), zeros([4, 1])];
  const loss = await lossOf(x, y);
  expect(await lossOf(x, y)).toBe(loss);
  y.add_(3);
  const after = await lossOf(x, y);
  expect(after).toBe(await lossOf(ones([4, 2]), ones([4, 1]).mul(3)));
  expect(after).not.toBe(loss);
  x.data.fill(0.5);
  const exposed = await lossOf(x, y);
  x.data.fill(2);
  expect(await lossOf(x, y)).not.toBe(exposed);
});
