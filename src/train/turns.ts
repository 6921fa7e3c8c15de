// Legs of many fits may end in one turn of the event loop, and many fits may be recorded at once. JavaScript goes on with one of them a turn, so that
// timers and requests come in between. `setImmediate` is Node's own: tests put clocks that stand still in the place of the global one.
import { setImmediate as inNextTurn } from 'node:timers';

const waiting: (() => void)[] = [];
let taken = false;

function release(): void {
  const next = waiting.shift();
  taken = next !== undefined;
  if (next === undefined) return;
  inNextTurn(release);
  next();
}

/** Whoever calls this works in the present turn, whether somebody else was let through in it or not: the next is let through in a later one. */
export function takeTurn(): void {
  if (taken) return;
  taken = true;
  inNextTurn(release);
}

/** Resolves at once where nobody else was let through in this turn, else in a later one, in the order of the calls. */
export async function ownTurn(): Promise<void> {
  if (taken) return new Promise((resolve) => void waiting.push(resolve));
  takeTurn();
}
