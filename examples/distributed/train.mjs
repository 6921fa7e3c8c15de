// Trains on all ranks that mpirun has started, from the last checkpoint on: mpirun -n 2 node train.mjs run.ckpt
// The checkpoint lies where all ranks see it: in a folder that the machines share.
import { existsSync } from 'node:fs';
import { data, distributed, io, manualSeed, nn, optim, rand, train } from 'simdnn';

const [path = 'run.ckpt', epochs = '5'] = process.argv.slice(2);
distributed.initProcessGroup({ timeout: 600 });
manualSeed(1); // the same rows on every rank
const x = rand([4096, 16]);
const set = new data.TensorDataset(x, x.square().sum(1, { keepdim: true }));

const model = new nn.Sequential(new nn.Linear(16, 64), new nn.ReLU(), new nn.Linear(64, 1));
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
const loader = new data.DataLoader(set, {
  batchSize: 128 / distributed.getWorldSize(),
  sampler: new data.DistributedSampler(set, { seed: 1 }),
});
let done = 0;
if (existsSync(path)) ({ epoch: done } = await io.loadCheckpoint(path, { model, optimizer, loader }));

const parallel = new nn.parallel.DistributedDataParallel(model);
while (done < Number(epochs)) {
  const { loss } = await train.fit(parallel, { loader, criterion: new nn.MSELoss(), optimizer, epochs: 1, progress: false });
  done++;
  if (distributed.getRank() === 0) {
    await io.saveCheckpoint(path, { model, optimizer, loader, epoch: done });
    console.log(`epoch ${done}: loss ${loss[0].toFixed(4)}`);
  }
  distributed.barrier(); // nobody goes on, or ends, before the checkpoint is there
}
distributed.destroyProcessGroup();
