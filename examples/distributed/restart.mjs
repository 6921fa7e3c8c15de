// Runs a job again, from its last checkpoint, when a rank or a host has died: node restart.mjs mpirun -n 2 node train.mjs
import { spawnSync } from 'node:child_process';

const [command, ...args] = process.argv.slice(2);
const most = 10;
for (let attempt = 1; attempt <= most; attempt++) {
  const { status, signal, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error) throw error;
  if (status === 0) process.exit(0);
  if (signal === 'SIGINT' || status === 130) process.exit(130); // somebody wanted it to end
  console.error(`the job has ended with ${signal ?? status}; attempt ${attempt + 1} of ${most}`);
}
process.exit(1);
