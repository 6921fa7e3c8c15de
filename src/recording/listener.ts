// Listens to one eager run of a compiled function.
import { SimdnnError } from '../errors';
import { type KernelTable, kernelNames, writtenArguments } from '../kernels.generated';
import { overlap, type TensorData } from '../memory';
import { eagerKernels, setKernels } from '../native';
import { type Progress, type Recorder, setRecorder } from '../recorder';
import type { Tensor } from '../tensor';

/** A kernel call as it was made. */
export type Call = [name: keyof KernelTable, ...args: unknown[]];

export const isArray = (arg: unknown): arg is TensorData => arg instanceof Float32Array || arg instanceof Int32Array;

/** The arrays that a call writes. */
export const writtenArrays = ([name, ...args]: Call): TensorData[] => writtenArguments[name].map((i) => args[i]).filter(isArray);

// A table of kernels that hands each call to `take`.
const tableOf = (take: (call: Call) => void): KernelTable =>
  Object.fromEntries(kernelNames.map((name) => [name, (...args: unknown[]) => take([name, ...args])])) as unknown as KernelTable;

/** Calls from `first` to `end`, whose live numbers come from `issue`. */
export interface LiveCalls {
  issue: () => void;
  first: number;
  end: number;
  /** What is counted once they are done. */
  progress: Progress | null;
}

/** What happened to a leaf's gradient. */
export interface LeafGradient {
  leaf: Tensor;
  /** It was cleared before anything else was done with it. */
  cleared: boolean;
  /** What it was before each time that it was cleared, read or written, and how many calls had been made by then. */
  events: { at: number; before: Tensor | null }[];
}

export class Listener implements Recorder {
  readonly calls: Call[] = [];
  readonly temporaries = new Set<TensorData>();
  readonly liveCalls: LiveCalls[] = [];
  readonly redraws: (() => void)[] = [];
  /** For each of them how many calls had been made. */
  readonly redrawsAt: number[] = [];
  readonly progresses: Progress[] = [];
  /** For each of them how many calls had been made. */
  readonly progressEnds: number[] = [];
  readonly guards: (() => boolean)[] = [];
  /** Modules that guard all their parameters themselves. */
  readonly guarded = new Set<object>();
  readonly leaves = new Map<Tensor, boolean>();
  readonly changes = new Set<Tensor>();
  /** Constants, as JavaScript made them. */
  readonly pristine = new Map<TensorData, TensorData>();
  readonly gradients = new Map<Tensor, LeafGradient>();

  private readonly kernels = tableOf((call) => {
    const [name, ...args] = call;
    this.keepPristine();
    if (!this.dry) (eagerKernels[name] as (...args: unknown[]) => void)(...args);
    this.calls.push(call);
    if (this.mirrors.length > 0) for (const array of writtenArrays(call)) this.reflect(array);
  });

  private readonly unfinished: TensorData[] = [];
  /** Copies that stand in for memory which others may share: what is written to one is to be seen in the other. */
  mirrors: { own: TensorData; original: TensorData }[] = [];

  /** With `dry` the calls are heard, not made: nothing is calculated and no step counted. */
  constructor(private readonly dry = false) {}

  /** Runs `fn` eagerly and hears what it does. */
  run<R>(fn: () => R): R {
    setRecorder(this);
    setKernels(this.kernels);
    try {
      const result = fn();
      this.keepPristine();
      return result;
    } finally {
      setRecorder(null);
      setKernels(eagerKernels);
    }
  }

  allocated(array: TensorData): void {
    this.temporaries.add(array);
  }
  constant(array: TensorData): void {
    this.unfinished.push(array);
  }
  private reflect(written: TensorData): void {
    const changed = this.mirrors.filter(({ own }) => overlap(written, own));
    for (const { own, original } of changed) original.set(own);
    const memory = [written, ...changed.map(({ original }) => original)];
    for (const { own, original } of this.mirrors) if (memory.some((array) => overlap(array, original))) own.set(original);
  }
  // JavaScript has written its constants by the time of the next call.
  private keepPristine(): void {
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
  }
  gradient(leaf: Tensor, event: 'clear' | 'use'): void {
    if (!this.gradients.has(leaf)) this.gradients.set(leaf, { leaf, cleared: event === 'clear', events: [] });
    this.gradients.get(leaf)!.events.push({ at: this.calls.length, before: leaf.gradient });
  }
  changed(tensor: Tensor): void {
    if (!this.dry) tensor.version.count++;
    this.changes.add(tensor);
  }
  reading(what: string): void {
    throw new SimdnnError(
      'SIMDNN_READ_WHILE_RECORDING',
      `[${what}] a value cannot be read inside a compiled function: what depends on it would be frozen\n  hint: return the tensor and read it outside`,
    );
  }
  guard(holds: () => boolean, module?: object): void {
    this.guards.push(holds);
    if (module !== undefined) this.guarded.add(module);
  }
}
