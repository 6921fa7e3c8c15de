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
if (existsSync(path)) await io.loadCheckpoint(path, { model, optimizer, loader });
// Begun, without the one that is under way.
const epochsDone = () => {
  const { epoch, random } = loader.stateDict();
  return random === null ? epoch : epoch - 1;
};

// Ctrl-C at mpirun comes to the ranks as SIGTERM (Open MPI) or as it is (MPICH).
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));

const parallel = new nn.parallel.DistributedDataParallel(model);
const isFirst = distributed.getRank() === 0;
while (epochsDone() < Number(epochs) && process.exitCode === undefined) {
  try {
    const options = { loader, criterion: new nn.MSELoss(), optimizer, epochs: 1, progress: false, signal: stop.signal };
    const { loss } = await train.fit(parallel, options);
    if (isFirst) console.log(`epoch ${epochsDone()}: loss ${loss[0].toFixed(4)}`);
  } catch (error) {
    if (error !== stop.signal.reason && !/another rank has stopped/.test(error.message)) throw error;
    if (isFirst) console.log(`stopped in epoch ${epochsDone() + 1}`); // all ranks after the same step, which the loader knows
    process.exitCode = 130;
  }
  if (isFirst) await io.saveCheckpoint(path, { model, optimizer, loader });
  distributed.barrier(); // nobody goes on, or ends, before the checkpoint is there
}
distributed.destroyProcessGroup();
