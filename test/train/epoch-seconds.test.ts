// The seconds of epochs, by a clock of the test.
import { describe, expect, it } from 'vitest';
import { EpochSeconds } from '../../src/train/epoch-seconds';

function measured() {
  const clock = { ms: 5000 };
  const seconds: number[] = [];
  return { clock, seconds, of: new EpochSeconds(seconds, () => clock.ms) };
}
const expectClose = (seconds: number[], expected: number[]) => {
  expect(seconds).toHaveLength(expected.length);
  for (const [i, value] of seconds.entries()) expect(value).toBeCloseTo(expected[i]!, 12);
};

describe('the seconds of epochs', () => {
  it('are the same for epochs that take the same time, wherever segments of 100 ms end', () => {
    const { clock, seconds, of } = measured();
    for (let segment = 1; segment <= 36; segment++) {
      clock.ms += 100;
      const before = Math.floor(((segment - 1) * 100) / 72);
      const epochs = Math.floor((segment * 100) / 72) - before;
      of.end(epochs, (segment * 100) / 72 - before - epochs);
    }
    expectClose(
      seconds,
      Array.from({ length: 50 }, () => 0.072),
    );
  });

  it('add up to the time that has passed, but for the epoch under way and for callbacks', () => {
    const { clock, seconds, of } = measured();
    clock.ms += 30; // a segment within the first epoch
    of.end(0, 0.3);
    clock.ms += 90;
    of.end(1, 0.2); // 120 ms for 1.2 epochs
    clock.ms += 40;
    of.leaveOut(40);
    clock.ms += 140;
    of.end(2, 0); // 140 ms for 1.8
    const each = 0.14 / 1.8;
    expectClose(seconds, [0.1, 0.02 + 0.8 * each, each]);
    of.restart();
    clock.ms += 50;
    of.end(1, 0);
    expectClose(seconds.slice(3), [0.05]);
  });

  it('are the mean where nobody knows how long an epoch is', () => {
    for (const part of [0, 1, 7]) {
      const { clock, seconds, of } = measured();
      clock.ms += 100;
      of.end(2, part);
      clock.ms += 60;
      of.end(1, 0);
      expectClose(seconds, [0.05, 0.05, 0.06]);
    }
  });

  it('are those of the thread where it was ahead, with what JavaScript has waited for the rest of the epoch', () => {
    const { clock, seconds, of } = measured();
    of.addSegment(undefined, 0.5); // counted by the clock
    clock.ms += 500;
    of.end(1, 0);
    of.addSegment(0.2, 0.01);
    of.addSegment(undefined, 0.03);
    clock.ms += 10;
    of.end(1, 0);
    expectClose(seconds, [0.5, 0.23]);
  });
});
