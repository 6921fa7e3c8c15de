// Measures all drivers on one trial. Each prepares in its own process; then their blocks take turns, so that other load on the machine affects
// all of them equally.
import { Cell } from './cell.mjs';
import { command } from './drivers.mjs';
import { rotated } from './statistics.mjs';
import { timeTraining } from './training.mjs';
import { difference } from './verify.mjs';

/**
 * The budgets of a full run and of --quick. A driver whose step takes longer than `longestStep` seconds is omitted; of a training longer than `trainingSeconds`
 * only `shortEpochs` are done, and the table says so.
 */
export const FULL = { warmSeconds: 1, blockSeconds: 0.5, longestStep: 20, limitMs: 300_000, trainingSeconds: 30, shortEpochs: 20 };
export const QUICK = { warmSeconds: 0.2, blockSeconds: 0.1, longestStep: 0.5, limitMs: 30_000, trainingSeconds: 3, shortEpochs: 2 };

// The part of a trial's budget in which drivers must be ready; others are omitted.
const PREPARING = 0.75;

/**
 * The cells of one trial: [{ trial, driver, status, ... }], status one of
 *   measured      with version, check, seconds (of one step, for each block), cpuSeconds; a training also has what training.mjs describes
 *   other result  with the difference as the reason, and without a time
 *   unavailable   with a reason, which is not reported if it is empty
 *   failed        with a reason
 */
export async function measureTrial(
  trial,
  drivers,
  { pace, blocks, threads, cpus, python, budgetMs = Number.POSITIVE_INFINITY, note = () => {} },
) {
  const started = Date.now();
  const left = (share) => Math.min(pace.limitMs, started + share * budgetMs - Date.now());
  const cells = [];
  const running = [];
  try {
    for (const driver of drivers) {
      const cell = {
        trial: trial.name,
        driver: driver.name,
        status: 'unavailable',
        reason: takesPart(driver, trial) ? (driver.unavailable ?? driver.leftOut?.[trial.name]) : '',
      };
      cells.push(cell);
      if (cell.reason != null) continue;
      note(`${trial.name}: ${driver.name} prepares`);
      const process = new Cell(command(driver, python), { trial, mode: driver.mode, flush: driver.flush, threads, ...pace }, cpus);
      const entry = { cell, process };
      running.push(entry);
      const answer = await process.ready(left(PREPARING));
      entry.epochSeconds = answer.seconds;
      Object.assign(cell, judge(answer, trial));
    }
    const racing = running.filter(({ cell }) => cell.status === 'measured');
    if (trial.kind === 'training') {
      await timeTraining(trial, racing, { pace, blocks, left: () => left(1), note });
      return cells;
    }
    for (let round = 0; round < blocks; round++) {
      note(`${trial.name}: round ${round + 1} of ${blocks}`);
      for (const { cell, process } of rotated(racing, round)) {
        if (cell.status === 'measured') takeBlock(cell, await process.tell('block', left(1)));
      }
    }
  } finally {
    for (const { process } of running) process.end();
  }
  return cells;
}

const takesPart = ({ kinds }, { kind }) => kinds === undefined || kinds.includes(kind);

function judge({ event, reason, version, check }, trial) {
  if (event !== 'ready') return { status: event, reason };
  const other = difference(check, trial.expected);
  return other
    ? { status: 'other result', reason: other, version, check }
    : { status: 'measured', version, check, seconds: [], cpuSeconds: [] };
}

function takeBlock(cell, { event, reason, steps, seconds, cpuSeconds, last }) {
  if (event !== 'block') Object.assign(cell, { status: event, reason, seconds: undefined, cpuSeconds: undefined });
  else if (!Number.isFinite(last)) Object.assign(cell, { status: 'other result', reason: `ends with ${last}`, seconds: undefined });
  else {
    cell.seconds.push(seconds / steps);
    cell.cpuSeconds.push(cpuSeconds / steps);
  }
}
