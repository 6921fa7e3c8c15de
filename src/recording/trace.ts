// A trace is a function of tensors as data: its kernel calls and the memory they use, its effects on leaves and counters, and the conditions under
// which it does the same again. Compiled functions, fits, evaluations and predictions are all built on traces.
import { isGradEnabled } from '../autograd';
import { ignoringHolders } from '../holders';
import type { TensorData } from '../memory';
import { createPlan, type Plan } from '../native';
import { ownersOf } from '../nn/registry';
import { atPrecision, type Float32MatmulPrecision, getFloat32MatmulPrecision } from '../precision';
import { atRandomPosition, type RandomPosition, randomPosition } from '../random';
import type { StepCounter } from '../recorder';
import type { Tensor, Version } from '../tensor';
import type { Bases } from './bases';
import { type TracedCall, untraced } from './calls';
import { type Form, formOf } from './form';
import { leave } from './left';
import { type LeafGradient, Listener } from './listener';
import { LiveNumbers } from './live';
import { differenceOf, outlineOf } from './outline';
import { Packing } from './packing';
import { formLike } from './pattern';
import { knownMemory, placed } from './placement';
import { type RecordedSources, sourcesOf, sourcesRecordedBy } from './sources';
import { namesOf, type Row, rowOf } from './table';

// Runs `fn` and records it. With a dry listener the state of tensors, optimizers and random numbers is unchanged afterwards.
export const listenTo = <R>(listener: Listener, fn: () => R): R =>
  listener.dry ? ignoringHolders(() => atRandomPosition(randomPosition(), () => listener.run(fn))) : listener.run(fn);

// The tensors whose memory each replay allocates anew.
function leftIn(listener: Listener, args: readonly Tensor[], bases: Bases): Set<Tensor> {
  const left = new Set<Tensor>();
  for (const tensors of [listener.tensors, args]) for (const tensor of tensors) if (bases.passes(tensor.values)) left.add(tensor);
  return left;
}

const drawsOf = (redraws: readonly (() => void)[]): number =>
  atRandomPosition({ seed: 0, offset: 0 }, () => {
    for (const redraw of redraws) redraw();
    return randomPosition().offset;
  });

export class Trace {
  /** The calls of a replay: the recorded ones, after fusion. */
  readonly calls: Form['calls'];
  readonly inputs: Form['inputs'];
  readonly persistent: Form['persistent'];
  readonly written: Form['written'];
  readonly changesArguments: boolean;
  /** The leaves that the function used, with whether they required a gradient, and the leaves whose gradients it cleared, read or wrote. */
  readonly leaves: readonly { leaf: Tensor; needsGrad: boolean }[];
  readonly gradients: readonly LeafGradient[];
  /** The tensors that it changed in place, other than by an optimizer. */
  readonly changes: readonly Tensor[];
  private readonly changed: ReadonlySet<Version>;
  readonly guards: readonly (() => boolean)[];
  readonly live: LiveNumbers;
  /** The draws of random numbers and the counters that advance, each with the number of the plan's calls before it. */
  readonly redraws: readonly { redraw: () => void; end: number }[];
  readonly stepCounters: readonly { stepCounter: StepCounter; end: number }[];
  /** The number of Philox counters that a replay uses. */
  readonly draws: number;
  readonly gradEnabled: boolean;
  /** The precision of its products. */
  readonly precision: Float32MatmulPrecision;

  private readonly temporaries: Form['temporaries'];
  private readonly liveRows: Form['liveRows'];
  private readonly outline: Form['outline'];
  private readonly recordedSources: RecordedSources;

  /**
   * Runs `fn` and records it. `args` must be tensors in memory of their own, except those that get a gradient; `resultsOf` returns the tensors in what `fn`
   * returned. With a dry listener nothing is calculated, and the state of tensors, optimizers and random numbers is unchanged afterwards. The trace keeps
   * only what replays need; returned beside it are `left`, the tensors whose memory no replay writes, and `bases`, the memory of all arrays.
   */
  static take<R>(
    where: string,
    fn: () => R,
    args: readonly Tensor[],
    resultsOf: (result: R) => readonly Tensor[],
    listener: Listener,
  ): { trace: Trace; result: R; left: ReadonlySet<Tensor>; bases: Bases } {
    const result = listenTo(listener, fn);
    const results = resultsOf(result);
    const known = knownMemory(listener, args);
    const { form, bases } = listener.dry && listener.watches ? formLike(listener, known, results) : formOf(listener, known, results);
    const trace = new Trace(listener, form, bases);
    const left = leftIn(listener, args, bases);
    leave(where, left);
    return { trace, result, left, bases };
  }

  private constructor(listener: Listener, form: Form, bases: Bases) {
    this.calls = form.calls;
    this.inputs = form.inputs;
    this.temporaries = form.temporaries;
    this.persistent = form.persistent;
    this.written = form.written;
    this.changesArguments = form.changesArguments;
    this.liveRows = form.liveRows;
    this.outline = form.outline;
    this.gradEnabled = isGradEnabled();
    this.precision = getFloat32MatmulPrecision();
    this.gradients = [...listener.gradients.values()];

    const passes = ({ values }: Tensor): boolean => bases.passes(values);
    this.leaves = [...listener.leaves].filter(([t]) => !passes(t)).map(([leaf, needsGrad]) => ({ leaf, needsGrad }));
    this.changes = [...listener.changes].filter((t) => !passes(t));
    this.changed = new Set(this.changes.map(({ version }) => version));
    this.guards = [...listener.guards, ...this.leaves.flatMap(({ leaf }) => ownersOf(leaf, listener.guarded))];
    this.live = new LiveNumbers(listener.liveCalls, listener.calls);

    // Positions among the recorded calls become positions among the plan's calls.
    const { callsBefore: inPlan } = form;
    this.redraws = listener.redraws.map((redraw, i) => ({ redraw, end: inPlan[listener.redrawsAt[i]!]! }));
    this.stepCounters = listener.stepCounters.map((stepCounter, i) => ({ stepCounter, end: inPlan[listener.stepCounterEnds[i]!]! }));
    for (const { events } of this.gradients) for (const event of events) event.at = inPlan[event.at]!;
    this.draws = drawsOf(listener.redraws);
    this.recordedSources = sourcesRecordedBy(listener);
  }

  /** Whether it uses a tensor that is neither parameter, buffer, state nor constant. An earlier call may have stored such a tensor, and a later one may replace it. */
  get usesPlainTensors(): boolean {
    return this.persistent.some(({ role }) => role === 'captured');
  }

  /** The calls with packed weights, if the function only infers and packing is worthwhile; else null. */
  packing(): Packing | null {
    const leaves = this.leaves.map(({ leaf }) => leaf);
    return this.gradients.length === 0 ? Packing.of(this.calls, leaves, this.written) : null;
  }

  /** The number of kernel calls that were recorded. */
  get recorded(): number {
    return this.recordedSources.kernels.length;
  }

  /** The multiplications and additions of its products, and the bytes of the arrays of all calls. */
  get work(): { flops: number; bytes: number } {
    const rows = this.rows();
    return { flops: rows.reduce((sum, { flops }) => sum + flops, 0), bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  /** Records the function once more without calculating, on other tensors in memory of their own, and describes the first difference; null if there is none. */
  differenceNow<R>(where: string, fn: () => R, args: readonly Tensor[], resultsOf: (result: R) => readonly Tensor[]): string | null {
    const listener = new Listener(true, false);
    const results = resultsOf(listenTo(listener, fn));
    const { bases, recorded } = placed(listener, knownMemory(listener, args), results);
    leave(where, leftIn(listener, args, bases));
    return differenceOf(outlineOf(recorded, listener), this.outline());
  }

  /** Describes the first difference of another trace of the same function; null if there is none. */
  differenceFrom(other: Trace): string | null {
    return differenceOf(other.outline(), this.outline());
  }

  /** Makes a plan. Each replay is given the inputs, followed by `pieces`, which contain persistent memory. Persistent memory outside of `pieces` is used in place. */
  plan(pieces: readonly TensorData[] = [], calls: readonly TracedCall[] = this.calls): Plan {
    const inputs = [...this.inputs.map(({ memory }) => memory), ...pieces];
    const temporaries = this.temporaries.map(({ memory }) => memory);
    return atPrecision(this.precision, () =>
      createPlan(
        calls.map((call) => untraced(call)),
        temporaries,
        inputs,
        this.liveRows,
      ),
    );
  }

  /** The live numbers of the next step, with the random numbers at position `random`. Null if their calls are no longer as recorded. */
  numbers(random: RandomPosition): number[] | null {
    return this.readNumbers(random) ? Array.from(this.live.table) : null;
  }

  /** Reads these numbers into `live.table`. False if their calls are no longer as recorded. */
  readNumbers(random: RandomPosition): boolean {
    return atRandomPosition(random, () => {
      for (const { redraw } of this.redraws) redraw();
      return ignoringHolders(() => this.live.read());
    });
  }

  /** Returns a function that restores the present state of all counters. */
  keep(): () => void {
    const restorers = this.stepCounters.map(({ stepCounter }) => stepCounter.keep());
    const counts = this.changes.map(({ version }) => version.count);
    return () => {
      for (const restore of restorers) restore();
      for (const [i, { version }] of this.changes.entries()) version.count = counts[i]!;
    };
  }

  /** Calls `read` in the state that the counters will have after one more step. */
  peek<T>(read: () => T): T {
    const restore = this.keep();
    try {
      this.commit(1);
      return read();
    } finally {
      restore();
    }
  }

  /** Whether all counters say that the numbers of many steps are known in advance. */
  get steady(): boolean {
    return this.stepCounters.every(({ stepCounter }) => stepCounter.steady());
  }

  /** Advances all counters by steps that were done. */
  commit(steps: number): void {
    if (steps === 0) return;
    for (const { stepCounter } of this.stepCounters) stepCounter.commit(steps);
    for (const version of this.changed) version.count += steps;
  }

  /** The calls of a replay, as rows of a table. */
  rows(calls: readonly TracedCall[] = this.calls): Row[] {
    const place = namesOf(this.temporaries, this.inputs);
    const sources = sourcesOf(this.recordedSources);
    return calls.map((call) => rowOf(call, sources, place));
  }

  /** Describes a call for an error message: kernel, operation, module, shapes, numbers. */
  callText(call: number): string {
    const { kernel, operation, module, buffers, numbers, fused } = rowOf(this.calls[call]!, sourcesOf(this.recordedSources), () => 'array');
    const words = [kernel, fused, operation && `of ${operation}`, module && `in ${module}`, `(${buffers}; ${numbers})`];
    return words.filter((word) => word !== '').join(' ');
  }
}
