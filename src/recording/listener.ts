// Records everything that one run of a function does.
import { SimdnnError } from '../errors';
import { type KernelTable, kernelNames } from '../kernels.generated';
import { overlap, type TensorData } from '../memory';
import { eagerKernels, setKernels } from '../native';
import { hearForwards } from '../nn/forwards';
import { getFloat32MatmulPrecision } from '../precision';
import { type Recorder, type StepCounter, setRecorder } from '../recorder';
import type { Tensor } from '../tensor';
import { arraysOf, type RawCall, type Role, writtenArrays } from './calls';

// A kernel table whose functions pass each call to `take`.
const tableOf = (take: (call: RawCall) => void): KernelTable =>
  Object.fromEntries(kernelNames.map((name) => [name, (...args: unknown[]) => take([name, ...args])])) as unknown as KernelTable;

/** The calls `first` (inclusive) to `end` (exclusive). Calling `issue` makes them again, with the live numbers of that moment; see `live` of a Recorder. */
export interface LiveCalls {
  issue: (first: boolean) => void;
  alike: boolean;
  first: number;
  end: number;
  /** The counter that advances once they are done. */
  stepCounter: StepCounter | null;
}

/** The fields of a leaf that describe its gradient. */
export interface GradientState {
  gradient: Tensor | null;
  gradientShared: boolean;
  gradientHidden: boolean;
  gradientSeen: boolean;
  gradientHome: Tensor | null;
}

const gradientState = ({ gradient, gradientShared, gradientHidden, gradientSeen, gradientHome }: Tensor): GradientState => ({
  gradient,
  gradientShared,
  gradientHidden,
  gradientSeen,
  gradientHome,
});

// Restores a leaf's gradient. The memory that the recording gave it is kept, so that the next recording finds the same.
function restoreGradient({ leaf, state, home }: LeafGradient): void {
  leaf.gradient = state.gradient;
  leaf.gradientShared = state.gradientShared;
  leaf.gradientHidden = state.gradientHidden;
  leaf.gradientSeen = state.gradientSeen;
  leaf.gradientHome = state.gradientHome;
  if (home !== state.gradient) leaf.gradientHome ??= home;
}

/** How the function used a leaf's gradient. */
export interface LeafGradient {
  leaf: Tensor;
  /** The gradient before the first event. */
  state: GradientState;
  /** The gradient when the function had ended, and the memory that was then kept for the next one. */
  after: Tensor | null;
  home: Tensor | null;
  /** Whether the first thing that was done with it was to clear it. */
  cleared: boolean;
  /** For each time that it was cleared, read or written: the gradient before, and the number of calls made until then. */
  events: { at: number; before: Tensor | null }[];
}

let listening: Listener | null = null;
const hearingKernels = tableOf((call) => listening!.take(call));

export class Listener implements Recorder {
  readonly calls: RawCall[] = [];
  /** For each call: the operation that made it, and the module in whose `forward` it was made. */
  readonly operations: string[] = [];
  readonly modules: (object | null)[] = [];
  /** Modules whose `forward` was called directly, not by another module's. */
  readonly outermost = new Set<object>();
  /** The tensors that were made, in order. */
  readonly tensors: Tensor[] = [];
  readonly temporaries = new Set<TensorData>();
  readonly roles = new Map<TensorData, Role>();
  readonly shapes = new Map<TensorData, readonly number[]>();
  readonly liveCalls: LiveCalls[] = [];
  readonly redraws: (() => void)[] = [];
  /** For each of `redraws`: the number of calls made before it. */
  readonly redrawsAt: number[] = [];
  readonly stepCounters: StepCounter[] = [];
  /** For each of `stepCounters`: the number of calls made before it. */
  readonly stepCounterEnds: number[] = [];
  readonly guards: (() => boolean)[] = [];
  private readonly ends: (() => void)[] = [];
  /** Modules that have guards for all their parameters. */
  readonly guarded = new Set<object>();
  readonly leaves = new Map<Tensor, boolean>();
  readonly changes = new Set<Tensor>();
  /** The version counts of changed tensors before the first change. */
  private readonly counts = new Map<Tensor['version'], number>();
  /** For each constant, a copy of the values with which JavaScript made it. */
  readonly pristine = new Map<TensorData, TensorData>();
  readonly gradients = new Map<Tensor, LeafGradient>();

  /** The precision of its products; a plan has a single one. */
  private readonly precision = getFloat32MatmulPrecision();
  private readonly running: object[] = [];
  private readonly moduleOf = new WeakMap<object, object>();
  private readonly unfinished: TensorData[] = [];
  /** Copies of arguments, which the function is called with in place of the originals. A write to one of them is copied to the other. */
  mirrors: { own: TensorData; original: TensorData }[] = [];

  /**
   * With `dry` the calls are recorded but not executed: nothing is calculated, and no step is counted. `watches` says whether the recording needs guards,
   * conditions under which it stays valid.
   */
  constructor(
    readonly dry = false,
    readonly watches = true,
  ) {}

  /** Records a kernel call, and executes it unless the listener is dry. */
  take(call: RawCall): void {
    this.refuseOtherPrecision();
    this.keepPristine();
    if (!this.dry) {
      const [name, ...args] = call;
      (eagerKernels[name] as (...args: unknown[]) => void)(...args);
    }
    this.calls.push(call);
    if (this.mirrors.length > 0) for (const array of writtenArrays(call)) this.reflect(array);
  }

  private refuseOtherPrecision(): void {
    const precision = getFloat32MatmulPrecision();
    if (precision === this.precision) return;
    throw new SimdnnError(
      'SIMDNN_NOT_RECORDABLE',
      `[setFloat32MatmulPrecision] a recorded function has one precision: it was recorded with "${this.precision}", and a part of it is at "${precision}"\n  hint: set it outside, or as the option precision of the outermost compile or of train.fit`,
    );
  }

  /** Runs `fn` and records what it does. */
  run<R>(fn: () => R): R {
    hearForwards();
    setRecorder(this);
    setKernels(hearingKernels);
    listening = this;
    try {
      const result = fn();
      this.keepPristine();
      this.operation('');
      for (const then of this.ends) then();
      for (const g of this.gradients.values()) {
        g.after = g.leaf.gradient;
        g.home = g.leaf.gradient ?? g.leaf.gradientHome;
      }
      return result;
    } finally {
      setRecorder(null);
      setKernels(eagerKernels);
      listening = null;
      if (this.dry) {
        for (const g of this.gradients.values()) restoreGradient(g);
        for (const [version, count] of this.counts) version.count = count;
      }
    }
  }

  /** The arrays of all calls. */
  get arrays(): Set<TensorData> {
    const arrays = new Set<TensorData>();
    for (const call of this.calls) for (const array of arraysOf(call)) arrays.add(array);
    return arrays;
  }

  made(tensor: Tensor): void {
    this.tensors.push(tensor);
    this.shapes.set(tensor.values, tensor.shape);
  }
  allocated(array: TensorData): void {
    this.temporaries.add(array);
  }
  constant(array: TensorData): void {
    this.unfinished.push(array);
  }
  memory(array: TensorData, role: Role): void {
    this.roles.set(array, role);
  }
  private reflect(written: TensorData): void {
    const changed = this.mirrors.filter(({ own }) => overlap(written, own));
    for (const { own, original } of changed) original.set(own);
    const memory = [written, ...changed.map(({ original }) => original)];
    for (const { own, original } of this.mirrors) if (memory.some((array) => overlap(array, original))) own.set(original);
  }
  // The values of a constant are complete when the next kernel is called: they are copied then.
  private keepPristine(): void {
    if (this.unfinished.length === 0) return;
    for (const array of this.unfinished) this.pristine.set(array, array.slice());
    this.unfinished.length = 0;
  }
  live(issue: (first: boolean) => void, alike = false): void {
    const first = this.calls.length;
    issue(false);
    this.liveCalls.push({ issue, alike, first, end: this.calls.length, stepCounter: null });
  }
  drawn(redraw: () => void): void {
    this.redraws.push(redraw);
    this.redrawsAt.push(this.calls.length);
  }
  after(stepCounter: StepCounter): void {
    if (!this.dry) stepCounter.commit(1);
    this.liveCalls.at(-1)!.stepCounter = stepCounter;
    this.stepCounters.push(stepCounter);
    this.stepCounterEnds.push(this.calls.length);
  }
  used(leaf: Tensor): void {
    if (!this.leaves.has(leaf)) this.leaves.set(leaf, leaf.needsGrad);
    if (!this.shapes.has(leaf.values)) this.shapes.set(leaf.values, leaf.shape);
  }
  gradient(leaf: Tensor, event: 'clear' | 'use'): void {
    if (!this.gradients.has(leaf)) {
      this.gradients.set(leaf, { leaf, state: gradientState(leaf), after: null, home: null, cleared: event === 'clear', events: [] });
    }
    this.gradients.get(leaf)!.events.push({ at: this.calls.length, before: leaf.gradient });
  }
  changed(tensor: Tensor): void {
    this.changes.add(tensor);
    if (!this.counts.has(tensor.version)) this.counts.set(tensor.version, tensor.version.count);
  }
  reading(what: string): void {
    throw new SimdnnError(
      'SIMDNN_READ_WHILE_RECORDING',
      `[${what}] a value cannot be read inside a compiled function: what depends on it would be frozen\n  hint: return the tensor and read it outside`,
    );
  }
  operation(name: string, node?: object): void {
    const module = this.running.at(-1) ?? (node === undefined ? null : (this.moduleOf.get(node) ?? null));
    while (this.operations.length < this.calls.length) {
      this.operations.push(name);
      this.modules.push(module);
    }
  }
  enter(module: object): void {
    if (this.running.length === 0) this.outermost.add(module);
    this.running.push(module);
  }
  leave(): void {
    this.running.pop();
  }
  recorded(node: object): void {
    const module = this.running.at(-1);
    if (module !== undefined) this.moduleOf.set(node, module);
  }
  ended(then: () => void): void {
    this.ends.push(then);
  }
  guard(isValid: () => boolean, module?: object): void {
    this.guards.push(isValid);
    if (module !== undefined) this.guarded.add(module);
  }
}
