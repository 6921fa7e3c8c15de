// Segments of many fits may end in one turn of the event loop, and many fits may be recorded at once. JavaScript goes on with one of them a turn, so that
// timers and requests come in between. Timers are taken as they are when this is loaded: tests put clocks that stand still in their place.
import * as timers from 'node:timers';
import { getNumThreads } from '../native';

const { setImmediate: inNextTurn, setTimeout: later } = timers;

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

// While many fits begin, JavaScript's thread would be busy without a pause, and one that never sleeps is what the system takes a processor from when threads of fits
// share it: timers then come several milliseconds late. Where the threads have enough to do, what a fit needs before its first step waits, and others' timers do not.
const pause = 10; // milliseconds: 1,000 fits of the lecture's size begin within 10 seconds of the 45 that they take on two processors
const patient = new Map<object, () => void>();
let [segments, letThrough] = [0, 0];
let isPausing = false;

// So many that none of the threads is without work while JavaScript sees to one.
const isShort = (): boolean => segments + letThrough < 2 * getNumThreads();

function letNextThrough(): void {
  for (const [who, resolve] of patient) {
    patient.delete(who);
    letThrough++;
    void ownTurn().then(() => {
      letThrough--;
      resolve();
    });
    return;
  }
}

function startPause(): void {
  if (isPausing || patient.size === 0) return;
  isPausing = true;
  later(() => {
    isPausing = false;
    letNextThrough();
    startPause();
  }, pause);
}

/** Whether the threads of fits have enough to do, and others wait for it that they have not. */
export const isBusy = (): boolean => patient.size > 0 || !isShort();

/** As `ownTurn` where the threads of fits need work, else once they do, and one in some milliseconds in any case. `who` waits for one at a time. */
export async function patientTurn(who: object): Promise<void> {
  if (!isBusy()) return ownTurn();
  return new Promise((resolve) => {
    patient.set(who, resolve);
    startPause();
  });
}

/** Has whoever waits so wait no longer than `ownTurn` would. */
export function hurry(who: object): void {
  const resolve = patient.get(who);
  if (!patient.delete(who)) return;
  void ownTurn().then(resolve);
}

/** A segment of a fit is under way, or waits for a thread: until `segmentEnds`. */
export function segmentBegins(): void {
  segments++;
}

export function segmentEnds(): void {
  segments--;
  if (isShort()) letNextThrough();
}
