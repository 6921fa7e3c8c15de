// Which parameters are stepped by one kernel call. Parameters whose values, gradients and state lie one behind the
// other in memory and whose step counts agree form a run. What a step makes of the padding between them touches nothing else.
import { follows } from '../blocks';
import { allocateLasting } from '../memory';
import type { Tensor } from '../tensor';

/** One parameter and what an optimizer keeps for it. */
export interface Slot {
  readonly parameter: Tensor;
  /** The slots whose parameters are neighbours in memory, and where in their memory this one begins. */
  readonly span: Span;
  readonly position: number;
  /** How many steps the state has seen, at most 1 where they are not counted; 0: there is no state. */
  steps: number;
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

  add(parameter: Tensor): Slot {
    const begin = this.slots.length === 0 ? parameter.floats : this.first;
    const position = (parameter.floats.byteOffset - begin.byteOffset) / 4;
    const slot: Slot = { parameter, span: this, position, steps: 0, gradient: null };
    this.slots.push(slot);
    return slot;
  }

  /** Whether anything was ever kept under this key. */
  has(key: string): boolean {
    return this.memory.has(key);
  }

  /** The state `key` of `n` elements from `position` on; zeros at first. */
  state(key: string, position: number, n: number): Float32Array {
    let memory = this.memory.get(key);
    if (memory === undefined) {
      const last = this.slots.at(-1)!;
      memory = allocateLasting(last.position + last.parameter.numel);
      this.memory.set(key, memory);
    }
    return memory.subarray(position, position + n);
  }
}

/** The slots of parameters in their order, neighbours in one span. */
export function slotsOf(parameters: readonly Tensor[]): Slot[] {
  const slots: Slot[] = [];
  for (const parameter of parameters) {
    const last = slots.at(-1);
    const joins = last !== undefined && follows(last.parameter.floats, parameter.floats);
    slots.push((joins ? last.span : new Span()).add(parameter));
  }
  return slots;
}

/** What one kernel call steps. */
export interface Run {
  readonly values: Float32Array;
  readonly gradient: Float32Array;
  /** One array for each state key, in their order. */
  readonly state: readonly Float32Array[];
  readonly n: number;
  /** The parameters, all after as many steps. */
  readonly slots: readonly Slot[];
}

const joins = (a: Slot, b: Slot): boolean => b.span === a.span && b.steps === a.steps && follows(a.gradient!.floats, b.gradient!.floats);

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

/** The runs of all slots that have a gradient. They stand until a gradient, a step count of its own or the keys change. */
export function planRuns(slots: readonly Slot[], keys: readonly string[]): Run[] {
  const groups: Slot[][] = [];
  let open: Slot[] | null = null;
  for (const slot of slots) {
    if (slot.gradient === null) {
      open = null;
    } else if (open !== null && joins(open.at(-1)!, slot)) {
      open.push(slot);
    } else {
      open = [slot];
      groups.push(open);
    }
  }
  return groups.map((group) => runOf(group, keys));
}

/** Whether the parameters of a run are still after as many steps. */
export const inStep = ({ slots }: Run): boolean => slots.every((slot) => slot.steps === slots[0]!.steps);
