// One recording of a compiled function: what was heard while it ran, made into a plan, and all that must hold for
// the plan to be good.
import { isGradEnabled } from '../autograd';
import { checkAttached, SimdnnError, typeError } from '../errors';
import { liveArguments } from '../kernels.generated';
import { allocateFloat, allocateInt, type DType, liesIn, overlap, type TensorData } from '../memory';
import { createPlan, finishedCalls, type Plan, replayPlan } from '../native';
import { ownersOf } from '../nn/registry';
import { randomPosition, setRandomPosition } from '../random';
import { type Progress, recorder } from '../recorder';
import { sameShape, shapeText } from '../shape';
import { leafChanges, refuseHeld, Tensor, type Version } from '../tensor';
import { withColumns } from './columns';
import { renewals } from './constants';
import { fuse } from './fusion';
import { type Call, isArray, type LeafGradient, Listener } from './listener';
import { LiveNumbers } from './live';
import { type CompiledOutput, cut, type Output, partOf, placeIn, rebuilder, tensorsOf } from './outputs';
import { type Profile, profileOf } from './profile';
import { namesOf, type Row, rowOf, tableText } from './table';

export { Detached, type Results, stretchesOf } from './detached';
export type { CompiledOutput } from './outputs';
export type { Profile, ProfiledCall } from './profile';

/** Whether a recording is under way. */
export const isCompiling = (): boolean => recorder !== null;

// Where two constants differ, in words.
function firstDifference(now: TensorData, then: TensorData): string | null {
  const at = now.findIndex((value, i) => !Object.is(value, then[i]));
  return at < 0 ? null : `${now[at]} instead of ${then[at]}`;
}

// The calls without their memory: names, numbers that are not live, constants, and of other arrays the length.
function outlineOf({ calls, liveCalls, pristine }: Listener): Call[] {
  const outline = calls.map((call) => call.map((arg) => (isArray(arg) ? (pristine.get(arg) ?? arg.length) : arg)) as Call);
  for (const { first, end } of liveCalls) {
    for (const call of outline.slice(first, end)) for (const { index } of liveArguments[call[0]]) call[index + 1] = null;
  }
  return outline;
}

/** What a call's argument must be like. Only one that gets a gradient must be the very tensor that was recorded. */
interface Argument {
  dtype: DType;
  shape: number[];
  tensor: Tensor | null;
  /** The first argument on the same memory. */
  sameAs: number;
}

// The arguments in memory of their own: what the function captured is then never taken for an argument, nor one argument for another that
// shares its memory. One that gets a gradient is always the same tensor and stays itself.
function apart<A extends readonly Tensor[]>(args: A): A {
  for (const { values } of args) checkAttached('compile', values);
  const own = args.map((t) => (t.needsGrad ? t : new Tensor(t.values.slice(), t.shape.slice())));
  return own.map((t, i) => own[args.indexOf(args[i]!)] ?? t) as unknown as A;
}

// What the function changed in place in such a copy counts as a change of the argument, whose values the listener has kept the same.
function putBack(argument: Tensor, own: Tensor): void {
  if (own !== argument && own.version.count > 0) argument.version.count++;
}

// Of arrays whose length changes only when their buffer is detached, one for each buffer.
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

export class Recording<A extends readonly Tensor[], R extends CompiledOutput> {
  private readonly arguments: Argument[];
  private readonly outputs: Output[];
  private readonly outputMemory: { dtype: DType; length: number }[];
  private readonly rebuild: (fresh: Tensor[]) => unknown;
  private readonly inputs: (TensorData | null)[];
  private readonly lasting: { array: TensorData; length: number }[];
  private readonly leaves: { leaf: Tensor; needsGrad: boolean }[];
  private readonly gradients: (LeafGradient & { before: Tensor | null; memory: Tensor | null; after: Tensor | null })[];
  /** Of what each call changes in place, optimizers apart. */
  private readonly changes: Version[];
  private readonly changedArguments: number[];
  /** Whose memory lasts and is read or written: none of them may be held by a fit. */
  private readonly shared: Tensor[];
  private readonly guards: (() => boolean)[];
  private readonly live: LiveNumbers;
  /** What is drawn, and after how many calls of the plan. */
  private readonly redraws: { redraw: () => void; end: number }[];
  /** What is counted along, and after how many calls of the plan. */
  private readonly progresses: { progress: Progress; end: number }[];
  /** What must be the same when the function is recorded again. */
  private readonly outline: Call[];
  private readonly rows: Row[];
  private readonly plan: Plan;
  /** The count of changes with which a replay left the leaves. When it finds them so, and they fit, it need not look at them from then on. */
  private left = -1;
  private settled = -1;

  /** Runs the function eagerly and records it. */
  static make<A extends readonly Tensor[], R extends CompiledOutput>(
    fn: (...args: A) => R,
    args: A,
    keepGrad: boolean,
  ): { recording: Recording<A, R>; result: R } {
    const listener = new Listener();
    const gradEnabled = isGradEnabled();
    const own = apart(args);
    listener.mirrors = args.flatMap((t, i) => (own[i] === t ? [] : [{ own: own[i]!.values, original: t.values }]));
    let result: R;
    try {
      result = listener.run(() => fn(...own));
    } finally {
      for (let i = 0; i < args.length; i++) putBack(args[i]!, own[i]!);
    }
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
    const recording = new Recording<A, R>(listener, own, result, gradEnabled, keepGrad);
    return { recording, result: recording.handOver(args, own, result) };
  }

  private constructor(
    heard: Listener,
    args: A,
    result: R,
    private readonly gradEnabled: boolean,
    private readonly keepGrad: boolean,
  ) {
    const { calls, temporaries } = heard;
    const front = renewals(
      heard,
      tensorsOf(result).map((t) => t.values),
    );
    this.arguments = args.map(({ dtype, shape, needsGrad, values }, i) => ({
      dtype,
      shape: shape.slice(),
      tensor: needsGrad ? args[i]! : null,
      sameAs: args.findIndex((other) => other.values === values),
    }));

    // A leaf's gradient outlives the step: its memory is the leaf's, not the arena's.
    this.gradients = [...heard.gradients.values()].map((g) => ({
      ...g,
      before: g.events[0]!.before,
      memory: g.leaf.gradient ?? g.leaf.gradientHome,
      after: g.leaf.gradient,
    }));
    for (const { memory } of this.gradients) if (memory !== null) temporaries.delete(memory.values);

    const made = [...temporaries];
    const returned: TensorData[] = [];
    this.outputs = tensorsOf(result).map((t): Output => {
      const argument = args.indexOf(t);
      if (argument >= 0) return { kind: 'argument', index: argument };
      if (t.numel === 0) return { kind: 'lasting', tensor: t };
      const index = args.findIndex(({ values }) => liesIn(values, t.values));
      if (index >= 0) return { kind: 'part', index, ...placeIn(args[index]!.values, t) };
      const region = made.find((r) => liesIn(r, t.values));
      if (region === undefined) return { kind: 'lasting', tensor: t };
      if (!returned.includes(region)) returned.push(region);
      temporaries.delete(region);
      return { kind: 'fresh', region: returned.indexOf(region), ...placeIn(region, t) };
    });
    this.outputMemory = returned.map((r) => ({ dtype: r instanceof Int32Array ? 'int32' : 'float32', length: r.length }));
    this.rebuild = rebuilder(result);

    const inputs = [...args.map((t) => t.values), ...returned];
    this.inputs = inputs.map(() => null);
    const fused = [...front, ...withColumns(fuse(calls, temporaries), temporaries)];
    this.live = new LiveNumbers(heard.liveCalls, calls);
    const liveRows = heard.liveCalls.flatMap(({ first, end }) =>
      calls.slice(first, end).flatMap(([name], i) => {
        const call = fused.findIndex(({ from }) => from.includes(first + i));
        return liveArguments[name].map(({ index, counter }): [number, number, boolean] => [call, index, counter]);
      }),
    );
    this.plan = createPlan(
      fused.map(({ call }) => call),
      [...temporaries],
      inputs,
      liveRows,
    );

    const isPassing = (array: TensorData): boolean => made.some((r) => liesIn(r, array)) || args.some((t) => liesIn(t.values, array));
    const arrays = new Set([...calls, ...front.map(({ call }) => call)].flatMap((call) => call.filter(isArray)));
    this.lasting = watched([...arrays].filter((array) => !isPassing(array)));
    this.leaves = [...heard.leaves].filter(([t]) => !isPassing(t.values)).map(([leaf, needsGrad]) => ({ leaf, needsGrad }));
    const changed = [...heard.changes].filter((t) => !isPassing(t.values));
    this.changes = changed.map(({ version }) => version);
    this.shared = [...new Set([...this.leaves, ...this.gradients].map(({ leaf }) => leaf)), ...changed];
    this.changedArguments = args.flatMap((t, i) => ([...heard.changes].some(({ values }) => overlap(values, t.values)) ? [i] : []));
    this.guards = [...heard.guards, ...this.leaves.flatMap(({ leaf }) => ownersOf(leaf, heard.guarded))];
    // What happened after so many recorded calls happens after so many of the plan.
    const inPlan = (at: number): number => fused.filter(({ from }) => from[0]! < at).length;
    this.redraws = heard.redraws.map((redraw, i) => ({ redraw, end: inPlan(heard.redrawsAt[i]!) }));
    this.progresses = heard.progresses.map((progress, i) => ({ progress, end: inPlan(heard.progressEnds[i]!) }));
    for (const { events } of this.gradients) for (const event of events) event.at = inPlan(event.at);
    this.outline = outlineOf(heard);
    const places = new Map<unknown, string>([
      ...[...temporaries].map((t, i): [unknown, string] => [t, `t${i}`]),
      ...args.map((t, i): [unknown, string] => [t.values, `in${i}`]),
      ...returned.map((t, i): [unknown, string] => [t, `out${i}`]),
    ]);
    const names = calls.map(([name]) => name);
    const place = namesOf(places);
    this.rows = fused.map((call) => rowOf(call, names, place));
    this.putGradients();
  }

  /** Whether a call with these arguments would do what was recorded. */
  fits(args: A, gradEnabled: boolean): boolean {
    if (args.length !== this.arguments.length || gradEnabled !== this.gradEnabled) return false;
    for (let i = 0; i < args.length; i++) {
      const now = args[i]!;
      const then = this.arguments[i]!;
      if (now.dtype !== then.dtype || !sameShape(now.shape, then.shape)) return false;
      if (now.needsGrad ? now !== then.tensor : then.tensor !== null) return false;
      if (then.sameAs !== i && now.values !== args[then.sameAs]!.values) return false;
    }
    if (leafChanges !== this.settled) {
      if (!this.leavesFit()) return false;
      if (leafChanges === this.left) this.settled = leafChanges;
    }
    const { lasting, guards } = this;
    for (let i = 0; i < lasting.length; i++) if (lasting[i]!.array.length !== lasting[i]!.length) return false;
    for (let i = 0; i < guards.length; i++) if (!guards[i]!()) return false;
    return this.live.read();
  }

  private leavesFit(): boolean {
    const { leaves, gradients } = this;
    for (const t of this.shared) refuseHeld('compile', t);
    for (const { leaf, needsGrad } of leaves) if (leaf.needsGrad !== needsGrad) return false;
    for (let i = 0; i < gradients.length; i++) {
      const { leaf, cleared, before, memory } = gradients[i]!;
      if (cleared) {
        const seen = leaf.gradient === memory && leaf.gradientSeen;
        if (seen || (leaf.gradientHome !== memory && leaf.gradient !== memory)) return false;
      } else if (leaf.gradient !== before || (before === null && leaf.gradientHome !== memory)) {
        return false;
      }
    }
    return true;
  }

  // The recorded run's result with the caller's own arguments in place of their copies.
  private handOver(args: A, own: A, result: R): R {
    const tensors = tensorsOf(result).map((t, i) => {
      const output = this.outputs[i]!;
      if (output.kind === 'argument') return args[output.index]!;
      return output.kind === 'part' && own[output.index] !== args[output.index] ? partOf(args[output.index]!, output) : t;
    });
    return this.rebuild(tensors) as R;
  }

  /** Does what was recorded, with other arguments. */
  replay(args: A): R {
    const { inputs, outputMemory } = this;
    for (let i = 0; i < args.length; i++) inputs[i] = args[i]!.values;
    for (let i = 0; i < outputMemory.length; i++) {
      const { dtype, length } = outputMemory[i]!;
      inputs[args.length + i] = dtype === 'int32' ? allocateInt(length) : allocateFloat(length);
    }
    const random = this.redraws.length > 0 ? randomPosition() : null;
    if (random !== null) {
      for (const { redraw } of this.redraws) redraw();
      this.live.read();
    }
    try {
      replayPlan(this.plan, inputs as TensorData[], this.live.table);
    } catch (error) {
      // As in eager mode, what came before has happened: numbers were drawn, optimizers have stepped, gradients were cleared or made.
      const finished = finishedCalls(this.plan);
      if (random !== null) setRandomPosition(random);
      for (const { redraw, end } of this.redraws) if (end <= finished) redraw();
      for (const { progress, end } of this.progresses) if (end <= finished) progress.commit(1);
      this.putGradients(finished);
      inputs.fill(null);
      throw error;
    }
    for (let i = 0; i < this.progresses.length; i++) this.progresses[i]!.progress.commit(1);
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

  private outputFor(output: Output, args: A): Tensor {
    switch (output.kind) {
      case 'argument':
        return args[output.index]!;
      case 'lasting':
        return output.tensor;
      case 'part':
        return partOf(args[output.index]!, output);
      default:
        return new Tensor(cut(this.inputs[args.length + output.region]!, output), output.shape.slice());
    }
  }

  // What the function leaves as the leaves' gradients after so many calls of the plan. Their memory belongs to the plan: the user may not
  // see it change at the next replay.
  private putGradients(finished = Infinity): void {
    const { gradients, keepGrad } = this;
    for (let i = 0; i < gradients.length; i++) {
      const { leaf, events, after: last } = gradients[i]!;
      const next = finished === Infinity ? undefined : events.find(({ at }) => at > finished);
      if (next === events[0]) continue;
      const after = next === undefined ? last : next.before;
      leaf.gradientSeen = false;
      leaf.gradientShared = false;
      leaf.gradientHidden = after !== null && !keepGrad;
      if (after !== null && leaf.gradientHome !== after) leaf.gradientHome = after;
      const gradient = after !== null && keepGrad ? new Tensor(after.values.slice(), after.shape.slice()) : after;
      if (leaf.gradient !== gradient) leaf.gradient = gradient;
    }
  }

  /** What another recording of the same call does otherwise, in words; null when nothing. */
  differenceFrom(other: Recording<A, R>): string | null {
    const [now, then] = [other.outline, this.outline];
    if (now.length !== then.length) return `${now.length} kernel calls instead of ${then.length}`;
    for (let c = 0; c < now.length; c++) {
      const [a, b] = [now[c]!, then[c]!];
      if (a[0] !== b[0]) return `call ${c} is ${a[0]} instead of ${b[0]}`;
      for (let i = 1; i < a.length; i++) {
        if (a[i] === b[i]) continue;
        if (typeof a[i] === 'number') return `call ${c}, ${a[0]}, has ${a[i]} instead of ${b[i]}`;
        const differs = isArray(a[i]) && isArray(b[i]) ? firstDifference(a[i] as TensorData, b[i] as TensorData) : null;
        if (differs !== null) return `call ${c}, ${a[0]}, has a constant with ${differs}`;
      }
    }
    return null;
  }

  /** Replays the plan `n` times on copies, with a clock. */
  profile(fn: (...args: Tensor[]) => unknown, n: number): Profile {
    return profileOf(fn, this.arguments, this.gradEnabled, n);
  }

  toString(): string {
    const args = this.arguments.map(({ dtype, shape }) => `${dtype} ${shapeText(shape)}`).join(', ');
    const title = `(${args}): ${this.outline.length} kernel calls recorded, ${this.rows.length} in the plan, an arena of ${this.plan.arenaBytes} bytes`;
    return `${title}\n${tableText(this.rows)}`;
  }
}
