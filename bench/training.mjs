// A trial of kind training: every driver trains from the first epoch to the last, in turns of a window of epochs, and repeats the training
// as often as there are blocks and time. This shows whether steps become slower during the training.
import { rotated } from './statistics.mjs';

/** The epochs of a window; the first, a middle and the last window are reported. */
export const WINDOW = 100;

/**
 * Times the windows of all drivers that are ready, and adds to each cell
 *   windows     seconds of a step, [window][round]
 *   losses      the mean loss of the last epoch of each window
 *   epochs      the number of epochs done: all, or the first few of a driver that would take too long
 *   seconds     of a step over the whole training, for each round; cpuSeconds likewise
 */
export async function timeTraining(trial, running, { pace, blocks, left, note }) {
  for (const { cell, epochSeconds } of running) Object.assign(cell, plan(trial, epochSeconds, pace, blocks));
  for (let round = 0; round < blocks; round++) {
    note(`${trial.name}: round ${round + 1} of ${blocks}`);
    const racing = running.filter(({ cell }) => cell.status === 'measured' && round < cell.rounds);
    for (const { cell, process } of racing) keep(cell, await process.tell('begin', left()));
    for (let first = 0; first < trial.epochs; first += WINDOW) {
      for (const { cell, process } of rotated(racing, round)) {
        if (cell.status !== 'measured' || first >= cell.epochs) continue;
        const epochs = Math.min(WINDOW, cell.epochs - first);
        takeWindow(cell, first / WINDOW, round, await process.tell(epochs, left()), trial);
      }
    }
  }
  for (const { cell } of running) if (cell.status === 'measured') conclude(cell);
}

/** Does as many rounds as the time allows, or only the first epochs if it does not allow one round. */
function plan({ epochs }, epochSeconds, { trainingSeconds, shortEpochs }, blocks) {
  const rounds = Math.min(blocks, Math.floor(trainingSeconds / (epochs * epochSeconds)));
  return { windows: [], cpu: [], losses: [], rounds: Math.max(1, rounds), epochs: rounds > 0 ? epochs : Math.min(epochs, shortEpochs) };
}

/** A driver that fails or exceeds its time has no time. */
function keep(cell, { event, reason }) {
  if (reason !== undefined) Object.assign(cell, { status: event, reason, windows: undefined, cpu: undefined, losses: undefined });
}

function takeWindow(cell, window, round, event, { batches }) {
  keep(cell, event);
  if (cell.status !== 'measured') return;
  const steps = event.steps * batches;
  cell.windows[window] ??= [];
  cell.cpu[window] ??= [];
  cell.windows[window][round] = event.seconds / steps;
  cell.cpu[window][round] = event.cpuSeconds / steps;
  cell.losses[window] = event.last;
  if (!Number.isFinite(event.last)) Object.assign(cell, { status: 'other result', reason: `ends with ${event.last}` });
}

function conclude(cell) {
  const means = (windows) => windows[0].map((_, round) => windows.reduce((sum, values) => sum + values[round], 0) / windows.length);
  Object.assign(cell, { seconds: means(cell.windows), cpuSeconds: means(cell.cpu), cpu: undefined, rounds: undefined });
}
