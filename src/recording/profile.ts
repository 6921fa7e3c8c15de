// Measures the calls of a recorded function's plan. They run on copies of all persistent memory, so that profiling trains nothing.

import { noGrad } from '../autograd';
import { isInt32Array } from '../brands';
import { allocateFloat, allocateInt, type TensorData } from '../memory';
import { peak, replayTimed } from '../native';
import { randomPosition } from '../random';
import { Tensor } from '../tensor';
import { Listener } from './listener';
import { type Row, tableText } from './table';
import { Trace } from './trace';

/** A kernel call of a plan with its time. */
export interface ProfiledCall extends Row {
  /** The median time of the call. */
  microseconds: number;
  /** For a matrix product: its operations per second, as a share of what one thread can do at most. Null for other kernels. */
  share: number | null;
}

/** What `profile` of a compiled function returns. */
export interface Profile {
  /** The calls of the plan, in order. */
  calls: ProfiledCall[];
  /** The sum of their times. */
  microseconds: number;
  /** The peak of one thread in GFLOP/s, with a multiply-add as two operations, measured together with the calls. */
  peak: number;
  /** The table of `toString()` with the columns us and peak. */
  toString(): string;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;

function copyOf(array: TensorData): TensorData {
  const copy = isInt32Array(array) ? allocateInt(array.length) : allocateFloat(array.length);
  copy.set(array);
  return copy;
}

/** Records `fn` for these arguments without calculating, and replays its plan `n` times on copies of the arguments and of all persistent memory. */
export function profileOf(fn: (...args: Tensor[]) => unknown, args: readonly Tensor[], gradEnabled: boolean, n: number): Profile {
  const own = args.map((t) => (t.needsGrad ? t : new Tensor(copyOf(t.values), t.shape.slice())));
  const given = own.map((_, i) => own[args.indexOf(args[i]!)]!);
  const run = (): void => void (gradEnabled ? fn(...given) : noGrad(() => fn(...given)));
  const { trace } = Trace.take('compile.profile', run, given, () => [], new Listener(true));
  const pieces = trace.persistent.map((base) => base.memory);
  const plan = trace.plan(pieces);
  const inputs = [...trace.inputs.map((base) => base.memory), ...pieces].map(copyOf);
  const live = Float64Array.from(trace.numbers(randomPosition())!);
  const rows = trace.rows();
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
