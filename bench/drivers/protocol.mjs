// How a driver's process talks with the runner: JSON lines on standard output, one word a line on standard input.
// It prepares its cell, shows the check values, warms up, then times one block for each line it reads.
// drivers/protocol.py is the same in Python.
import { createInterface } from 'node:readline';

const say = (event, fields) => process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
const now = () => Number(process.hrtime.bigint()) / 1e9;

/** Thrown by a driver that cannot serve a cell; the reason is shown to the reader, unless it is empty. */
export class Unavailable extends Error {}

/**
 * Serves one cell. `kinds[trial.kind](job)` returns { version, check, run }: the check values, and run(n) that does n steps and
 * resolves to one number that is known only when they are done (the last loss).
 */
export async function serve(kinds) {
  const job = JSON.parse(process.argv[2]);
  try {
    const prepare = kinds[job.trial.kind];
    if (!prepare) throw new Unavailable('no such operation in this driver');
    const { version, check, run } = await prepare(job);
    const steps = await warmUp(run, job);
    if (steps === 0) throw new Unavailable(`one step takes longer than ${job.longestStep} s`);
    say('ready', { version, check });
    for await (const _ of createInterface({ input: process.stdin })) await timedBlock(run, steps);
  } catch (error) {
    say(error instanceof Unavailable ? 'unavailable' : 'failed', { reason: error.message });
  }
  process.exit();
}

/** Runs until `warmSeconds` have passed; returns how many steps fill a block, 0 when even one takes too long. */
async function warmUp(run, { warmSeconds, blockSeconds, longestStep }) {
  let steps = 1;
  for (let spent = 0; ; ) {
    const start = now();
    await run(steps);
    const seconds = now() - start;
    spent += seconds;
    const long = seconds >= Math.min(0.1, blockSeconds);
    if (steps === 1 && seconds > longestStep) return 0;
    if (long && spent >= warmSeconds) return Math.max(1, Math.round((steps * blockSeconds) / seconds));
    if (!long) steps *= 2;
  }
}

/** The processor's caches belong to whoever ran last, so a tenth of the block goes ahead untimed. */
async function timedBlock(run, steps) {
  await run(Math.ceil(steps / 10));
  const used = process.cpuUsage();
  const start = now();
  const last = await run(steps);
  const seconds = now() - start;
  const { user, system } = process.cpuUsage(used);
  say('block', { steps, seconds, cpuSeconds: (user + system) / 1e6, last });
}
