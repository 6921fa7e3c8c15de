// node bench/overlap.mjs TRIAL SHARE MEGABYTES..., on every rank of an mpirun: a step of train.fit with batches of SHARE times the trial's size, for each
// `bucketCapMb` in turns; rank 0 prints the minimum and the median of seven epochs. docs/notes/sums-over-ranks.md describes how to make a network of one
// machine.
import { data, distributed, nn, setNumThreads, train } from 'simdnn';
import { columns, duration } from './format.mjs';
import { datasetOf, modelOf } from './model.mjs';
import { median } from './statistics.mjs';
import { trials } from './trials.mjs';

setNumThreads(1);
distributed.initProcessGroup({ timeout: 120 });
const [name, share, ...caps] = process.argv.slice(2);
const trial = trials.find((one) => one.name === name);

function way(bucketCapMb) {
  const set = datasetOf(trial);
  const { model, ...parts } = modelOf(trial);
  const sampler = new data.DistributedSampler(set, { seed: 1 });
  const loader = new data.DataLoader(set, { batchSize: trial.batch * Number(share), sampler });
  const parallel = new nn.parallel.DistributedDataParallel(model, { bucketCapMb });
  const epoch = async () => {
    distributed.barrier();
    const begin = performance.now();
    await train.fit(parallel, { ...parts, loader, epochs: 1, progress: false });
    return (performance.now() - begin) / 1000 / loader.length;
  };
  return { bucketCapMb, epoch, times: [] };
}

const ways = caps.map((cap) => way(Number(cap)));
for (const { epoch } of ways) await epoch(); // records the step
for (let round = 0; round < 7; round++) for (const { epoch, times } of ways) times.push(await epoch());
if (distributed.getRank() === 0) {
  const rows = ways.map(({ bucketCapMb, times }) => [String(bucketCapMb), duration(Math.min(...times)), duration(median(times))]);
  console.log(columns([['bucketCapMb', 'least', 'median'], ...rows]).join('\n'));
}
distributed.destroyProcessGroup();
