// Uses every thread's scratch memory again and again, in workers that end and in this thread, with sizes that differ from call to call.
// Prints how the resident memory grew after the first rounds, in bytes. Usage: node scratch.cjs ROUNDS
const { Worker, isMainThread } = require('node:worker_threads');
const { matmul, nllLoss } = require('simdnn/kernels');

const most = 500_000; // rows: 4 MB of scratch
const logProbs = new Float32Array(most);
const labels = new Int32Array(most);
const [a, b, c] = [0, 0, 0].map(() => new Float32Array(300 * 300));

function use() {
  for (let rows = most; rows > 1000; rows >>= 1) nllLoss({ loss: new Float32Array(1) }, logProbs, labels, rows, 1);
  for (const transA of [false, true]) for (const transB of [false, true]) matmul(c, a, b, 300, 300, 300, { transA, transB });
}

async function main() {
  const rounds = Number(process.argv[2]);
  let before = 0;
  for (let round = 0; round < rounds; round++) {
    if (round === 10) before = process.memoryUsage.rss();
    use();
    await new Promise((resolve, reject) => new Worker(__filename).once('exit', resolve).once('error', reject));
  }
  console.log(process.memoryUsage.rss() - before);
}

if (isMainThread) main();
else use();
