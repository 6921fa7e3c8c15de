// Runs a job again, from its last checkpoint, when a rank or a host has died: node restart.mjs mpirun -n 2 node train.mjs
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const [command, ...args] = process.argv.slice(2);
const most = 10;
let job, wanted; // a signal that somebody has sent: then the job is to end
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(name, () => {
    wanted = name;
    job.kill(name);
  });
}
for (let attempt = 1; attempt <= most; attempt++) {
  // In a process group of its own: a terminal's Ctrl-C comes to it from here, once.
  job = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  const [status, signal] = await once(job, 'close');
  if (wanted !== undefined || status === 0) process.exit(wanted === undefined ? 0 : 130);
  console.error(`the job has ended with ${signal ?? status}; attempt ${attempt + 1} of ${most}`);
}
process.exit(1);
