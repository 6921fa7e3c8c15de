// Weights in the order in which products read them, beside the weights themselves: for functions that only infer, call after call.
import * as calls from '../calls.generated';
import { packed } from '../kernels.generated';
import { allocatePersistent, overlap, type TensorData } from '../memory';
import type { Tensor, Version } from '../tensor';
import { type Argument, Base, isValue, meets, type TracedCall, type Value, whole } from './calls';
import { isCounted, Stamps } from './stamps';

// By `kernels_bench 1 packed` (AVX2, a Zen 3) one row takes 0.4 to 0.9 of the time, 8 take 0.6 to 0.8, 32 take 0.8 to 1, 256 0.9 to 1.05. A weight of one output is
// read as it is.
const isWorth = ({ kernel, args }: TracedCall): boolean =>
  kernel === 'linearForward' && (args.in as number) > 0 && (args.out as number) > 1;

// A weight in packed order, with the version of its values then; -1: not yet.
class Panels {
  readonly memory: Float32Array;
  private count = -1;
  private taken = -1;

  constructor(
    private readonly weight: Float32Array,
    private readonly version: Version,
    readonly in_: number,
    readonly out: number,
  ) {
    this.memory = allocatePersistent(packed(in_, out));
  }

  get isCurrent(): boolean {
    const { count, taken } = this.version;
    return this.count === count && this.taken === taken && isCounted(this.version);
  }

  pack(): void {
    if (this.isCurrent) return;
    calls.linearPack({ panels: this.memory, weight: this.weight, in: this.in_, out: this.out });
    this.count = this.version.count;
    this.taken = this.version.taken;
  }
}

// One copy of a weight serves whatever infers with it.
const known = new WeakMap<TensorData, Panels>();

function panelsOf(weight: Float32Array, version: Version, in_: number, out: number): Panels {
  let panels = known.get(weight);
  if (panels === undefined || panels.in_ !== in_ || panels.out !== out) {
    panels = new Panels(weight, version, in_, out);
    known.set(weight, panels);
  }
  return panels;
}

export class Packing {
  private readonly panels = new Map<Panels, Base>();
  private readonly versions: Version[] = [];
  private readonly stamps: Stamps;
  /** The calls of the trace, of packed weights. */
  readonly calls: readonly TracedCall[];

  /** Null where none of the calls has a weight that is worth it: one that lasts, as one of `leaves`, and that they do not change. */
  static of(calls: readonly TracedCall[], leaves: readonly Tensor[], written: readonly Value[]): Packing | null {
    const packing = new Packing(calls, leaves, written);
    return packing.panels.size > 0 ? packing : null;
  }

  private constructor(calls: readonly TracedCall[], leaves: readonly Tensor[], written: readonly Value[]) {
    this.calls = calls.map((call) => {
      const { weight } = call.args;
      if (!isWorth(call) || !isValue(weight) || !weight.base.isPersistent || written.some((value) => meets(value, weight))) return call;
      const leaf = leaves.find(({ values }) => overlap(values, weight.array));
      return leaf === undefined ? call : { ...call, kernel: 'linearForwardPacked', args: this.argsOf(call, weight, leaf.version) };
    });
    this.stamps = new Stamps(this.versions);
  }

  private argsOf({ args }: TracedCall, weight: Value, version: Version): Record<string, Argument> {
    const panels = panelsOf(weight.array as Float32Array, version, args.in as number, args.out as number);
    if (!this.panels.has(panels)) this.panels.set(panels, new Base(panels.memory, 'packed'));
    this.versions.push(version);
    const { weight: _, ...others } = args;
    return { ...others, panels: whole(this.panels.get(panels)!) };
  }

  /**
   * Whether the calls may be made now: no weight has changed since it was packed. Where none has changed since this was asked before, they are packed now:
   * a function whose weights change from call to call never packs them.
   */
  isReady(): boolean {
    let current = true;
    for (const panels of this.panels.keys()) if (!panels.isCurrent) current = false;
    if (current) return true;
    if (!this.stamps.unchanged()) return false;
    this.pack();
    return true;
  }

  /** Takes over the values that the weights have now. */
  pack(): void {
    for (const panels of this.panels.keys()) panels.pack();
  }
}
