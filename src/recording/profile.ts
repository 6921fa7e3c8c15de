// A recorded function's plan, replayed with a clock: on copies of all that lasts, so that nothing is trained by being looked at.
import { noGrad } from '../autograd';
import { allocateFloat, type DType } from '../memory';
import { peak, replayTimed } from '../native';
import { randomPosition } from '../random';
import { empty, type Tensor } from '../tensor';
import { Detached, stretchesOf } from './detached';
import { type Row, tableText } from './table';

/** A kernel call of a plan with its time. */
export interface ProfiledCall extends Row {
  /** The median of its times. */
  microseconds: number;
  /** Of a matrix product: its operations a second as a share of what one thread can do at most; null for other kernels. */
  share: number | null;
}

/** What `profile` of a compiled function returns. */
export interface Profile {
  /** The calls of the plan, in their order. */
  calls: ProfiledCall[];
  /** The sum of their times. */
  microseconds: number;
  /** The multiply-adds that one thread does at most, two operations each, in GFLOP/s, measured along with the calls. */
  peak: number;
  /** The table of `toString()` with the columns us and peak. */
  toString(): string;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;

/** What an argument is like: a tensor of its own where it gets a gradient. */
export interface Example {
  dtype: DType;
  shape: readonly number[];
  tensor: Tensor | null;
}

/** Records `fn` for such arguments, dry, and replays its plan `n` times. */
export function profileOf(fn: (...args: Tensor[]) => unknown, examples: readonly Example[], gradEnabled: boolean, n: number): Profile {
  const args = examples.map(({ tensor, shape, dtype }) => tensor ?? empty(shape.slice(), dtype));
  const run = (...given: Tensor[]) => {
    fn(...given);
    return { loss: null, output: null };
  };
  const detached = new Detached('compile', gradEnabled ? run : (...given) => noGrad(() => run(...given)), args);
  const pieces = stretchesOf(detached.lasting);
  const plan = detached.plan(pieces);
  const copies = pieces.map((piece) => {
    const copy = allocateFloat(piece.length);
    copy.set(piece);
    return copy;
  });
  const inputs = [...args.map(({ values }) => values.slice()), ...copies];
  const live = Float64Array.from(detached.numbers(randomPosition())!);
  const rows = detached.rows();
  const seconds = new Float64Array(rows.length);
  const times = rows.map((): number[] => []);
  for (let i = 0; i < n; i++) {
    replayTimed(seconds, plan, inputs, live);
    for (let c = 0; c < rows.length; c++) times[c]!.push(seconds[c]!);
  }
  const most = peak();
  const calls = rows.map((row, c): ProfiledCall => {
    const time = median(times[c]!);
    return { ...row, microseconds: time * 1e6, share: row.flops > 0 && most > 0 ? row.flops / time / most : null };
  });
  const microseconds = calls.reduce((sum, call) => sum + call.microseconds, 0);
  const us = ['us', ...calls.map((call) => call.microseconds.toFixed(2))];
  const shares = ['peak', ...calls.map(({ share }) => (share === null ? '' : `${Math.round(100 * share)} %`))];
  const title = `${n} replays on copies: ${microseconds.toFixed(2)} us; multiply-adds of one thread at most ${(most / 1e9).toFixed(0)} GFLOP/s`;
  return { calls, microseconds, peak: most / 1e9, toString: () => `${title}\n${tableText(calls, [us, shares])}` };
}
