// Packed copies of weights, in the order in which matrix products read them. They pay off for functions that only infer and are called again and again.
import * as calls from '../calls.generated';
import { packed } from '../kernels.generated';
import { allocatePersistent, overlap, type TensorData } from '../memory';
import type { Tensor, Version } from '../tensor';
import { type Argument, Base, isValue, meets, type TracedCall, type Value, whole } from './calls';
import { isCounted, Stamps } from './stamps';

// Measured by `kernels_bench 1 packed` (AVX2 on Zen 3), in relation to weights that are not packed: 1 row takes 0.4 to 0.9 of the time, 8 rows 0.6 to 0.8,
// 32 rows 0.8 to 1, 256 rows 0.9 to 1.05. The weight of a layer with one output is contiguous as it is.
const isWorth = ({ kernel, args }: TracedCall): boolean =>
  kernel === 'linearForward' && (args.in as number) > 0 && (args.out as number) > 1;

// A packed copy of a weight, and the version of the weight's values that it was made of; -1 before the first.
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

// All functions that infer with the same weight share its packed copy.
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
  /** The calls of the trace, with packed weights where that is worthwhile. */
  readonly calls: readonly TracedCall[];

  /** Null if no call has a weight that is worth packing: one that is persistent, belongs to one of `leaves`, and is not written by the calls. */
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
   * Whether the packed copies are current. Weights that have changed since they were packed, but not since the last time this was asked, are packed now.
   * A function whose weights change from call to call therefore never packs them.
   */
  isReady(): boolean {
    let current = true;
    for (const panels of this.panels.keys()) if (!panels.isCurrent) current = false;
    if (current) return true;
    if (!this.stamps.unchanged()) return false;
    this.pack();
    return true;
  }

  /** Packs the present values of all weights. */
  pack(): void {
    for (const panels of this.panels.keys()) panels.pack();
  }
}
