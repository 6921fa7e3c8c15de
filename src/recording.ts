// One recording of a compiled function: what was heard while it ran, made into a plan, and all that must hold for
// the plan to be good.
import { isGradEnabled } from './autograd';
import { SimdnnError, typeError } from './errors';
import { type KernelTable, kernelNames, liveArguments } from './kernels.generated';
import { allocateFloat, allocateInt, type TensorData } from './memory';
import { createPlan, eagerKernels as eager, type Plan, replayPlan, setKernels } from './native';
import { ownersOf } from './nn/registry';
import { type Recorder, recorder, setRecorder } from './recorder';
import { sameShape, shapeText } from './shape';
import { Tensor } from './tensor';

/** What a compiled function may return: nothing, a tensor, or a list or record of tensors. */
export type CompiledOutput = Tensor | readonly Tensor[] | { readonly [name: string]: Tensor } | null | undefined;

type Name = keyof KernelTable;
type Call = [name: Name, ...args: unknown[]];

/** Whether a recording is under way. */
export const isCompiling = (): boolean => recorder !== null;

// A table of kernels that hands each call to `take`.
const tableOf = (take: (name: Name, args: unknown[]) => void): KernelTable =>
  Object.fromEntries(kernelNames.map((name) => [name, (...args: unknown[]) => take(name, args)])) as unknown as KernelTable;

// Calls made only to learn their numbers.
let heard: Call[] = [];
const listening = tableOf((name, args) => void heard.push([name, ...args]));

function callsOf(issue: () => void): Call[] {
  heard = [];
  setKernels(listening);
  try {
    issue();
  } finally {
    setKernels(eager);
  }
  return heard;
}

/** Calls from `first` to `end` whose live numbers come from `issue`. */
interface LiveCalls {
  issue: () => void;
  first: number;
  end: number;
}

/** What happened to a leaf's gradient: how it was found, and the memory that the plan writes it to. */
interface LeafGradient {
  leaf: Tensor;
  /** Cleared before anything else was done with it. */
  cleared: boolean;
  /** What it was before the first event. */
  before: Tensor | null;
}

// Listens to one run of the function.
class Listener implements Recorder {
  readonly calls: Call[] = [];
  readonly temporaries = new Set<TensorData>();
  readonly liveCalls: LiveCalls[] = [];
  readonly redraws: (() => void)[] = [];
  readonly commits: (() => void)[] = [];
  readonly guards: (() => boolean)[] = [];
  readonly leaves = new Map<Tensor, boolean>();
  readonly gradients = new Map<Tensor, LeafGradient>();

  readonly kernels = tableOf((name, args) => {
    (eager[name] as (...args: unknown[]) => void)(...args);
    this.calls.push([name, ...args]);
  });

  allocated(array: TensorData): void {
    this.temporaries.add(array);
  }
  live(issue: () => void): void {
    const first = this.calls.length;
    issue();
    this.liveCalls.push({ issue, first, end: this.calls.length });
  }
  drawn(redraw: () => void): void {
    this.redraws.push(redraw);
  }
  after(commit: () => void): void {
    this.commits.push(commit);
  }
  used(leaf: Tensor): void {
    if (!this.leaves.has(leaf)) this.leaves.set(leaf, leaf.needsGrad);
  }
  gradient(leaf: Tensor, event: 'clear' | 'use'): void {
    if (!this.gradients.has(leaf)) this.gradients.set(leaf, { leaf, cleared: event === 'clear', before: leaf.gradient });
  }
  reading(what: string): void {
    throw new SimdnnError(
      'SIMDNN_READ_WHILE_RECORDING',
      `[${what}] a value cannot be read inside a compiled function: what depends on it would be frozen\n  hint: return the tensor and read it outside`,
    );
  }
  guard(holds: () => boolean): void {
    this.guards.push(holds);
  }
}

const tensorsOf = (result: unknown): Tensor[] => {
  if (result === null || result === undefined) return [];
  const list = result instanceof Tensor ? [result] : Object.values(result as object);
  for (const t of list)
    if (!(t instanceof Tensor)) throw typeError('compile', 'expected the function to return tensors, or a list or record of them');
  return list;
};

// The result again, with `fresh` in place of its tensors.
const rebuild = (result: unknown, fresh: Tensor[]): unknown => {
  if (result === null || result === undefined) return result;
  if (result instanceof Tensor) return fresh[0];
  if (Array.isArray(result)) return fresh;
  return Object.fromEntries(Object.keys(result as object).map((name, i) => [name, fresh[i]]));
};

const holds = (region: TensorData, array: TensorData): boolean =>
  region.buffer === array.buffer &&
  array.byteOffset >= region.byteOffset &&
  array.byteOffset + array.byteLength <= region.byteOffset + region.byteLength;

/** A tensor that the function returns: an argument or another lasting tensor, or one made anew at each replay. */
interface Output {
  shape: number[];
  lasting: Tensor | null;
  argument: number;
  /** The memory it lies in, among the outputs' regions, and where in it. */
  region: number;
  begin: number;
  length: number;
}

export class Recording<A extends readonly Tensor[], R extends CompiledOutput> {
  private readonly inputs: TensorData[] = [];
  private readonly lasting: { array: TensorData; length: number }[];
  private readonly liveRows: { call: number; argument: number; counter: boolean }[] = [];
  private readonly liveTable: Float64Array;
  private readonly gradients: (LeafGradient & { memory: Tensor | null; after: Tensor | null })[];
  private readonly leaves: [Tensor, boolean][];
  private readonly guards: (() => boolean)[];
  private readonly plan: Plan;

  /** Runs the function eagerly and records it. */
  static make<A extends readonly Tensor[], R extends CompiledOutput>(
    fn: (...args: A) => R,
    args: A,
    keepGrad: boolean,
  ): { recording: Recording<A, R>; result: R } {
    const listener = new Listener();
    const gradEnabled = isGradEnabled();
    let result: R;
    setRecorder(listener);
    setKernels(listener.kernels);
    try {
      result = fn(...args);
    } finally {
      setRecorder(null);
      setKernels(eager);
    }
    if (typeof (result as { then?: unknown } | null | undefined)?.then === 'function') {
      throw typeError('compile', 'the function returned a promise', 'only synchronous functions can be recorded');
    }
    return { recording: new Recording<A, R>(listener, args, result, gradEnabled, keepGrad), result };
  }

  private constructor(
    private readonly heard: Listener,
    private readonly args: A,
    private readonly result: R,
    private readonly gradEnabled: boolean,
    private readonly keepGrad: boolean,
  ) {
    const { calls, temporaries, liveCalls } = heard;
    // A leaf's gradient outlives the step: its memory is the leaf's, not the arena's.
    this.gradients = [...heard.gradients.values()].map((g) => ({
      ...g,
      memory: g.leaf.gradient ?? g.leaf.gradientHome,
      after: g.leaf.gradient,
    }));
    for (const { memory } of this.gradients) if (memory !== null) temporaries.delete(memory.values);

    const regions = [...temporaries];
    const returned: TensorData[] = [];
    this.outputs = tensorsOf(result).map((t) => {
      const region = regions.find((r) => holds(r, t.values));
      const output: Output = { shape: t.shape, lasting: null, argument: args.indexOf(t), region: -1, begin: 0, length: t.numel };
      if (region === undefined) {
        output.lasting = t;
      } else {
        if (!returned.includes(region)) returned.push(region);
        output.region = returned.indexOf(region);
        output.begin = (t.values.byteOffset - region.byteOffset) / 4;
        temporaries.delete(region);
      }
      return output;
    });
    this.returned = returned;
    this.inputs = [...args.map((t) => t.values), ...returned];

    for (const { first, end } of liveCalls) {
      for (let call = first; call < end; call++) {
        for (const { index, counter } of liveArguments[calls[call]![0]]) this.liveRows.push({ call, argument: index, counter });
      }
    }
    this.liveTable = new Float64Array(this.liveRows.length);
    this.plan = createPlan(
      calls,
      [...temporaries],
      this.inputs,
      this.liveRows.map(({ call, argument, counter }) => [call, argument, counter]),
    );
    const isInside = (array: TensorData): boolean => regions.includes(array) || args.some((t) => holds(t.values, array));
    const arrays = new Set(
      calls.flatMap((call) => call.filter((arg): arg is TensorData => arg instanceof Float32Array || arg instanceof Int32Array)),
    );
    this.lasting = [...arrays].filter((array) => !isInside(array)).map((array) => ({ array, length: array.length }));
    this.leaves = [...heard.leaves].filter(([t]) => !isInside(t.values));
    this.guards = [...heard.guards, ...this.leaves.flatMap(([t]) => ownersOf(t))];
    this.hideGradients();
  }

  private readonly outputs: Output[];
  private readonly returned: TensorData[];

  /** Whether a call with these arguments would do what was recorded. */
  fits(args: A, gradEnabled: boolean): boolean {
    if (args.length !== this.args.length || gradEnabled !== this.gradEnabled) return false;
    for (let i = 0; i < args.length; i++) {
      const [now, then] = [args[i]!, this.args[i]!];
      if (now.dtype !== then.dtype || now.needsGrad !== then.needsGrad || !sameShape(now.shape, then.shape)) return false;
      if (now.needsGrad && now !== then) return false; // its gradient goes to the tensor that was recorded
      for (let j = 0; j < i; j++) if (then.values === this.args[j]!.values && now.values !== args[j]!.values) return false;
    }
    for (const [leaf, needsGrad] of this.leaves) if (leaf.needsGrad !== needsGrad) return false;
    for (const { leaf, cleared, before, memory } of this.gradients) {
      if (cleared) {
        const seen = leaf.gradient === memory && leaf.gradientSeen;
        if (seen || (leaf.gradientHome !== memory && leaf.gradient !== memory)) return false;
      } else if (leaf.gradient !== before || (before === null && leaf.gradientHome !== memory)) {
        return false;
      }
    }
    for (const { array, length } of this.lasting) if (array.length !== length) return false;
    for (const guard of this.guards) if (!guard()) return false;
    return this.takeLive(true);
  }

  /** Does what was recorded, with other arguments. */
  replay(args: A): R {
    const { inputs, heard } = this;
    for (let i = 0; i < args.length; i++) inputs[i] = args[i]!.values;
    for (let i = 0; i < this.returned.length; i++) {
      const like = this.returned[i]!;
      inputs[args.length + i] = like instanceof Int32Array ? allocateInt(like.length) : allocateFloat(like.length);
    }
    if (heard.redraws.length > 0) {
      for (const redraw of heard.redraws) redraw();
      this.takeLive(false);
    }
    replayPlan(this.plan, inputs, this.liveTable);
    for (const commit of heard.commits) commit();
    for (const { leaf, after } of this.gradients) {
      leaf.gradient = after;
      leaf.gradientSeen = false;
      leaf.gradientShared = false;
      leaf.gradientHidden = false;
    }
    this.hideGradients();
    const fresh = this.outputs.map((o): Tensor => {
      if (o.argument >= 0) return args[o.argument]!;
      if (o.lasting !== null) return o.lasting;
      const memory = inputs[args.length + o.region]!;
      return new Tensor(memory.length === o.length ? memory : memory.subarray(o.begin, o.begin + o.length), o.shape.slice());
    });
    return rebuild(this.result, fresh) as R;
  }

  // Reads the live numbers. With `check`, false when anything else about these calls has changed.
  private takeLive(check: boolean): boolean {
    let row = 0;
    for (const { issue, first, end } of this.heard.liveCalls) {
      const calls = callsOf(issue);
      if (calls.length !== end - first) return false;
      for (let c = 0; c < calls.length; c++) {
        const now = calls[c]!;
        const then = this.heard.calls[first + c]!;
        if (now[0] !== then[0]) return false;
        const numbers = liveArguments[now[0]];
        for (const { index } of numbers) this.liveTable[row++] = now[index + 1] as number;
        if (!check) continue;
        for (let a = 1, n = 0; a < now.length; a++) {
          if (n < numbers.length && numbers[n]!.index === a - 1) n++;
          else if (now[a] !== then[a]) return false;
        }
      }
    }
    return true;
  }

  // The gradients' memory belongs to the plan: the user may not see it change at the next replay.
  private hideGradients(): void {
    for (const { leaf, after } of this.gradients) {
      if (after === null) continue;
      leaf.gradientHome = after;
      if (this.keepGrad) {
        leaf.gradient = new Tensor(after.values.slice(), after.shape.slice());
        leaf.gradientSeen = false;
      } else {
        leaf.gradientHidden = true;
      }
    }
  }

  /** What another recording of the same call does otherwise, in words; null when nothing. */
  differenceFrom(other: Recording<A, R>): string | null {
    const [now, then] = [other.heard.calls, this.heard.calls];
    for (let c = 0; c < Math.max(now.length, then.length); c++) {
      const [a, b] = [now[c], then[c]];
      if (a === undefined || b === undefined) return `${now.length} kernel calls instead of ${then.length}`;
      if (a[0] !== b[0]) return `call ${c} is ${a[0]} instead of ${b[0]}`;
      const live = new Set(liveArguments[a[0]].map(({ index }) => index + 1));
      for (let i = 1; i < a.length; i++) {
        if (typeof a[i] === 'number' && !live.has(i) && a[i] !== b[i]) return `call ${c}, ${a[0]}, has ${a[i]} instead of ${b[i]}`;
      }
    }
    return null;
  }

  toString(): string {
    const rows = this.heard.calls.map(([name, ...args], i) => {
      const sizes = args
        .filter((arg) => arg instanceof Float32Array || arg instanceof Int32Array)
        .map((array) => (array as TensorData).length);
      const numbers = args.filter((arg) => typeof arg === 'number');
      return `${String(i).padStart(4)}  ${name.padEnd(24)} ${sizes.join(' ')}  (${numbers.join(', ')})`;
    });
    const args = this.args.map((t) => `${t.dtype} ${shapeText(t.shape)}`).join(', ');
    return [`(${args}): ${rows.length} kernel calls, an arena of ${this.plan.arenaBytes} bytes`, ...rows].join('\n');
  }
}
