// How late a 1 ms timer is while something else goes on.
import { setImmediate } from 'node:timers/promises';

/**
 * Does the work and watches the timer: { start, end, late: sorted, result, milliseconds }, in milliseconds. `start` and `end` are how long the event
 * loop is held when the work is called, and before it is done; the ticks between are in `late`. One that comes 5 ms late stands for
 * all that were due meanwhile, 5, 4, 3, 2 and 1 ms late: else a loop that lets the timer through once a second would look punctual.
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
  if (late.length === 0) late.push(end); // the event loop was held throughout
  clearTimeout(timer);
  return { start, end, late: late.sort((a, b) => a - b), result, milliseconds: performance.now() - began };
}

/** The value below which a share q of sorted values lies. */
export const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
