// Shares the JavaScript thread between fits. Many fits may have ended a segment, or be recorded, in one turn of the event loop. Only one of them continues in each turn,
// so that timers and requests are handled in between. The timer functions are read when this file is loaded, because user tests may replace them by fake ones.
import * as timers from 'node:timers';
import { getNumThreads } from '../native';

const { setImmediate: inNextTurn, setTimeout: later } = timers;
const now = performance.now.bind(performance);

const waitingCallers: (() => void)[] = [];
let isTurnTaken = false;

// While the JavaScript thread begins many fits without a pause it never sleeps, so the system would give its processor to a thread of fits for one or several time
// slices. To leave it a processor, one thread of fits fewer works for a short time after a fit was called or recorded, if at least `many` fits wait for each thread.
// (A search of small fits, which begins one whenever another ends, would otherwise use one thread most of the time.) The time is that short because the JavaScript
// thread sleeps between fits that are recorded at the pace of `admissionInterval`.
const beginning = 4; // in milliseconds
const many = 4;
let lastBegan = -Infinity;

function releaseTurn(): void {
  const next = waitingCallers.shift();
  isTurnTaken = next !== undefined;
  if (next === undefined) return;
  inNextTurn(releaseTurn);
  next();
}

function holdTurn(): void {
  isTurnTaken = true;
  inNextTurn(releaseTurn);
}

/** Takes the current turn of the event loop to record a fit, even if it is taken: the next caller of `freeTurn` gets a later one. */
export function takeTurn(): void {
  lastBegan = now();
  if (!isTurnTaken) holdTurn();
}

/** Takes a free turn: resolves at once if the current turn is free, else in a later one, in the order of the calls. */
export async function freeTurn(): Promise<void> {
  if (isTurnTaken) return new Promise((resolve) => void waitingCallers.push(resolve));
  holdTurn();
}

// While many fits begin, the JavaScript thread would be busy without a pause. When the threads of fits need the processor, the system preempts such a thread, so that
// timers are several milliseconds late. To keep timers on time, fits wait before they record their first step while the threads have enough work.
const admissionInterval = 10; // in milliseconds: 1,000 fits of a small network begin within 10 of the 45 seconds that they take on two processors
const lowPriorityCallers = new Map<object, () => void>();
let [segments, admitted] = [0, 0];
let isAdmissionScheduled = false;

// Whether a thread may run out of work while JavaScript handles one fit: with two segments for each thread, none does.
const areThreadsShortOfWork = (): boolean => segments + admitted < 2 * getNumThreads();

function admitNext(): void {
  for (const [who, resolve] of lowPriorityCallers) {
    lowPriorityCallers.delete(who);
    admitted++;
    void freeTurn().then(() => {
      admitted--;
      resolve();
    });
    return;
  }
}

function scheduleAdmission(): void {
  if (isAdmissionScheduled || lowPriorityCallers.size === 0) return;
  isAdmissionScheduled = true;
  later(() => {
    isAdmissionScheduled = false;
    admitNext();
    scheduleAdmission();
  }, admissionInterval);
}

/** Whether the threads of fits have enough work, or other fits wait for a low-priority turn. */
export const areThreadsBusy = (): boolean => lowPriorityCallers.size > 0 || !areThreadsShortOfWork();

/** Whether many fits are beginning, so that the threads of fits leave a processor to the JavaScript thread. */
export const areManyBeginning = (): boolean =>
  segments + lowPriorityCallers.size >= (1 + many) * getNumThreads() && now() - lastBegan < beginning;

/**
 * Takes a turn as `freeTurn` does if the threads of fits need work. Otherwise it waits until they do, and one waiting caller continues every `admissionInterval`. `who`
 * identifies the caller, which may wait only once at a time.
 */
export async function lowPriorityTurn(who: object): Promise<void> {
  if (!areThreadsBusy()) return freeTurn();
  lastBegan = now();
  return new Promise((resolve) => {
    lowPriorityCallers.set(who, resolve);
    scheduleAdmission();
  });
}

/** Lets a caller that waits in `lowPriorityTurn` continue in the next free turn. */
export function raisePriority(who: object): void {
  const resolve = lowPriorityCallers.get(who);
  if (!lowPriorityCallers.delete(who)) return;
  void freeTurn().then(resolve);
}

/** Counts a segment of a fit that runs or waits for a thread, until `segmentEnded`. */
export function segmentBegan(): void {
  segments++;
}

export function segmentEnded(): void {
  segments--;
  if (areThreadsShortOfWork()) admitNext();
}
