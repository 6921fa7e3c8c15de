// A trial of kind training: every driver trains from the first epoch to the last, a window of epochs at a time and in turns, and does it again
// as often as there are blocks and time. So a step that gets slower as the training goes on is seen.
import { rotated } from './statistics.mjs';

/** Epochs of a window: the first, a middle and the last of these are shown. */
export const WINDOW = 100;

/**
 * Times the windows of all that are ready, and puts into each cell
 *   windows     seconds of a step, [window][round]
 *   losses      the mean loss of the last epoch of each window
 *   epochs      how many were done: all, or the first few of a driver that would take too long
 *   seconds     of a step over the whole, a figure a round; cpuSeconds likewise
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

/** As many rounds as the time allows; where it does not allow one, the first epochs only. */
function plan({ epochs }, epochSeconds, { trainingSeconds, shortEpochs }, blocks) {
  const rounds = Math.min(blocks, Math.floor(trainingSeconds / (epochs * epochSeconds)));
  return { windows: [], cpu: [], losses: [], rounds: Math.max(1, rounds), epochs: rounds > 0 ? epochs : Math.min(epochs, shortEpochs) };
}

/** A driver that fails or runs out of time on the way has no time. */
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
