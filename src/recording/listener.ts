// Listens to one run of a function that is recorded.
import { SimdnnError } from '../errors';
import { type KernelTable, kernelNames } from '../kernels.generated';
import { overlap, type TensorData } from '../memory';
import { eagerKernels, setKernels } from '../native';
import { hearForwards } from '../nn/forwards';
import { getFloat32MatmulPrecision } from '../precision';
import { type Progress, type Recorder, setRecorder } from '../recorder';
import type { Tensor } from '../tensor';
import { arraysOf, type RawCall, type Role, writtenArrays } from './calls';

// A table of kernels that hands each call to `take`.
const tableOf = (take: (call: RawCall) => void): KernelTable =>
  Object.fromEntries(kernelNames.map((name) => [name, (...args: unknown[]) => take([name, ...args])])) as unknown as KernelTable;

/** Calls from `first` to `end`, whose live numbers come from `issue`. */
export interface LiveCalls {
  issue: () => void;
  first: number;
  end: number;
  /** What is counted once they are done. */
  progress: Progress | null;
}

/** A leaf's gradient, field by field. */
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

// As it was, with the memory that it was given: the next recording finds the same.
function putBack({ leaf, state, home }: LeafGradient): void {
  leaf.gradient = state.gradient;
  leaf.gradientShared = state.gradientShared;
  leaf.gradientHidden = state.gradientHidden;
  leaf.gradientSeen = state.gradientSeen;
  leaf.gradientHome = state.gradientHome;
  if (home !== state.gradient) leaf.gradientHome ??= home;
}

/** What happened to a leaf's gradient. */
export interface LeafGradient {
  leaf: Tensor;
  /** What it was before the first event. */
  state: GradientState;
  /** What it was when the function had ended, and the memory that it then had for the next. */
  after: Tensor | null;
  home: Tensor | null;
  /** It was cleared before anything else was done with it. */
  cleared: boolean;
  /** What it was before each time that it was cleared, read or written, and how many calls had been made by then. */
  events: { at: number; before: Tensor | null }[];
}

let listening: Listener | null = null;
const hearingKernels = tableOf((call) => listening!.take(call));

export class Listener implements Recorder {
  readonly calls: RawCall[] = [];
  /** For each call the operation that made it, and the module whose `forward` it belongs to. */
  readonly operations: string[] = [];
  readonly modules: (object | null)[] = [];
  /** Modules whose `forward` was run by no other's. */
  readonly outermost = new Set<object>();
  /** Tensors made, in the order in which they were. */
  readonly tensors: Tensor[] = [];
  readonly temporaries = new Set<TensorData>();
  readonly roles = new Map<TensorData, Role>();
  readonly shapes = new Map<TensorData, readonly number[]>();
  readonly liveCalls: LiveCalls[] = [];
  readonly redraws: (() => void)[] = [];
  /** For each of them how many calls had been made. */
  readonly redrawsAt: number[] = [];
  readonly progresses: Progress[] = [];
  /** For each of them how many calls had been made. */
  readonly progressEnds: number[] = [];
  readonly guards: (() => boolean)[] = [];
  private readonly ends: (() => void)[] = [];
  /** Modules that guard all their parameters themselves. */
  readonly guarded = new Set<object>();
  readonly leaves = new Map<Tensor, boolean>();
  readonly changes = new Set<Tensor>();
  /** How often their memory had been changed before. */
  private readonly counts = new Map<Tensor['version'], number>();
  /** Constants, as JavaScript made them. */
  readonly pristine = new Map<TensorData, TensorData>();
  readonly gradients = new Map<Tensor, LeafGradient>();

  /** How its products take their operands; a plan has one precision. */
  private readonly precision = getFloat32MatmulPrecision();
  private readonly running: object[] = [];
  private readonly moduleOf = new WeakMap<object, object>();
  private readonly unfinished: TensorData[] = [];
  /** Copies that stand in for memory which others may share: what is written to one is to be seen in the other. */
  mirrors: { own: TensorData; original: TensorData }[] = [];

  /**
   * With `dry` the calls are heard, not made: nothing is calculated and no step counted. `watches`: what must stay as it is for the recording to hold is
   * wanted.
   */
  constructor(
    readonly dry = false,
    readonly watches = true,
  ) {}

  /** A kernel call. */
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

  /** Runs `fn` and hears what it does. */
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
        for (const g of this.gradients.values()) putBack(g);
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
  // JavaScript has written its constants by the time of the next call.
  private keepPristine(): void {
    if (this.unfinished.length === 0) return;
    for (const array of this.unfinished) this.pristine.set(array, array.slice());
    this.unfinished.length = 0;
  }
  live(issue: () => void): void {
    const first = this.calls.length;
    issue();
    this.liveCalls.push({ issue, first, end: this.calls.length, progress: null });
  }
  drawn(redraw: () => void): void {
    this.redraws.push(redraw);
    this.redrawsAt.push(this.calls.length);
  }
  after(progress: Progress): void {
    if (!this.dry) progress.commit(1);
    this.liveCalls.at(-1)!.progress = progress;
    this.progresses.push(progress);
    this.progressEnds.push(this.calls.length);
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
  guard(holds: () => boolean, module?: object): void {
    this.guards.push(holds);
    if (module !== undefined) this.guarded.add(module);
  }
}
