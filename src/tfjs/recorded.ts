// One step as a plan, and all that must hold for a replay to be what the function would do.
import { engine, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { allocateFloat, liesIn, overlap, type TensorData } from '../memory';
import { finishedCalls, type Plan, replayPlan } from '../native';
import { getFloat32MatmulPrecision } from '../precision';
import { randomPosition, setRandomPosition } from '../random';
import { allHold } from '../recorder';
import { Listener, Trace, writtenBy } from '../recording';
import { numelOf } from '../shape';
import { Tensor as Numbers } from '../tensor';
import { unpool } from './pool';
import { backendNow } from './registry';
import { floatsOf, intsOf, type Piece, setWatch, type Watch } from './storage';

/** The values of a tensor that a plan can be given. They stay what they are when the tensor is disposed, since a fit may read them on another thread. */
export function valuesOf(t: Tensor): TensorData | null {
  const values = floatsOf(backendNow(), t) ?? (t.dtype === 'int32' ? intsOf(backendNow(), t) : null);
  if (values !== null) unpool(values);
  return values;
}

/** A variable and the memory that it has now. */
interface Home {
  variable: Variable;
  trainable: boolean;
  dataId: object;
  piece: Piece;
  values: TensorData;
}

// All variables that there are, those of optimizers included.
function homesNow(): Home[] {
  const backend = backendNow();
  return Object.values(engine().registeredVariables).flatMap((variable) => {
    const { dataId, trainable } = variable;
    const values = valuesOf(variable);
    return values === null ? [] : [{ variable, trainable, dataId, piece: backend.piece(dataId), values }];
  });
}

const isSame = (a: TensorData, b: TensorData): boolean => liesIn(a, b) && a.byteLength === b.byteLength;

/** What a step does operation by operation, and gives. */
export type Run = (args: Tensor[]) => Tensor[];

/** A step that was done and heard. */
export interface Heard {
  outputs: Tensor[];
  /** What it was; null where it cannot be replayed. */
  trace: Trace | null;
  homes: readonly Home[];
  /** Why it cannot be. */
  reason: string | null;
}

// Why what was heard is no step that a plan can do; null when it is one.
function objection(
  trace: Trace,
  { made, unfit }: Watch,
  before: readonly Home[],
  outputs: readonly Tensor[],
  trains: boolean,
): string | null {
  const backend = backendNow();
  const after = homesNow();
  if (unfit !== null) return unfit;
  if (trace.stepCounters.length !== (trains ? 1 : 0))
    return 'the optimizer did not step once, by kernels of this library, for each of the variables';
  const stay =
    after.length === before.length &&
    after.every(({ variable, dataId }, i) => variable === before[i]!.variable && dataId === before[i]!.dataId);
  if (!stay) return 'the step makes, removes or assigns a variable';
  const given = new Set(outputs.map(({ dataId }) => dataId));
  if (made.some((dataId) => !given.has(dataId) && backend.data.has(dataId))) return 'the function leaves tensors besides the loss';
  const lasting = trace.persistent.filter(({ role }) => role !== 'constant');
  if (lasting.some(({ memory }) => !after.some(({ values }) => isSame(values, memory))))
    return 'the function reads a tensor that is neither an argument nor a variable: pass it as an argument';
  if (trace.changesArguments) return 'the function changes an argument';
  const results = trace.inputs.filter(({ role }) => role === 'result');
  const areMade =
    results.length === outputs.length &&
    outputs.every((t, i) => t.size > 0 && isSame(results[i]!.memory, floatsOf(backend, t) ?? results[i]!.memory.subarray(0, 0)));
  return areMade ? null : 'what it gives, a loss or a metric, is not calculated by the step';
}

/** Does a step and hears it. It works on copies of the arguments, so that what the function reads elsewhere is never taken for one of them. */
export function hearStep(run: Run, args: readonly Tensor[], trains: boolean, isKnown: boolean): Heard {
  const backend = backendNow();
  const before = homesNow();
  const copies = args.map((t) => backend.tensor(valuesOf(t)!.slice(), t.shape, t.dtype));
  const own = copies.map((t) => new Numbers(valuesOf(t)!, t.shape.slice()));
  const watch: Watch = { made: [], unfit: null, isKnown };
  let outputs: Tensor[] | null = null;
  try {
    setWatch(watch);
    const step = (): Tensor[] => {
      outputs = run(copies);
      return outputs;
    };
    const numbersOf = (given: Tensor[]) => given.map((t) => new Numbers(valuesOf(t)!, t.shape.slice()));
    const { trace } = Trace.take('compileStep', step, own, numbersOf, new Listener());
    setWatch(null);
    if (copies.some(({ isDisposed }) => isDisposed)) watch.unfit ??= 'the function disposes an argument';
    const reason = objection(trace, watch, before, outputs!, trains);
    const used = before.filter(({ values }) => trace.persistent.some(({ memory }) => overlap(memory, values)));
    return { outputs: outputs!, trace: reason === null ? trace : null, homes: used, reason };
  } catch (error) {
    if (outputs === null) throw error;
    return { outputs, trace: null, homes: [], reason: (error as Error).message };
  } finally {
    setWatch(null);
    for (const [i, copy] of copies.entries()) {
      if (copy.isDisposed) args[i]!.dispose();
      else copy.dispose();
    }
  }
}

/** A step that two runs did alike. */
export class Replay {
  private readonly plan: Plan;
  /** The variables that it reads, and whether it writes them. */
  readonly homes: readonly (Home & { isWritten: boolean })[];
  /** Before so many calls of the plan nothing that lasts is changed. */
  readonly firstWrite: number;

  constructor(
    readonly trace: Trace,
    homes: readonly Home[],
    private readonly shapes: readonly number[][],
  ) {
    this.plan = trace.plan();
    this.homes = homes.map((home) => ({ ...home, isWritten: trace.written.some(({ array }) => overlap(array, home.values)) }));
    const lasts = ({ base }: { base: { role: string; isPersistent: boolean } }): boolean => base.isPersistent && base.role !== 'constant';
    const first = trace.calls.findIndex((call) => writtenBy(call).some(lasts));
    this.firstWrite = first < 0 ? trace.calls.length : first;
  }

  /** Whether the step would do what was recorded, with any arguments. */
  holds(): boolean {
    const { data } = backendNow();
    for (const { variable, trainable, dataId, piece, values, isWritten } of this.homes) {
      if (variable.isDisposed || variable.dataId !== dataId || variable.trainable !== trainable || !data.has(dataId)) return false;
      if (piece.held !== values || values.length !== variable.size || (isWritten && !(piece.isHome && piece.refCount === 1))) return false;
    }
    const { guards, live, precision } = this.trace;
    return precision === getFloat32MatmulPrecision() && allHold(guards) && live.read();
  }

  /** Has the values of its variables here, where a fit on another thread has newer ones. */
  settle(): void {
    for (const { piece, isWritten } of this.homes) {
      if (isWritten) piece.elsewhere?.take();
      else piece.elsewhere?.look();
    }
  }

  // A plan reads no memory that another of its arrays has: it is given copies.
  private apart(arrays: readonly TensorData[]): TensorData[] {
    const isTaken = (array: TensorData, i: number): boolean =>
      arrays.some((other, j) => j < i && overlap(array, other)) || this.homes.some(({ values }) => overlap(array, values));
    return arrays.map((array, i) => (isTaken(array, i) ? array.slice() : array));
  }

  /** Does the step; null, and nothing is done, where a kernel refuses the values of the arguments. It must hold. */
  run(arrays: readonly TensorData[]): Tensor[] | null {
    const outputs = this.shapes.map((shape) => allocateFloat(numelOf(shape)));
    if (!this.runInto(arrays, outputs)) return null;
    return outputs.map((output, i) => backendNow().tensor(output, this.shapes[i]!, 'float32'));
  }

  /** The same, with what it gives written to `outputs`. */
  runInto(arrays: readonly TensorData[], outputs: readonly Float32Array[]): boolean {
    this.settle();
    return this.replay(this.apart(arrays), outputs, false);
  }

  /** How many numbers each of the outputs has. */
  get sizes(): number[] {
    return this.shapes.map(numelOf);
  }

  /**
   * The same for one of several steps in a row, between which no other JavaScript runs: after the first, only its numbers are asked whether it holds, and it is not done
   * where they say no. It writes what it gives to `outputs`; no array overlaps another. `settle` comes before the first.
   */
  again(arrays: readonly TensorData[], outputs: readonly Float32Array[]): boolean {
    return this.replay(arrays, outputs, true);
  }

  private replay(arrays: readonly TensorData[], outputs: readonly Float32Array[], reads: boolean): boolean {
    const { redraws, live } = this.trace;
    const random = redraws.length > 0 ? randomPosition() : null;
    const refuse = (): false => {
      if (random !== null) setRandomPosition(random);
      return false;
    };
    for (const { redraw } of redraws) redraw();
    if ((reads || random !== null) && !live.read()) return refuse();
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
