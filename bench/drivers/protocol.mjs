// The protocol between a driver's process and the runner: JSON lines on standard output, one word per line on standard input.
// The driver prepares its cell, reports the check values, warms up, and then obeys each line: "block" times a block, "begin" restarts a training,
// a number runs and times that many epochs of it.
// drivers/protocol.py is the same in Python.
import { createInterface } from 'node:readline';

const say = (event, fields) => process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
const now = () => Number(process.hrtime.bigint()) / 1e9;

/** Thrown by a driver that cannot run a cell. The reason is printed, unless it is empty. */
export class Unavailable extends Error {}

/**
 * Runs one cell. `kinds[trial.kind](job)` returns { version, check, run }: the check values, and run(n), which does n steps and
 * resolves to a number that is known only when they are done (the last loss). A training returns { version, begin } instead: begin() restarts
 * it and returns run(n), which does n epochs and resolves to the mean loss of the last one.
 */
export async function serve(kinds) {
  const job = JSON.parse(process.argv[2]);
  try {
    const prepare = kinds[job.trial.kind];
    if (!prepare) throw new Unavailable('no such operation in this driver');
    const served = await prepare(job);
    let run = served.run ?? (await served.begin());
    const check = served.check ?? [await run(1), await run(1)];
    const seconds = await warmUp(run, job);
    if (seconds > job.longestStep) throw new Unavailable(`one step takes longer than ${job.longestStep} s`);
    const steps = Math.max(1, Math.round(job.blockSeconds / seconds));
    say('ready', { version: served.version, check, seconds });
    for await (const line of createInterface({ input: process.stdin })) {
      if (line === 'begin') {
        run = await served.begin();
        say('begun');
      } else if (line === 'block') {
        await run(Math.ceil(steps / 10)); // fills the processor's caches, which another driver has used meanwhile
        await timed(run, steps);
      } else await timed(run, Number(line));
    }
  } catch (error) {
    say(error instanceof Unavailable ? 'unavailable' : 'failed', { reason: error.message });
  }
  process.exit();
}

/** Runs for `warmSeconds`, or once if that takes longer; returns the seconds of a step. */
async function warmUp(run, { warmSeconds, blockSeconds, longestStep }) {
  let steps = 1;
  for (let spent = 0; ; ) {
    const start = now();
    await run(steps);
    const seconds = now() - start;
    spent += seconds;
    const long = seconds >= Math.min(0.1, blockSeconds);
    if ((steps === 1 && seconds > longestStep) || (long && spent >= warmSeconds)) return seconds / steps;
    if (!long) steps *= 2;
  }
}

async function timed(run, steps) {
  const used = process.cpuUsage();
  const start = now();
  const last = await run(steps);
  const seconds = now() - start;
  const { user, system } = process.cpuUsage(used);
  say('block', { steps, seconds, cpuSeconds: (user + system) / 1e6, last });
}
