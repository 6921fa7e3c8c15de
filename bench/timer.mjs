// Measures how late a 1 ms timer is while other work is done.
import { setImmediate } from 'node:timers/promises';

/**
 * Does the work and watches the timer: { start, end, late: sorted, result, milliseconds }, in milliseconds. `start` and `end` are how long the event
 * loop is blocked when the work is called and before it is done; the ticks in between are in `late`. A tick that is 5 ms late stands for
 * all that were due in the meantime, 5, 4, 3, 2 and 1 ms late; otherwise a loop that lets the timer run once a second would look punctual.
 */
export async function watchTimer(work, everyTick = () => {}) {
  const late = [];
  let timer;
  let due;
  const next = () => {
    due = performance.now() + 1;
    timer = setTimeout(tick, 1);
  };
  const tick = () => {
    late.push(performance.now() - due);
    for (let ms = late.at(-1) - 1; ms > 0; ms--) late.push(ms);
    everyTick();
    next();
  };
  const began = performance.now();
  const working = work();
  await setImmediate();
  const start = performance.now() - began;
  next();
  const result = await working;
  const end = Math.max(0, performance.now() - due);
  if (late.length === 0) late.push(end); // the event loop was blocked throughout
  clearTimeout(timer);
  return { start, end, late: late.sort((a, b) => a - b), result, milliseconds: performance.now() - began };
}

/** The q-quantile of sorted values. */
export const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
