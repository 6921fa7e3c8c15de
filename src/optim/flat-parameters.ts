// Flat parameters: several parameters that one kernel call steps like a single vector. Parameters are joined if their values, gradients and states are neighbours in
// memory and their step counts agree. The padding between them is stepped too, which affects nothing else.
import { follows } from '../blocks';
import { checkAttached, typeError } from '../errors';
import { allocatePersistent } from '../memory';
import { recorder } from '../recorder';
import type { RowSet } from '../row-set';
import type { Tensor } from '../tensor';

/** A parameter and an optimizer's state of it. */
export interface Slot {
  readonly parameter: Tensor;
  /** The span of slots whose parameters are neighbours in memory, and where this one begins in it. */
  readonly span: Span;
  readonly position: number;
  /** The number of steps in the state, at most 1 if steps are not counted; 0: there is no state. */
  steps: number;
  /** The number that is stored with the state, if the definition has one. */
  scalar: number;
  /** The state keys of this parameter; others of its span may have more. */
  readonly kept: Set<string>;
  /** The keys of the last step that was counted, all of which are in `kept`; null: not known. */
  counted: readonly string[] | null;
  /** The gradient from which the present flat parameter was made, and the set of its rows. */
  gradient: Tensor | null;
  rowSet: RowSet | null;
}

/** Parameters that are neighbours in memory; their state has the same layout. */
export class Span {
  readonly slots: Slot[] = [];
  private readonly memory = new Map<string, Float32Array>();

  private get first(): Float32Array {
    return this.slots[0]!.parameter.floats;
  }

  add(parameter: Tensor, scalar: number): Slot {
    const begin = this.slots.length === 0 ? parameter.floats : this.first;
    const position = (parameter.floats.byteOffset - begin.byteOffset) / 4;
    const slot: Slot = { parameter, span: this, position, steps: 0, scalar, kept: new Set(), counted: null, gradient: null, rowSet: null };
    this.slots.push(slot);
    return slot;
  }

  /** The state `key` of `n` elements from `position` on; initially zeros. */
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

/** An optimizer's state by parameter: it stays with a parameter that changes its group. */
export class Slots {
  private readonly known = new WeakMap<Tensor, Slot>();

  /** `scalar` is the initial value of the number that is stored with the state. */
  constructor(private readonly scalar: number) {}

  /** The slots of parameters in their order; new neighbours get a common span. */
  of(parameters: readonly Tensor[]): Slot[] {
    let last: Slot | null = null; // a new slot too, because a span that existed before may have its memory already
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

/** The arrays of one kernel call: those of one parameter, or of several neighbours. */
export interface FlatParameter {
  readonly values: Float32Array;
  readonly gradient: Float32Array;
  /** One array for each state key, in their order. */
  readonly state: readonly Float32Array[];
  readonly n: number;
  /** The parameters, with the same number of steps and the same number stored with their state. */
  readonly slots: readonly [Slot, ...Slot[]];
}

let paddingJoins = true;

/** Whether parameters with padding between them are joined. */
export const joinsOverPadding = (): boolean => paddingJoins;

/** Calls `fn` while parameters with padding between them are not joined, because an update can make NaN in the padding (0 / 0), which a check for NaN would find. */
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
  a.rowSet === null &&
  b.rowSet === null &&
  b.steps === a.steps &&
  b.scalar === a.scalar &&
  follows(a.parameter.floats, b.parameter.floats) &&
  follows(a.gradient!.floats, b.gradient!.floats) &&
  (paddingJoins || b.position === a.position + a.parameter.numel);

function flattened(slots: readonly [Slot, ...Slot[]], keys: readonly string[]): FlatParameter {
  const [first] = slots;
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
 * The flat parameters of all slots that have a gradient. They are valid until a gradient, the step count of a single slot, or the keys change.
 * A TypeError if memory is detached.
 */
export function flatParametersOf(where: string, slots: readonly Slot[], keys: readonly string[]): FlatParameter[] {
  const groups: [Slot, ...Slot[]][] = [];
  let open: [Slot, ...Slot[]] | null = null;
  for (const slot of slots) {
    if (slot.gradient === null) {
      open = null;
      continue;
    }
    checkAttached(where, slot.parameter.floats);
    checkAttached(where, slot.gradient.floats);
    if (open !== null && joins(open.at(-1)!, slot)) {
      open.push(slot);
    } else {
      open = [slot];
      groups.push(open);
    }
  }
  return groups.map((group) => flattened(group, keys));
}

/** The arguments of a kernel that steps only some rows of a table. */
export interface TouchedRows {
  touched: Int32Array;
  rows: number;
  columns: number;
}

/** The rows of a table whose gradient an operation on few rows has written; null if the gradient is dense. Such a table is not joined to other parameters. */
export function namedRows({ slots: [{ parameter }], gradient }: FlatParameter): TouchedRows | null {
  const { rowSet, shape } = parameter;
  if (rowSet === null || rowSet.memory !== gradient) return null;
  recorder?.memory(rowSet.touched, 'gradient');
  return { touched: rowSet.touched, rows: shape[0]!, columns: shape[1]! };
}

/** The rows outside of which the gradient is known to be zeros; null if the user has read the gradient, because then any row may have been written. */
export function onlyRows(flat: FlatParameter): TouchedRows | null {
  const [{ parameter }] = flat.slots;
  const seen = parameter.gradientSeen && parameter.gradient?.values === flat.gradient;
  return seen ? null : namedRows(flat);
}

/** Whether the parameters that were joined still have the same number of steps, and the same stored number. */
export function inStep(flatParameters: readonly FlatParameter[]): boolean {
  for (let i = 0; i < flatParameters.length; i++) {
    const { slots } = flatParameters[i]!;
    const { steps, scalar } = slots[0]!;
    for (let k = 1; k < slots.length; k++) if (slots[k]!.steps !== steps || slots[k]!.scalar !== scalar) return false;
  }
  return true;
}

/** Throws if memory was transferred to another thread since the flat parameters were made. */
export function refuseDetached(where: string, flatParameters: readonly FlatParameter[]): void {
  for (let i = 0; i < flatParameters.length; i++) {
    const { values, gradient, n } = flatParameters[i]!;
    if (values.length === n && gradient.length === n) continue;
    throw typeError(where, 'the memory of a parameter or of its gradient is detached: its buffer was transferred elsewhere');
  }
}
