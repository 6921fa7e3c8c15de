// Which parameters are stepped by one kernel call. Parameters whose values, gradients and state lie one behind the
// other in memory and whose step counts agree form a run. What a step makes of the padding between them touches nothing else.
import { follows } from '../blocks';
import { checkAttached, typeError } from '../errors';
import { allocatePersistent } from '../memory';
import type { Tensor } from '../tensor';

/** One parameter and what an optimizer keeps for it. */
export interface Slot {
  readonly parameter: Tensor;
  /** The slots whose parameters are neighbours in memory, and where in their memory this one begins. */
  readonly span: Span;
  readonly position: number;
  /** How many steps the state has seen, at most 1 where they are not counted; 0: there is no state. */
  steps: number;
  /** The number that is kept beside the state, where the definition has one. */
  scalar: number;
  /** What is kept for this one: of its span others may keep more. */
  readonly kept: Set<string>;
  /** The gradient with which the present runs were made. */
  gradient: Tensor | null;
}

/** Parameters that are neighbours in memory: their state is laid out as they are. */
export class Span {
  readonly slots: Slot[] = [];
  private readonly memory = new Map<string, Float32Array>();

  private get first(): Float32Array {
    return this.slots[0]!.parameter.floats;
  }

  add(parameter: Tensor, scalar: number): Slot {
    const begin = this.slots.length === 0 ? parameter.floats : this.first;
    const position = (parameter.floats.byteOffset - begin.byteOffset) / 4;
    const slot: Slot = { parameter, span: this, position, steps: 0, scalar, kept: new Set(), gradient: null };
    this.slots.push(slot);
    return slot;
  }

  /** The state `key` of `n` elements from `position` on; zeros at first. */
  state(key: string, position: number, n: number): Float32Array {
    let memory = this.memory.get(key);
    if (memory === undefined) {
      const last = this.slots.at(-1)!;
      memory = allocatePersistent(last.position + last.parameter.numel);
      this.memory.set(key, memory);
    }
    return memory.subarray(position, position + n);
  }
}

/** What an optimizer keeps, by parameter: whatever groups a parameter comes to, its state stays with it. */
export class Slots {
  private readonly known = new WeakMap<Tensor, Slot>();

  /** `scalar` is what the number that is kept beside the state begins with. */
  constructor(private readonly scalar: number) {}

  /** The slots of parameters in their order; of new ones neighbours are in one span. */
  of(parameters: readonly Tensor[]): Slot[] {
    let last: Slot | null = null; // new as well: a span that was there before may have its memory
    return parameters.map((parameter) => {
      const found = this.known.get(parameter);
      if (found !== undefined) {
        last = null;
        return found;
      }
      const joins = last !== null && follows(last.parameter.floats, parameter.floats);
      last = (joins ? last!.span : new Span()).add(parameter, this.scalar);
      this.known.set(parameter, last);
      return last;
    });
  }
}

/** What one kernel call steps. */
export interface Run {
  readonly values: Float32Array;
  readonly gradient: Float32Array;
  /** One array for each state key, in their order. */
  readonly state: readonly Float32Array[];
  readonly n: number;
  /** The parameters, all after as many steps and with the same number beside their state. */
  readonly slots: readonly Slot[];
}

let paddingJoins = true;

/** Whether parameters with padding between them are joined at present. */
export const joinsOverPadding = (): boolean => paddingJoins;

/** Calls `fn`, in which nothing is done with padding: whoever looks for NaN finds none that an update has made there, as zero by zero. */
export function withoutPadding<T>(fn: () => T): T {
  paddingJoins = false;
  try {
    return fn();
  } finally {
    paddingJoins = true;
  }
}

const joins = (a: Slot, b: Slot): boolean =>
  b.span === a.span &&
  b.steps === a.steps &&
  b.scalar === a.scalar &&
  follows(a.parameter.floats, b.parameter.floats) &&
  follows(a.gradient!.floats, b.gradient!.floats) &&
  (paddingJoins || b.position === a.position + a.parameter.numel);

function runOf(slots: readonly Slot[], keys: readonly string[]): Run {
  const first = slots[0]!;
  const last = slots.at(-1)!;
  const { parameter, span, position } = first;
  const n = last.position + last.parameter.numel - position;
  const stretch = (start: Float32Array): Float32Array => (first === last ? start : new Float32Array(start.buffer, start.byteOffset, n));
  return {
    values: stretch(parameter.floats),
    gradient: stretch(first.gradient!.floats),
    state: keys.map((key) => span.state(key, position, n)),
    n,
    slots,
  };
}

/**
 * The runs of all slots that have a gradient. They stand until a gradient, a step count of its own or the keys change.
 * A TypeError where memory is detached.
 */
export function planRuns(where: string, slots: readonly Slot[], keys: readonly string[]): Run[] {
  const groups: Slot[][] = [];
  let open: Slot[] | null = null;
  for (const slot of slots) {
    if (slot.gradient === null) {
      open = null;
      continue;
    }
    checkAttached(where, slot.parameter.floats);
    checkAttached(where, slot.gradient.floats);
    for (const key of keys) slot.kept.add(key);
    if (open !== null && joins(open.at(-1)!, slot)) {
      open.push(slot);
    } else {
      open = [slot];
      groups.push(open);
    }
  }
  return groups.map((group) => runOf(group, keys));
}

/** Whether the parameters of each run are still after as many steps, and with the same number. */
export function inStep(runs: readonly Run[]): boolean {
  for (let i = 0; i < runs.length; i++) {
    const { slots } = runs[i]!;
    const { steps, scalar } = slots[0]!;
    for (let k = 1; k < slots.length; k++) if (slots[k]!.steps !== steps || slots[k]!.scalar !== scalar) return false;
  }
  return true;
}

/** Refuses runs whose memory was transferred elsewhere since they were planned. */
export function refuseDetached(where: string, runs: readonly Run[]): void {
  for (let i = 0; i < runs.length; i++) {
    const { values, gradient, n } = runs[i]!;
    if (values.length === n && gradient.length === n) continue;
    throw typeError(where, 'the memory of a parameter or of its gradient is detached: its buffer was transferred elsewhere');
  }
}
