// A race made on purpose: two threads write the same shared memory with a kernel. What looks for races must report this one.
const { Worker, isMainThread, workerData } = require('node:worker_threads');
const { expForward } = require('simdnn/kernels');

const memory = isMainThread ? new Float32Array(new SharedArrayBuffer(64)) : workerData;
const write = () => expForward(memory, memory, 16);
if (isMainThread) {
  const writing = setInterval(write, 1);
  new Worker(__filename, { workerData: memory }).on('exit', () => clearInterval(writing));
} else {
  for (const end = performance.now() + 100; performance.now() < end; ) write();
}
