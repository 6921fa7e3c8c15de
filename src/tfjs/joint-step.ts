// The update of all variables by an optimizer as one native call: a plan of its kernel's calls over the memory of the variables and their state.
import { overlap } from '../memory';
import { type Plan, replayPlan } from '../native';
import { live } from '../recorder';
import { Listener, Trace } from '../recording';
import { Tensor as Numbers } from '../tensor';

// What is kept of a step has the gradients over which it was made. The calls of large variables take long enough by themselves.
const mostNumbers = 2 ** 18;

const areApart = (arrays: readonly Float32Array[]): boolean => arrays.every((a, i) => arrays.every((b, j) => j <= i || !overlap(a, b)));

/** The step of one optimizer over the same memory, of variables and state, again and again. */
class JointStep {
  private readonly plan: Plan;
  private readonly trace: Trace;

  /** `issue` makes its calls over these gradients. */
  constructor(gradients: readonly Float32Array[], issue: (first: boolean) => void) {
    const given = gradients.map((gradient) => new Numbers(gradient, [gradient.length]));
    const record = (): void => live(issue, true);
    this.trace = Trace.take('applyGradients', record, given, () => [], new Listener(true, false)).trace;
    this.plan = this.trace.plan();
  }

  /** Does it with the numbers of now; false, and nothing is done, where these go with other calls. The gradients may overlap: calls only read them. */
  run(gradients: readonly Float32Array[]): boolean {
    const { live: numbers } = this.trace;
    if (!numbers.read()) return false;
    replayPlan(this.plan, [...gradients], numbers.table);
    return true;
  }
}

/** The memory of the last step of an optimizer; `joint` is undefined before its second step over it, and null where that is better made call by call. */
interface LastStep {
  lasting: readonly Float32Array[];
  joint: JointStep | null | undefined;
}

const lastSteps = new WeakMap<object, LastStep>();

const isOver = (lasting: readonly Float32Array[], last: LastStep): boolean =>
  lasting.length === last.lasting.length && lasting.every((array, i) => array === last.lasting[i]);

/** Makes a step of an optimizer over `lasting`, the memory of variables and state, as one native call; false where it is to be made call by call. */
export function stepJointly(optimizer: object, lasting: readonly Float32Array[], gradients: readonly Float32Array[]): boolean {
  const last = lastSteps.get(optimizer);
  return last?.joint != null && isOver(lasting, last) && last.joint.run(gradients);
}

/** After a step call by call, which `issue` has made: the second one over the same memory makes the next one a single call. */
export function joinNextStep(
  optimizer: object,
  lasting: readonly Float32Array[],
  gradients: readonly Float32Array[],
  issue: (first: boolean) => void,
): void {
  const size = gradients.reduce((sum, { length }) => sum + length, 0);
  if (gradients.length < 2 || size > mostNumbers) {
    lastSteps.delete(optimizer);
    return;
  }
  const last = lastSteps.get(optimizer);
  if (last === undefined || !isOver(lasting, last) || last.joint != null) lastSteps.set(optimizer, { lasting, joint: undefined });
  else if (last.joint === undefined) last.joint = areApart([...lasting, ...gradients]) ? new JointStep(gradients, issue) : null;
}
