// A recording of a compiled function: its trace, which is replayed on the tensors' own memory, and the conditions under which a replay does what the
// function would do.
import { isInt32Array } from '../brands';
import { checkAttached, rangeError, SimdnnError, typeError } from '../errors';
import { refuseHeld } from '../holders';
import { allocateFloat, allocateInt, type DType, overlap, type TensorData } from '../memory';
import { finishedCalls, type Plan, replayPlan } from '../native';
import type { Float32MatmulPrecision } from '../precision';
import { randomPosition, setRandomPosition } from '../random';
import { allHold } from '../recorder';
import { sameShape, shapeText } from '../shape';
import { leafChanges, refuseHeldMemory, Tensor, type Version } from '../tensor';
import { type LeafGradient, Listener } from './listener';
import { type CompiledOutput, cut, type Output, partOf, placeIn, rebuilder, tensorsOf } from './outputs';
import type { Packing } from './packing';
import { type Profile, profileOf } from './profile';
import { tableText } from './table';
import { Trace } from './trace';

/** What is required of an argument. An argument that gets a gradient must be the tensor that was recorded; any other only needs its type and shape. */
interface Argument {
  dtype: DType;
  shape: number[];
  tensor: Tensor | null;
  /** The index of the first argument that has the same memory; its own index where there is none before it. */
  sameAs: number;
}

const firstLike = (args: readonly Tensor[], i: number): number => args.findIndex(({ values }) => values === args[i]!.values);

// Copies of the arguments, in memory that nothing else uses: a tensor that the function captured is then never mistaken for an argument, nor one
// argument for another that shares its memory. An argument that gets a gradient is always the same tensor and is not copied.
function apart<A extends readonly Tensor[]>(args: A): A {
  for (const t of args) {
    checkAttached('compile', t.values);
    refuseHeld('compile', t);
  }
  const own = args.map((t) => (t.needsGrad ? t : new Tensor(t.values.slice(), t.shape.slice())));
  return own.map((t, i) => own[args.indexOf(args[i]!)] ?? t) as unknown as A;
}

// A change in place of such a copy counts as a change of the argument. The listener has already copied the values.
function restoreArgument(argument: Tensor, own: Tensor): void {
  if (own !== argument && own.version.count > 0) argument.version.count++;
}

function refuseDifference(difference: string | null): void {
  if (difference === null) return;
  throw new SimdnnError(
    'SIMDNN_RECORDING_DIFFERS',
    `[compile] the function no longer does what was recorded: ${difference}\n  hint: a branch or a number in it depends on something that a recording freezes`,
  );
}

// The arrays by whose length a detached buffer is noticed. One array for each buffer is enough, except for resizable buffers.
function watched(arrays: Iterable<TensorData>): { array: TensorData; length: number }[] {
  const seen = new Set<ArrayBufferLike>();
  const out: { array: TensorData; length: number }[] = [];
  for (const array of arrays) {
    if (array.length === 0 || seen.has(array.buffer)) continue;
    if (!(array.buffer as { resizable?: boolean }).resizable) seen.add(array.buffer);
    out.push({ array, length: array.length });
  }
  return out;
}

type Taken = Omit<ReturnType<typeof Trace.take>, 'result'>;

export class Recording<A extends readonly Tensor[], R extends CompiledOutput> {
  readonly trace: Trace;
  private readonly arguments: Argument[];
  /** The indices of the arguments that are passed to the plan: those that get no gradient, each once. */
  private readonly passed: number[];
  private readonly outputs: Output[];
  private readonly outputMemory: { dtype: DType; length: number }[];
  private readonly rebuild: (fresh: Tensor[]) => unknown;
  private readonly inputs: (TensorData | null)[];
  private readonly persistent: { array: TensorData; length: number }[];
  private readonly gradients: (LeafGradient & { before: Tensor | null })[];
  /** The versions of the tensors that each call changes in place, other than by an optimizer. */
  private readonly changes: Version[];
  private readonly changedArguments: number[];
  /** The persistent memory that is used, and the leaves whose gradients change. A call is refused while a fit works on any of them. */
  private readonly memory: TensorData[];
  private readonly gradientLeaves: Tensor[];
  private readonly plan: Plan;
  private readonly packing: Packing | null;
  private packedPlan: Plan | null = null;
  /** Whether each tensor that a replay returns has new memory of its own. */
  readonly givesFresh: boolean;
  /** If each returned tensor covers a whole piece of new memory: the index of the tensor that has each piece. Such a replay can write its outputs into given memory. */
  private readonly wholes: readonly number[] | null;
  /** Whether it is known that the second call does the same as the first. */
  isVerified: boolean;
  /**
   * The value of `leafChanges` after the last replay, and that at which the leaves were found to fit. While the two and the present value are equal, no leaf
   * has changed and none needs to be checked.
   */
  private left = -1;
  private settled = -1;

  /** Runs the function eagerly and records it. */
  static make<A extends readonly Tensor[], R extends CompiledOutput>(
    fn: (...args: A) => R,
    args: A,
    keepGrad: boolean,
  ): { recording: Recording<A, R>; result: R } {
    const listener = new Listener();
    const own = apart(args);
    listener.mirrors = args.flatMap((t, i) => (own[i] === t ? [] : [{ own: own[i]!.values, original: t.values }]));
    const run = (): R => {
      const result = fn(...own);
      if (typeof (result as { then?: unknown } | null | undefined)?.then === 'function') {
        throw typeError('compile', 'the function returned a promise', 'only synchronous functions can be recorded');
      }
      own.forEach((t, i) => {
        if (t.needsGrad === args[i]!.needsGrad) return;
        throw new SimdnnError(
          'SIMDNN_NOT_RECORDABLE',
          `[compile] the function changed whether argument ${i} requires a gradient: its gradient would be lost\n  hint: requiresGrad_() before the call`,
        );
      });
      return result;
    };
    try {
      const { result, ...taken } = Trace.take('compile', run, own, tensorsOf, listener);
      const recording = new Recording<A, R>(taken, listener, own, result, keepGrad);
      return { recording, result: recording.handOver(args, result) };
    } finally {
      for (let i = 0; i < args.length; i++) restoreArgument(args[i]!, own[i]!);
    }
  }

  private constructor(
    { trace, left, bases }: Taken,
    listener: Listener,
    args: A,
    result: R,
    private readonly keepGrad: boolean,
  ) {
    this.trace = trace;
    this.arguments = args.map(({ dtype, shape, needsGrad }, i) => ({
      dtype,
      shape: shape.slice(),
      tensor: needsGrad ? args[i]! : null,
      sameAs: firstLike(args, i),
    }));
    const memory = trace.inputs.filter(({ role }) => role === 'argument').map((base) => base.memory);
    this.passed = memory.map((own) => args.findIndex(({ values }) => values === own));
    const returned = trace.inputs.slice(memory.length);
    this.outputMemory = returned.map((base) => ({
      dtype: isInt32Array(base.memory) ? 'int32' : 'float32',
      length: base.memory.length,
    }));
    this.outputs = tensorsOf(result).map((t): Output => {
      const argument = args.indexOf(t);
      if (argument >= 0) return { kind: 'argument', index: argument };
      const { base } = bases.of(t.values);
      const region = returned.indexOf(base);
      if (region >= 0) return { kind: 'fresh', region, ...placeIn(base.memory, t) };
      if (base.role !== 'argument') return { kind: 'persistent', tensor: t };
      return { kind: 'part', index: args.findIndex(({ values }) => values === base.memory), ...placeIn(base.memory, t) };
    });
    const regions = new Set(this.outputs.map((output) => (output.kind === 'fresh' ? output.region : -1)));
    this.givesFresh = regions.size === this.outputs.length && !regions.has(-1);
    const wholes = this.outputMemory.map(({ length }, i) =>
      this.outputs.findIndex((output) => output.kind === 'fresh' && output.region === i && output.length === length),
    );
    this.wholes = this.givesFresh && !wholes.includes(-1) ? wholes : null;
    this.rebuild = rebuilder(result);
    this.inputs = trace.inputs.map(() => null);
    this.gradients = trace.gradients.map((g) => ({ ...g, before: g.events[0]!.before }));
    this.persistent = watched(trace.persistent.map((base) => base.memory));
    this.changes = trace.changes.map(({ version }) => version);
    this.memory = trace.persistent.map((base) => base.memory);
    const memoryLeft = new Set([...left].map(({ version }) => version));
    this.gradientLeaves = trace.gradients.flatMap(({ leaf }) => (memoryLeft.has(leaf.version) ? [] : [leaf]));
    this.changedArguments = args.flatMap((t, i) =>
      !t.needsGrad && [...listener.changes].some(({ values }) => overlap(values, t.values)) ? [i] : [],
    );
    this.plan = trace.plan();
    this.packing = trace.packing();
    this.isVerified = !trace.usesPlainTensors;
    this.putGradients();
  }

  /** Whether a call with these arguments would do what was recorded. */
  fits(args: A, gradEnabled: boolean, precision: Float32MatmulPrecision): boolean {
    const { trace } = this;
    if (args.length !== this.arguments.length || gradEnabled !== trace.gradEnabled || precision !== trace.precision) return false;
    for (let i = 0; i < args.length; i++) {
      const now = args[i]!;
      const then = this.arguments[i]!;
      if (now.dtype !== then.dtype || !sameShape(now.shape, then.shape)) return false;
      if (now.needsGrad ? now !== then.tensor : then.tensor !== null) return false;
      if (now.values !== args[then.sameAs]!.values) return false;
      if (then.sameAs === i) for (let j = 0; j < i; j++) if (args[j]!.values === now.values) return false;
      if (now.version.holder !== null) refuseHeld('compile', now);
    }
    if (leafChanges !== this.settled) {
      if (!this.leavesFit()) return false;
      if (leafChanges === this.left) this.settled = leafChanges;
    }
    if (!allHold(trace.guards)) return false;
    return trace.live.read() && this.isAttached();
  }

  // User code that runs during the checks, such as getters of options, may have detached memory.
  private isAttached(): boolean {
    const { persistent } = this;
    for (let i = 0; i < persistent.length; i++) if (persistent[i]!.array.length !== persistent[i]!.length) return false;
    return true;
  }

  private leavesFit(): boolean {
    refuseHeldMemory('compile', this.memory);
    for (const leaf of this.gradientLeaves) refuseHeld('compile', leaf);
    for (const { leaf, needsGrad } of this.trace.leaves) if (leaf.needsGrad !== needsGrad) return false;
    const { gradients } = this;
    for (let i = 0; i < gradients.length; i++) {
      const { leaf, cleared, before, home } = gradients[i]!;
      if (cleared) {
        const seen = leaf.gradient === home && leaf.gradientSeen;
        if (seen || (leaf.gradientHome !== home && leaf.gradient !== home)) return false;
      } else if (leaf.gradient !== before || (before === null && leaf.gradientHome !== home)) {
        return false;
      }
    }
    return true;
  }

  // The result of the recorded run in the form that a replay returns: without autograd history, and with the caller's arguments in place of their copies.
  private handOver(args: A, result: R): R {
    const tensors = tensorsOf(result).map((t, i) => {
      const output = this.outputs[i]!;
      if (output.kind === 'argument') return args[output.index]!;
      if (output.kind === 'part') return partOf(args[output.index]!, output);
      return output.kind === 'fresh' ? new Tensor(t.values, t.shape.slice()) : t;
    });
    return this.rebuild(tensors) as R;
  }

  /**
   * Runs before the first replay, if the function uses a tensor that is neither parameter, buffer, state nor constant. The function is recorded once more
   * without calculating, and must do the same as the first time. This finds a tensor that each call stores in a variable for the next call: a replay would
   * always use the first one.
   */
  verify(fn: (...args: A) => R, args: A): void {
    const own = apart(args);
    refuseDifference(this.trace.differenceNow('compile', () => fn(...own), own, tensorsOf));
    this.isVerified = true;
  }

  /** Whether a replay can write its outputs into this memory instead of new: into the whole of each, and apart from all that it reads. */
  canWrite(outputs: readonly TensorData[], args: A): boolean {
    const { wholes, outputMemory, memory } = this;
    if (wholes === null) return false;
    const isRead = (array: TensorData): boolean =>
      args.some(({ values }) => overlap(values, array)) || memory.some((other) => overlap(other, array));
    return outputMemory.every(({ length }, i) => outputs[wholes[i]!]!.length === length) && !outputs.some(isRead);
  }

  /** Replays the recording with other arguments; its outputs are in new memory, or in that which is given where `canWrite`. */
  replay(args: A, into: readonly TensorData[] | null = null): R {
    const { inputs, passed, outputMemory, trace } = this;
    const { redraws, stepCounters, live } = trace;
    for (let i = 0; i < passed.length; i++) inputs[i] = args[passed[i]!]!.values;
    for (let i = 0; i < outputMemory.length; i++) {
      const { dtype, length } = outputMemory[i]!;
      if (into !== null) inputs[passed.length + i] = into[this.wholes![i]!]!;
      else inputs[passed.length + i] = dtype === 'int32' ? allocateInt(length) : allocateFloat(length);
    }
    const random = redraws.length > 0 ? randomPosition() : null;
    if (random !== null) {
      for (const { redraw } of redraws) redraw();
      live.read();
      if (!this.isAttached()) throw rangeError('compile', 'memory that the function uses was detached while its options were read');
    }
    const plan = this.packing?.isReady() ? this.planOfPacked(this.packing) : this.plan;
    try {
      replayPlan(plan, inputs as TensorData[], live.table);
    } catch (error) {
      // As in eager mode, everything before the failed call has happened: numbers were drawn, optimizers have stepped, gradients were cleared or written.
      const finished = finishedCalls(plan);
      if (random !== null) setRandomPosition(random);
      for (const { redraw, end } of redraws) if (end <= finished) redraw();
      for (const { stepCounter, end } of stepCounters) if (end <= finished) stepCounter.commit(1);
      this.putGradients(finished);
      for (const version of this.changes) version.taken++;
      for (const i of this.changedArguments) args[i]!.version.taken++;
      inputs.fill(null);
      throw error;
    }
    for (let i = 0; i < stepCounters.length; i++) stepCounters[i]!.stepCounter.commit(1);
    for (const version of this.changes) version.count++;
    for (const i of this.changedArguments) args[i]!.version.count++;
    if (leafChanges !== this.settled) {
      this.putGradients();
      this.left = this.keepGrad ? -1 : leafChanges;
    }
    const fresh: Tensor[] = [];
    for (let i = 0; i < this.outputs.length; i++) fresh.push(this.outputFor(this.outputs[i]!, args));
    for (let i = 0; i < inputs.length; i++) inputs[i] = null;
    return this.rebuild(fresh) as R;
  }

  private planOfPacked({ calls }: Packing): Plan {
    this.packedPlan ??= this.trace.plan([], calls);
    return this.packedPlan;
  }

  private outputFor(output: Output, args: A): Tensor {
    switch (output.kind) {
      case 'argument':
        return args[output.index]!;
      case 'persistent':
        return output.tensor;
      case 'part':
        return partOf(args[output.index]!, output);
      default:
        return new Tensor(cut(this.inputs[this.passed.length + output.region]!, output), output.shape.slice());
    }
  }

  // Sets the leaves' gradients as they are after this many calls of the plan. Their memory belongs to the plan and is overwritten by the next replay,
  // which must not change a gradient that the user has read: hence the copy with `keepGrad`.
  private putGradients(finished = Infinity): void {
    const { gradients, keepGrad } = this;
    for (let i = 0; i < gradients.length; i++) {
      const { leaf, events, after: last } = gradients[i]!;
      const next = finished === Infinity ? undefined : events.find(({ at }) => at > finished);
      if (next === events[0]) continue;
      const after = next === undefined ? last : next.before;
      if (leaf.gradientSeen) leaf.rowSet?.fill(); // the user may have written to it, and it is the library's again
      leaf.gradientSeen = false;
      leaf.gradientShared = false;
      leaf.gradientHidden = after !== null && !keepGrad;
      if (after !== null && leaf.gradientHome !== after) leaf.gradientHome = after;
      const gradient = after !== null && keepGrad ? new Tensor(after.values.slice(), after.shape.slice()) : after;
      if (leaf.gradient !== gradient) leaf.gradient = gradient;
    }
  }

  /** Throws if another recording of the same call differs from this one. */
  refuseDifferent(other: Recording<A, R>): void {
    refuseDifference(this.trace.differenceFrom(other.trace));
  }

  /** Measures `n` replays of the plan with copies of these arguments. */
  profile(fn: (...args: Tensor[]) => unknown, args: A, n: number): Profile {
    return profileOf(fn, args, this.trace.gradEnabled, n);
  }

  /** The types and shapes of the arguments. */
  get signature(): string {
    return this.arguments.map(({ dtype, shape }) => `${dtype} ${shapeText(shape)}`).join(', ');
  }

  toString(): string {
    const rows = this.trace.rows(this.packedPlan === null ? undefined : this.packing!.calls);
    const title = `(${this.signature}): ${this.trace.recorded} kernel calls recorded, ${rows.length} in the plan, an arena of ${this.plan.arenaBytes} bytes`;
    return `${title}\n${tableText(rows)}`;
  }
}
