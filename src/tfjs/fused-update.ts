// The update of all variables by an optimizer as one native call: a plan of the optimizer's kernel calls over the memory of the variables and of their state.
import { overlap } from '../memory';
import { type Plan, replayPlan } from '../native';
import { live } from '../recorder';
import { Listener, Trace } from '../recording';
import { Tensor as LibraryTensor } from '../tensor';

// The trace keeps the gradients of which it was made. For larger variables that memory costs more than the calls, whose own work takes most of the time.
const maxElements = 2 ** 18;

const areDisjoint = (arrays: readonly Float32Array[]): boolean => arrays.every((a, i) => arrays.every((b, j) => j <= i || !overlap(a, b)));

/** The plan of one optimizer's update. */
class FusedUpdate {
  private readonly plan: Plan;
  private readonly trace: Trace;

  /** `issue` makes the kernel calls over these gradients; with true, only the first of them. */
  constructor(gradients: readonly Float32Array[], issue: (first: boolean) => void) {
    const args = gradients.map((gradient) => new LibraryTensor(gradient, [gradient.length]));
    const record = (): void => live(issue, true);
    this.trace = Trace.take('applyGradients', record, args, () => [], new Listener(true, false)).trace;
    this.plan = this.trace.plan();
  }

  /** Updates with the optimizer's present numbers. Returns false, and has changed nothing, if these need other calls. The gradients may overlap, because calls only read them. */
  run(gradients: readonly Float32Array[]): boolean {
    const { live: numbers } = this.trace;
    if (!numbers.read()) return false;
    replayPlan(this.plan, [...gradients], numbers.table);
    return true;
  }
}

/** The last update of an optimizer. `fused` is undefined before the second update over the same memory, and null if this memory overlaps, which a plan refuses. */
interface LastUpdate {
  persistent: readonly Float32Array[];
  fused: FusedUpdate | null | undefined;
}

const lastUpdates = new WeakMap<object, LastUpdate>();

const hasSameMemory = (persistent: readonly Float32Array[], last: LastUpdate): boolean =>
  persistent.length === last.persistent.length && persistent.every((array, i) => array === last.persistent[i]);

/** Updates by one native call. Returns false if the update must be made call by call. `persistent` is the memory of the variables and their state. */
export function runFusedUpdate(optimizer: object, persistent: readonly Float32Array[], gradients: readonly Float32Array[]): boolean {
  const last = lastUpdates.get(optimizer);
  return last?.fused != null && hasSameMemory(persistent, last) && last.fused.run(gradients);
}

/** Called after `issue` has made an update call by call. After the second one over the same memory, the next update is one native call. */
export function fuseNextUpdate(
  optimizer: object,
  persistent: readonly Float32Array[],
  gradients: readonly Float32Array[],
  issue: (first: boolean) => void,
): void {
  const size = gradients.reduce((sum, { length }) => sum + length, 0);
  if (gradients.length < 2 || size > maxElements) {
    lastUpdates.delete(optimizer);
    return;
  }
  const last = lastUpdates.get(optimizer);
  if (last === undefined || !hasSameMemory(persistent, last) || last.fused != null)
    lastUpdates.set(optimizer, { persistent, fused: undefined });
  else if (last.fused === undefined) last.fused = areDisjoint([...persistent, ...gradients]) ? new FusedUpdate(gradients, issue) : null;
}
