// Shares JavaScript's thread between fits. Segments of many fits may end in one turn of the event loop, and many fits may be recorded at once. JavaScript
// continues one of them in each turn, so that timers and requests come in between. Timer functions are taken when this file is loaded, because tests replace
// them by clocks that stand still.
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

/** Uses the current turn, whether or not it was taken already; the next caller of `ownTurn` gets a later one. */
export function takeTurn(): void {
  if (taken) return;
  taken = true;
  inNextTurn(release);
}

/** Resolves at once if the current turn is not taken, else in a later one, in the order of the calls. */
export async function ownTurn(): Promise<void> {
  if (taken) return new Promise((resolve) => void waiting.push(resolve));
  takeTurn();
}

// While many fits begin, JavaScript's thread would be busy without a pause. The system takes the processor away from such a thread when threads of fits need
// it, so that timers come several milliseconds late. While the threads have enough work, what a fit does before its first step waits, so that others' timers
// are on time.
const pause = 10; // milliseconds: 1,000 fits of the lecture's size begin within 10 seconds of the 45 that they take on two processors
const patient = new Map<object, () => void>();
let [segments, letThrough] = [0, 0];
let isPausing = false;

// The number of waiting fits with which no thread runs out of work while JavaScript handles one of them.
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

/** Whether the threads of fits have enough work, with further fits waiting. */
export const isBusy = (): boolean => patient.size > 0 || !isShort();

/**
 * As `ownTurn` while the threads of fits need work. Otherwise it resolves when they do; besides, one of those that wait goes on every `pause` milliseconds. `who`
 * may wait only once at a time.
 */
export async function patientTurn(who: object): Promise<void> {
  if (!isBusy()) return ownTurn();
  return new Promise((resolve) => {
    patient.set(who, resolve);
    startPause();
  });
}

/** Lets a waiting caller wait no longer than `ownTurn` would. */
export function hurry(who: object): void {
  const resolve = patient.get(who);
  if (!patient.delete(who)) return;
  void ownTurn().then(resolve);
}

/** Counts a segment of a fit that runs or waits for a thread, until `segmentEnds`. */
export function segmentBegins(): void {
  segments++;
}

export function segmentEnds(): void {
  segments--;
  if (isShort()) letNextThrough();
}
