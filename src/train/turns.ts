// Legs of many fits may end in one turn of the event loop. JavaScript goes on with one of them a turn, so that timers and requests come in between.
// As it is now: tests put clocks of their own in its place, which stand still.
const inNextTurn = globalThis.setImmediate;

const waiting: (() => void)[] = [];
let taken = false;

function release(): void {
  const next = waiting.shift();
  taken = next !== undefined;
  if (next === undefined) return;
  inNextTurn(release);
  next();
}

/** Resolves at once where nobody else was let through in this turn, else in a later one, in the order of the calls. */
export async function ownTurn(): Promise<void> {
  if (taken) return new Promise((resolve) => void waiting.push(resolve));
  taken = true;
  inNextTurn(release);
}
