// Records one step of TensorFlow.js, and replays it as a native plan for as long as the step would do the same.
import { engine, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { allocateFloat, liesIn, overlap, type TensorData } from '../memory';
import { finishedCalls, type Plan, replayPlan } from '../native';
import { getFloat32MatmulPrecision } from '../precision';
import { randomPosition, setRandomPosition } from '../random';
import { allHold } from '../recorder';
import { Listener, Trace, writtenBy } from '../recording';
import { numelOf } from '../shape';
import { Tensor as LibraryTensor } from '../tensor';
import { unpool } from './pool';
import { simdnnBackend } from './registry';
import { arrayOf, floatsOf, type StepObservation, setObservation, type TensorStorage } from './storage';

/**
 * The values of a tensor as a plan takes them; null for types other than float32 and int32. The pool does not get their memory when the tensor is disposed, because
 * a fit may still read it on another thread.
 */
export function planArrayOf(t: Tensor): TensorData | null {
  const values = t.dtype === 'bool' ? null : arrayOf(simdnnBackend(), t);
  if (values !== null) unpool(values);
  return values;
}

/** A variable and its present memory. */
interface VariableBinding {
  variable: Variable;
  trainable: boolean;
  dataId: object;
  storage: TensorStorage;
  values: TensorData;
}

// All variables that exist, those of optimizers included.
function currentBindings(): VariableBinding[] {
  const backend = simdnnBackend();
  return Object.values(engine().registeredVariables).flatMap((variable) => {
    const { dataId, trainable } = variable;
    const values = planArrayOf(variable);
    return values === null ? [] : [{ variable, trainable, dataId, storage: backend.storageOf(dataId), values }];
  });
}

const isSameMemory = (a: TensorData, b: TensorData): boolean => liesIn(a, b) && a.byteLength === b.byteLength;

/** Runs a step operation by operation. */
export type StepFunction = (args: Tensor[]) => Tensor[];

/** A step that has been run and recorded. */
export interface Recording {
  outputs: Tensor[];
  /** Null if the step cannot be replayed. */
  trace: Trace | null;
  /** The variables that the step reads or writes. */
  bindings: readonly VariableBinding[];
  /** Why the step cannot be replayed, or null. */
  reason: string | null;
}

// Returns why a plan cannot do what the recorded step did, or null.
function objectionTo(
  trace: Trace,
  { created, objection }: StepObservation,
  before: readonly VariableBinding[],
  outputs: readonly Tensor[],
  trains: boolean,
): string | null {
  const backend = simdnnBackend();
  const after = currentBindings();
  if (objection !== null) return objection;
  if (trace.stepCounters.length !== (trains ? 1 : 0))
    return 'the optimizer did not step once, by kernels of this library, for each of the variables';
  const hasSameVariables =
    after.length === before.length &&
    after.every(({ variable, dataId }, i) => variable === before[i]!.variable && dataId === before[i]!.dataId);
  if (!hasSameVariables) return 'the step makes, removes or assigns a variable';
  const outputIds = new Set(outputs.map(({ dataId }) => dataId));
  if (created.some((dataId) => !outputIds.has(dataId) && backend.data.has(dataId))) return 'the function leaves tensors besides the loss';
  const persistent = trace.persistent.filter(({ role }) => role !== 'constant');
  if (persistent.some(({ memory }) => !after.some(({ values }) => isSameMemory(values, memory))))
    return 'the function reads a tensor that is neither an argument nor a variable: pass it as an argument';
  if (trace.changesArguments) return 'the function changes an argument';
  const results = trace.inputs.filter(({ role }) => role === 'result');
  const isResult = (t: Tensor, i: number): boolean => {
    const values = floatsOf(backend, t);
    return t.size > 0 && values !== null && isSameMemory(results[i]!.memory, values);
  };
  if (results.length === outputs.length && outputs.every(isResult)) return null;
  return 'what it gives, a loss or a metric, is not calculated by the step';
}

/** Runs a step and records it. The step is given copies of the arguments, so that memory which it reaches by other ways is never mistaken for an argument. */
export function recordStep(run: StepFunction, args: readonly Tensor[], trains: boolean, acceptsConstants: boolean): Recording {
  const backend = simdnnBackend();
  const before = currentBindings();
  const copies = args.map((t) => backend.tensor(planArrayOf(t)!.slice(), t.shape, t.dtype));
  const libraryTensors = (tensors: readonly Tensor[]) => tensors.map((t) => new LibraryTensor(planArrayOf(t)!, t.shape.slice()));
  const traceArguments = libraryTensors(copies);
  const observation: StepObservation = { created: [], objection: null, acceptsConstants };
  let outputs: Tensor[] | null = null;
  try {
    setObservation(observation);
    const step = (): Tensor[] => {
      outputs = run(copies);
      return outputs;
    };
    const { trace } = Trace.take('compileStep', step, traceArguments, libraryTensors, new Listener());
    setObservation(null);
    if (copies.some(({ isDisposed }) => isDisposed)) observation.objection ??= 'the function disposes an argument';
    const reason = objectionTo(trace, observation, before, outputs!, trains);
    const bindings = before.filter(({ values }) => trace.persistent.some(({ memory }) => overlap(memory, values)));
    return { outputs: outputs!, trace: reason === null ? trace : null, bindings, reason };
  } catch (error) {
    if (outputs === null) throw error;
    return { outputs, trace: null, bindings: [], reason: (error as Error).message };
  } finally {
    setObservation(null);
    for (const [i, copy] of copies.entries()) {
      if (copy.isDisposed) args[i]!.dispose();
      else copy.dispose();
    }
  }
}

/** The native plan of a step of which two recordings were the same. */
export class Replay {
  private readonly plan: Plan;
  /** The variables that the plan reads, and whether it writes them. */
  readonly bindings: readonly (VariableBinding & { isWritten: boolean })[];
  /** The number of calls of the plan before the first that changes a variable: a plan that fails within them has changed nothing. */
  readonly firstWrite: number;

  constructor(
    readonly trace: Trace,
    bindings: readonly VariableBinding[],
    private readonly shapes: readonly number[][],
  ) {
    this.plan = trace.plan();
    this.bindings = bindings.map((binding) => ({
      ...binding,
      isWritten: trace.written.some(({ array }) => overlap(array, binding.values)),
    }));
    const isVariable = ({ base }: { base: { role: string; isPersistent: boolean } }): boolean =>
      base.isPersistent && base.role !== 'constant';
    const first = trace.calls.findIndex((call) => writtenBy(call).some(isVariable));
    this.firstWrite = first < 0 ? trace.calls.length : first;
  }

  /** Whether the step would still make the recorded calls: its variables have the same memory, and no option that it depends on has changed. */
  isValid(): boolean {
    const { data } = simdnnBackend();
    for (const { variable, trainable, dataId, storage, values, isWritten } of this.bindings) {
      if (variable.isDisposed || variable.dataId !== dataId || variable.trainable !== trainable || !data.has(dataId)) return false;
      if (storage.array !== values || values.length !== variable.size) return false;
      if (isWritten && !(storage.isUpdatedInPlace && storage.refCount === 1)) return false;
    }
    const { guards, live, precision } = this.trace;
    return precision === getFloat32MatmulPrecision() && allHold(guards) && live.read();
  }

  /** Fetches the newest values of its variables from a fit on another thread. */
  fetchVariables(): void {
    for (const { storage, isWritten } of this.bindings) {
      if (isWritten) storage.remote?.reclaim();
      else storage.remote?.fetch();
    }
  }

  // A plan refuses arrays that overlap each other or its variables: these are copied.
  private withoutOverlap(arrays: readonly TensorData[]): TensorData[] {
    const isShared = (array: TensorData, i: number): boolean =>
      arrays.some((other, j) => j < i && overlap(array, other)) || this.bindings.some(({ values }) => overlap(array, values));
    return arrays.map((array, i) => (isShared(array, i) ? array.slice() : array));
  }

  /** Runs the step, which must be valid. Returns null, and has changed nothing, if a kernel refuses the values of the arguments. */
  run(arrays: readonly TensorData[]): Tensor[] | null {
    const outputs = this.shapes.map((shape) => allocateFloat(numelOf(shape)));
    if (!this.runInto(arrays, outputs)) return null;
    return outputs.map((output, i) => simdnnBackend().tensor(output, this.shapes[i]!, 'float32'));
  }

  /** Runs the step as `run` does, and writes the results to `outputs`. Returns false if a kernel refuses the values. */
  runInto(arrays: readonly TensorData[], outputs: readonly Float32Array[]): boolean {
    this.fetchVariables();
    return this.replay(this.withoutOverlap(arrays), outputs, false);
  }

  /** The number of elements of each output. */
  get sizes(): number[] {
    return this.shapes.map(numelOf);
  }

  /**
   * Runs the step as one of several in a row, between which no other JavaScript runs: only its numbers are read anew, and it returns false if these no longer belong to
   * the recorded calls. `fetchVariables` comes before the first of them, and no array overlaps another.
   */
  runNext(arrays: readonly TensorData[], outputs: readonly Float32Array[]): boolean {
    return this.replay(arrays, outputs, true);
  }

  private replay(arrays: readonly TensorData[], outputs: readonly Float32Array[], readsNumbers: boolean): boolean {
    const { redraws, live } = this.trace;
    const random = redraws.length > 0 ? randomPosition() : null;
    const refuse = (): false => {
      if (random !== null) setRandomPosition(random);
      return false;
    };
    for (const { redraw } of redraws) redraw();
    if ((readsNumbers || random !== null) && !live.read()) return refuse();
    try {
      replayPlan(this.plan, [...arrays, ...outputs], live.table);
    } catch (error) {
      if (finishedCalls(this.plan) > this.firstWrite) throw error;
      return refuse();
    }
    this.trace.commit(1);
    return true;
  }
}
