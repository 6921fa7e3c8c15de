// What a function of tensors does, as data: its kernel calls over memory that is known, what it leaves behind, and what must hold for it to do the
// same again. Compiled functions, fits, evaluations and predictions are all made of it.
import { isGradEnabled } from '../autograd';
import { ignoringHolders } from '../holders';
import type { TensorData } from '../memory';
import { createPlan, type Plan } from '../native';
import { Parameter } from '../nn/parameter';
import { ownersOf } from '../nn/registry';
import { atPrecision, type Float32MatmulPrecision, getFloat32MatmulPrecision } from '../precision';
import { atRandomPosition, type RandomPosition, randomPosition } from '../random';
import type { Progress } from '../recorder';
import type { Tensor } from '../tensor';
import { Bases } from './bases';
import { Base, isValue, liveArguments, type TracedCall, traced, untraced, type Value, writtenBy } from './calls';
import { withColumns } from './columns';
import { renewal } from './constants';
import { fuse } from './fusion';
import { leave } from './left';
import { type LeafGradient, Listener } from './listener';
import { LiveNumbers } from './live';
import { differenceOf, type Outline, outlineOf } from './outline';
import { Packing } from './packing';
import { type SourcesHeard, sourcesHeardBy, sourcesOf } from './sources';
import { namesOf, type Row, rowOf } from './table';

// Runs `fn` and hears it; with a dry listener the state of tensors, optimizers and random numbers stays as it was.
export const hear = <R>(heard: Listener, fn: () => R): R =>
  heard.dry ? ignoringHolders(() => atRandomPosition(randomPosition(), () => heard.run(fn))) : heard.run(fn);

// What was heard, as calls over pieces of memory.
export function placed(heard: Listener, args: readonly Tensor[], results: readonly Tensor[]) {
  for (const { home } of heard.gradients.values()) {
    if (home === null) continue;
    heard.temporaries.delete(home.values); // a leaf's gradient outlasts the step: its memory is the leaf's
    heard.memory(home.values, 'gradient');
  }
  for (const leaf of heard.leaves.keys()) if (leaf.needsGrad || leaf instanceof Parameter) heard.memory(leaf.values, 'parameter');

  // One that gets a gradient is always the same tensor: it lasts.
  const own = new Set(args.filter((t) => !t.needsGrad).map(({ values }) => values));
  const passed = [...own].map((memory) => new Base(memory, 'argument'));
  const made = [...heard.temporaries].map((memory) => new Base(memory, 'temporary'));
  const constants = [...heard.pristine].map(([memory, pristine]) => ({ base: new Base(memory, 'constant'), pristine }));
  const known = [...passed, ...made, ...constants.map(({ base }) => base)];
  const { arrays } = heard;
  for (const { values } of results) arrays.add(values);
  const bases = new Bases(known, arrays, heard.roles, heard.shapes);
  const recorded = heard.calls.map((call, i) => traced(call, i, (array) => bases.of(array)));
  return { passed, constants, bases, recorded, outline: outlineOf(recorded, heard) };
}

type Placement = ReturnType<typeof placed>;

// Tensors on memory that a replay makes anew.
function leftIn(heard: Listener, args: readonly Tensor[], bases: Bases): Set<Tensor> {
  const left = new Set<Tensor>();
  for (const tensors of [heard.tensors, args]) for (const tensor of tensors) if (bases.passes(tensor.values)) left.add(tensor);
  return left;
}

// For each number of recorded calls, 0 included, how many of the plan's begin with one of so many first ones.
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

// The calls of a replay, and the memory that they use. Apart from what a trace keeps besides, so that the machine code of either is made, and made
// anew, by itself: that of all at once took the compiler 200 ms, five times before it fitted all traces that a process makes.
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

  const calls = [...renewals, ...withColumns(fuse(recorded))];
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

// Where the numbers of recorded calls that differ from replay to replay are in the plan.
function liveRowsOf(heard: Listener, calls: readonly TracedCall[]): LiveRow[] {
  return heard.liveCalls.flatMap(({ first, end }) =>
    heard.calls.slice(first, end).flatMap(([name], i) => {
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
  /** The calls of a replay: those that were recorded, joined where one kernel does the work of several. */
  readonly calls: readonly TracedCall[];
  /** Memory that is made anew for each replay: the arguments, but for those that get a gradient, and what the function returns. */
  readonly inputs: readonly Base[];
  /** Memory whose values outlast a replay, and those parts of it that a replay changes. */
  readonly persistent: readonly Base[];
  readonly written: readonly Value[];
  /** Whether it changes an argument in place. */
  readonly changesArguments: boolean;
  /** The leaves that the function used, with their need of a gradient, and those whose gradients it cleared, read or wrote. */
  readonly leaves: readonly { leaf: Tensor; needsGrad: boolean }[];
  readonly gradients: readonly LeafGradient[];
  /** What it changed in place, but by an optimizer. */
  readonly changes: readonly Tensor[];
  readonly guards: readonly (() => boolean)[];
  readonly live: LiveNumbers;
  /** What is drawn, and what is counted along, each with the number of the plan's calls before it. */
  readonly redraws: readonly { redraw: () => void; end: number }[];
  readonly progresses: readonly { progress: Progress; end: number }[];
  /** Philox counters that a replay uses. */
  readonly draws: number;
  readonly gradEnabled: boolean;
  /** How its products take their operands. */
  readonly precision: Float32MatmulPrecision;

  private readonly temporaries: readonly Base[];
  private readonly liveRows: LiveRow[];
  /** What must come out when the function is recorded again. */
  private readonly outline: Outline;
  private readonly sourcesHeard: SourcesHeard;

  /**
   * Runs `fn` and records it. `args` are of the trace's own, but for those that get a gradient; `resultsOf` names the tensors in what `fn` gives.
   * With `dry` nothing is calculated, and the state of tensors, optimizers and random numbers stays as it was. Beside the trace, which keeps nothing of
   * the run that it does not need: the tensors that hold nothing after a replay, and where arrays lie.
   */
  static take<R>(
    where: string,
    fn: () => R,
    args: readonly Tensor[],
    resultsOf: (result: R) => readonly Tensor[],
    heard: Listener,
  ): { trace: Trace; result: R; left: ReadonlySet<Tensor>; bases: Bases } {
    const result = hear(heard, fn);
    const results = resultsOf(result);
    const placement = placed(heard, args, results);
    const trace = new Trace(heard, placement, results);
    const left = leftIn(heard, args, placement.bases);
    leave(where, left);
    return { trace, result, left, bases: placement.bases };
  }

  private constructor(heard: Listener, placement: Placement, results: readonly Tensor[]) {
    const { bases, outline } = placement;
    this.gradEnabled = isGradEnabled();
    this.precision = getFloat32MatmulPrecision();
    this.gradients = [...heard.gradients.values()];
    this.outline = outline;
    const { calls, inputs, temporaries, persistent, written } = callsOver(placement, results);
    this.calls = calls;
    this.inputs = inputs;
    this.temporaries = temporaries;
    this.persistent = persistent;
    this.written = written.filter(({ base }) => base.isPersistent);
    this.changesArguments = written.some(({ base }) => base.role === 'argument');

    const passes = ({ values }: Tensor): boolean => bases.passes(values);
    this.leaves = [...heard.leaves].filter(([t]) => !passes(t)).map(([leaf, needsGrad]) => ({ leaf, needsGrad }));
    this.changes = [...heard.changes].filter((t) => !passes(t));
    this.guards = [...heard.guards, ...this.leaves.flatMap(({ leaf }) => ownersOf(leaf, heard.guarded))];
    this.live = new LiveNumbers(heard.liveCalls, heard.calls);
    this.liveRows = liveRowsOf(heard, calls);

    // What happened after so many recorded calls happens after so many of the plan.
    const inPlan = countsBefore(calls, heard.calls.length);
    this.redraws = heard.redraws.map((redraw, i) => ({ redraw, end: inPlan[heard.redrawsAt[i]!]! }));
    this.progresses = heard.progresses.map((progress, i) => ({ progress, end: inPlan[heard.progressEnds[i]!]! }));
    for (const { events } of this.gradients) for (const event of events) event.at = inPlan[event.at]!;
    this.draws = drawsOf(heard.redraws);
    this.sourcesHeard = sourcesHeardBy(heard);
  }

  /** Whether it uses a tensor that is no parameter, buffer, state or constant: one that an earlier call may have left, and a later one may replace. */
  get usesPlainTensors(): boolean {
    return this.persistent.some(({ role }) => role === 'captured');
  }

  /** The calls with packed weights, where it only infers and that is worth it. */
  packing(): Packing | null {
    const leaves = this.leaves.map(({ leaf }) => leaf);
    return this.gradients.length === 0 ? Packing.of(this.calls, leaves, this.written) : null;
  }

  /** How many kernel calls were recorded. */
  get recorded(): number {
    return this.outline.length;
  }

  /** What the function does otherwise when it is run once more, dry, on other tensors of the trace's own: in words; null when nothing. */
  differenceNow<R>(where: string, fn: () => R, args: readonly Tensor[], resultsOf: (result: R) => readonly Tensor[]): string | null {
    const heard = new Listener(true, false);
    const results = resultsOf(hear(heard, fn));
    const { bases, outline } = placed(heard, args, results);
    leave(where, leftIn(heard, args, bases));
    return differenceOf(outline, this.outline);
  }

  /** What another trace of the same function does otherwise, in words; null when nothing. */
  differenceFrom(other: Trace): string | null {
    return differenceOf(other.outline, this.outline);
  }

  /** A plan that is given the inputs, and behind them `pieces`, in which persistent memory may lie, at each replay. Other persistent memory it uses in place. */
  plan(pieces: readonly TensorData[] = [], calls: readonly TracedCall[] = this.calls): Plan {
    const inputs = [...this.inputs.map(({ memory }) => memory), ...pieces];
    const temporaries = this.temporaries.map(({ memory }) => memory);
    return atPrecision(this.precision, () => createPlan(calls.map(untraced), temporaries, inputs, this.liveRows));
  }

  /** The live numbers of the next step when the random numbers stand at `random`; null when they are no longer as recorded. */
  numbers(random: RandomPosition): number[] | null {
    return atRandomPosition(random, () => {
      for (const { redraw } of this.redraws) redraw();
      return ignoringHolders(() => this.live.read()) ? Array.from(this.live.table) : null;
    });
  }

  /** What it returns puts back what is counted now. */
  keep(): () => void {
    const putBack = this.progresses.map(({ progress }) => progress.keep());
    const counts = this.changes.map(({ version }) => version.count);
    return () => {
      for (const restore of putBack) restore();
      for (const [i, { version }] of this.changes.entries()) version.count = counts[i]!;
    };
  }

  /** What `read` returns as if one more step had been done. */
  peek<T>(read: () => T): T {
    const putBack = this.keep();
    try {
      this.commit(1);
      return read();
    } finally {
      putBack();
    }
  }

  /** Whether whoever counts says that the numbers of many steps are known ahead. */
  get steady(): boolean {
    return this.progresses.every(({ progress }) => progress.steady());
  }

  /** Counts steps that were done. */
  commit(steps: number): void {
    if (steps === 0) return;
    for (const { progress } of this.progresses) progress.commit(steps);
    for (const version of new Set(this.changes.map((t) => t.version))) version.count += steps;
  }

  /** The calls of a replay, for people. */
  rows(calls: readonly TracedCall[] = this.calls): Row[] {
    const place = namesOf(this.temporaries, this.inputs);
    const sources = sourcesOf(this.sourcesHeard);
    return calls.map((call) => rowOf(call, sources, place));
  }

  /** A call in words: kernel, operation, module, shapes, numbers. */
  callText(call: number): string {
    const { kernel, operation, module, buffers, numbers, fused } = rowOf(this.calls[call]!, sourcesOf(this.sourcesHeard), () => 'array');
    const words = [kernel, fused, operation && `of ${operation}`, module && `in ${module}`, `(${buffers}; ${numbers})`];
    return words.filter((word) => word !== '').join(' ');
  }
}
