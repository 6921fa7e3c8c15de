// A trace is a function of tensors as data: its kernel calls and the memory they use, its effects on leaves and counters, and the conditions under
// which it does the same again. Compiled functions, fits, evaluations and predictions are all built on traces.
import { isGradEnabled } from '../autograd';
import { ignoringHolders } from '../holders';
import type { TensorData } from '../memory';
import { createPlan, type Plan } from '../native';
import { Parameter } from '../nn/parameter';
import { ownersOf } from '../nn/registry';
import { atPrecision, type Float32MatmulPrecision, getFloat32MatmulPrecision } from '../precision';
import { atRandomPosition, type RandomPosition, randomPosition } from '../random';
import type { StepCounter } from '../recorder';
import type { Tensor, Version } from '../tensor';
import { Bases } from './bases';
import { Base, isValue, liveArguments, type TracedCall, traced, untraced, type Value, writtenBy } from './calls';
import { withColumns } from './columns';
import { renewal } from './constants';
import { fuse } from './fusion';
import { leave } from './left';
import { type LeafGradient, Listener } from './listener';
import { LiveNumbers } from './live';
import { differenceOf, type Outline, outlineOf } from './outline';
import { overlapSums } from './overlap';
import { Packing } from './packing';
import { type RecordedSources, sourcesOf, sourcesRecordedBy } from './sources';
import { namesOf, type Row, rowOf } from './table';

// Runs `fn` and records it. With a dry listener the state of tensors, optimizers and random numbers is unchanged afterwards.
export const listenTo = <R>(listener: Listener, fn: () => R): R =>
  listener.dry ? ignoringHolders(() => atRandomPosition(randomPosition(), () => listener.run(fn))) : listener.run(fn);

// The recorded calls, with each array as a range of elements of a piece of memory.
export function placed(listener: Listener, args: readonly Tensor[], results: readonly Tensor[]) {
  for (const { home } of listener.gradients.values()) {
    if (home === null) continue;
    listener.temporaries.delete(home.values); // a leaf's gradient outlasts the step, so its memory is persistent
    listener.memory(home.values, 'gradient');
  }
  for (const leaf of listener.leaves.keys()) if (leaf.needsGrad || leaf instanceof Parameter) listener.memory(leaf.values, 'parameter');

  // An argument that gets a gradient is always the same tensor, so its memory is persistent and not an input.
  const own = new Set(args.filter((t) => !t.needsGrad).map(({ values }) => values));
  const passed = [...own].map((memory) => new Base(memory, 'argument'));
  const made = [...listener.temporaries].map((memory) => new Base(memory, 'temporary'));
  const constants = [...listener.pristine].map(([memory, pristine]) => ({ base: new Base(memory, 'constant'), pristine }));
  const known = [...passed, ...made, ...constants.map(({ base }) => base)];
  const { arrays } = listener;
  for (const { values } of results) arrays.add(values);
  const bases = new Bases(known, arrays, listener.roles, listener.shapes);
  const recorded = listener.calls.map((call, i) => traced(call, i, (array) => bases.of(array)));
  return { passed, constants, bases, recorded, outline: outlineOf(recorded, listener) };
}

type Placement = ReturnType<typeof placed>;

// The tensors whose memory each replay allocates anew.
function leftIn(listener: Listener, args: readonly Tensor[], bases: Bases): Set<Tensor> {
  const left = new Set<Tensor>();
  for (const tensors of [listener.tensors, args]) for (const tensor of tensors) if (bases.passes(tensor.values)) left.add(tensor);
  return left;
}

// Maps positions among the recorded calls to positions in the plan: element i is the number of the plan's calls that begin with one of the first i recorded
// calls, for i from 0 to `recorded`.
function countsBefore(calls: readonly TracedCall[], recorded: number): number[] {
  const counts = Array<number>(recorded + 1).fill(0);
  for (const { from } of calls) counts[from[0]! + 1]!++;
  for (let at = 1; at <= recorded; at++) counts[at]! += counts[at - 1]!;
  return counts;
}

function usedBy(calls: readonly TracedCall[], used: Set<Base>): void {
  for (const { args } of calls) {
    for (const name in args) {
      const arg = args[name];
      if (isValue(arg)) used.add(arg.base);
    }
  }
}

// The calls of a replay and the memory that they use. This is a function of its own, apart from the constructor, so that V8 optimizes the two separately:
// as one function they took its compiler 200 ms, five times over, until the code suited all traces of a process.
function callsOver({ passed, constants, bases, recorded }: Placement, results: readonly Tensor[]) {
  const given = results.map(({ values }) => bases.of(values));
  const written = recorded.flatMap(writtenBy);
  const changed = new Set<Base>();
  for (const values of [written, given]) for (const { base } of values) changed.add(base);
  const renewals = constants
    .filter(({ base }) => changed.has(base))
    .map(({ base, pristine }) => renewal(base, new Base(pristine, 'constant')));
  const returned = new Set(given.map(({ base }) => base).filter(({ role }) => role === 'temporary'));
  for (const base of returned) base.role = 'result';

  const calls = [...renewals, ...overlapSums(withColumns(fuse(recorded)))];
  const used = new Set<Base>();
  usedBy(recorded, used);
  usedBy(calls, used);
  for (const { base } of given) used.add(base);
  return {
    calls,
    written,
    inputs: [...passed, ...returned],
    temporaries: [...used].filter(({ role }) => role === 'temporary'),
    persistent: [...used].filter((base) => base.isPersistent && base.memory.byteLength > 0),
  };
}

type LiveRow = [call: number, argument: number, counter: boolean];

// The position in the plan of each live number of the recorded calls.
function liveRowsOf(listener: Listener, calls: readonly TracedCall[]): LiveRow[] {
  return listener.liveCalls.flatMap(({ first, end }) =>
    listener.calls.slice(first, end).flatMap(([name], i) => {
      const call = calls.findIndex(({ from }) => from.includes(first + i));
      return liveArguments[name].map(({ index, counter }): LiveRow => [call, index, counter]);
    }),
  );
}

const drawsOf = (redraws: readonly (() => void)[]): number =>
  atRandomPosition({ seed: 0, offset: 0 }, () => {
    for (const redraw of redraws) redraw();
    return randomPosition().offset;
  });

export class Trace {
  /** The calls of a replay: the recorded ones, after fusion. */
  readonly calls: readonly TracedCall[];
  /** The memory that each replay is given: that of the arguments, except those that get a gradient, and that of the results. */
  readonly inputs: readonly Base[];
  /** Memory whose values outlast a replay, and the parts of it that a replay writes. */
  readonly persistent: readonly Base[];
  readonly written: readonly Value[];
  /** Whether the function changes an argument in place. */
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

  private readonly temporaries: readonly Base[];
  private readonly liveRows: LiveRow[];
  /** What must be equal when the function is recorded again. */
  private readonly outline: Outline;
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
    const placement = placed(listener, args, results);
    const trace = new Trace(listener, placement, results);
    const left = leftIn(listener, args, placement.bases);
    leave(where, left);
    return { trace, result, left, bases: placement.bases };
  }

  private constructor(listener: Listener, placement: Placement, results: readonly Tensor[]) {
    const { bases, outline } = placement;
    this.gradEnabled = isGradEnabled();
    this.precision = getFloat32MatmulPrecision();
    this.gradients = [...listener.gradients.values()];
    this.outline = outline;
    const { calls, inputs, temporaries, persistent, written } = callsOver(placement, results);
    this.calls = calls;
    this.inputs = inputs;
    this.temporaries = temporaries;
    this.persistent = persistent;
    this.written = written.filter(({ base }) => base.isPersistent);
    this.changesArguments = written.some(({ base }) => base.role === 'argument');

    const passes = ({ values }: Tensor): boolean => bases.passes(values);
    this.leaves = [...listener.leaves].filter(([t]) => !passes(t)).map(([leaf, needsGrad]) => ({ leaf, needsGrad }));
    this.changes = [...listener.changes].filter((t) => !passes(t));
    this.changed = new Set(this.changes.map(({ version }) => version));
    this.guards = [...listener.guards, ...this.leaves.flatMap(({ leaf }) => ownersOf(leaf, listener.guarded))];
    this.live = new LiveNumbers(listener.liveCalls, listener.calls);
    this.liveRows = liveRowsOf(listener, calls);

    // Positions among the recorded calls become positions among the plan's calls.
    const inPlan = countsBefore(calls, listener.calls.length);
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
    return this.outline.length;
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
    const { bases, outline } = placed(listener, args, results);
    leave(where, leftIn(listener, args, bases));
    return differenceOf(outline, this.outline);
  }

  /** Describes the first difference of another trace of the same function; null if there is none. */
  differenceFrom(other: Trace): string | null {
    return differenceOf(other.outline, this.outline);
  }

  /** Makes a plan. Each replay is given the inputs, followed by `pieces`, which contain persistent memory. Persistent memory outside of `pieces` is used in place. */
  plan(pieces: readonly TensorData[] = [], calls: readonly TracedCall[] = this.calls): Plan {
    const inputs = [...this.inputs.map(({ memory }) => memory), ...pieces];
    const temporaries = this.temporaries.map(({ memory }) => memory);
    return atPrecision(this.precision, () => createPlan(calls.map(untraced), temporaries, inputs, this.liveRows));
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
