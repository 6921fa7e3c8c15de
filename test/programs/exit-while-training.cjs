// Ends the process while workers train. Usage: node exit-while-training.cjs SEED
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');

const seed = Number(process.argv[2]);
const workers = 2 + (seed % 3);
let training = 0;
for (let i = 0; i < workers; i++) {
  new Worker(join(__dirname, 'train-forever.cjs'), { workerData: { seed: seed + i, threads: 1 + (i % 3) } }).on('message', () => {
    // Not while a worker still starts: Node 20 to 24 then wait for it for many seconds now and then, with any module.
    if (++training === workers) setTimeout(() => process.exit(0), (seed * 7) % 40);
  });
}
