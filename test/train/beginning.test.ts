// When the threads of fits leave a processor to the JavaScript thread.
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { getNumThreads, setNumThreads } from '../../src';
import { areManyBeginning, lowPriorityTurn, raisePriority, segmentBegan, segmentEnded, takeTurn } from '../../src/train/event-loop-turns';

const threads = getNumThreads();
const callers: object[] = [];
let segments = 0;

function begin(count: number): void {
  for (let i = 0; i < count; i++) segmentBegan();
  segments += count;
}

function call(count: number): void {
  for (let i = 0; i < count; i++) {
    const caller = {};
    callers.push(caller);
    void lowPriorityTurn(caller);
  }
}

beforeEach(() => setNumThreads(2));
afterEach(async () => {
  for (const caller of callers.splice(0)) raisePriority(caller);
  while (segments > 0) {
    segmentEnded();
    segments--;
  }
  setNumThreads(threads);
  await wait(10);
});

it('for a short time after one of many fits was called or recorded', async () => {
  begin(4); // two segments for each thread: later fits wait
  call(5);
  expect(areManyBeginning()).toBe(false); // fewer than four wait for each thread
  call(1);
  expect(areManyBeginning()).toBe(true);
  await wait(8); // one of them is admitted by now, and has begun no segment
  begin(1);
  expect(areManyBeginning()).toBe(false);
  takeTurn();
  expect(areManyBeginning()).toBe(true);
});

it('not while fits only run', async () => {
  begin(50);
  expect(areManyBeginning()).toBe(false);
});
