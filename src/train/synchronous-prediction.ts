// Synchronous predictions, on the thread that calls `predict`. For a small model, passing the rows to another thread and the results back would take longer.
import { noGrad } from '../autograd';
import { overlap } from '../memory';
import type { Module } from '../nn';
import { atPrecision, type Float32MatmulPrecision } from '../precision';
import { randomPosition } from '../random';
import { type RecordedStep, Recording } from '../recording';
import { leafChanges, refuseLost, type Tensor } from '../tensor';
import type { OutputStructure } from './output-structure';
import { inEvaluationMode, type Prediction } from './tasks';

// The estimated time is that of one thread of an AVX2 processor (Zen 3): products at 100 GFLOP/s, everything else at the speed of memory, 16 GB/s. JavaScript waits for
// at most about a millisecond.
const flopsPerMicrosecond = 100_000;
const bytesPerMicrosecond = 16_000;
const mostMicroseconds = 1000;

/** Whether a step takes so little time that it is done on the calling thread. */
export const isQuick = ({ trace: { work } }: RecordedStep): boolean =>
  work.flops / flopsPerMicrosecond + work.bytes / bytesPerMicrosecond <= mostMicroseconds;

const isOnAny = (t: Tensor, others: readonly Tensor[]): boolean => others.some(({ values }) => overlap(values, t.values));

/** Predictions of one model on the calling thread. The recording's guards detect changes of the model. */
export class SynchronousPrediction {
  private recording: Recording<Tensor[], Tensor[]> | null = null;
  private freeAtChange = -1;
  private readonly modules: readonly Module[];
  private readonly leaves: readonly Tensor[];
  private readonly run: (...inputs: Tensor[]) => Tensor[];
  /** The structure of the output. */
  readonly structure: OutputStructure;

  constructor(
    private readonly where: string,
    model: Module,
    private readonly kind: RecordedStep,
    private readonly precision: Float32MatmulPrecision,
    task: { run(...inputs: Tensor[]): Prediction },
  ) {
    this.modules = model.modules();
    this.leaves = kind.leaves;
    this.structure = (kind.results as Prediction).structure;
    this.run = (...inputs) => [...task.run(...inputs).outputs];
  }

  /**
   * The output's tensors, each in memory of its own, or in that of `into` if it is given. Null if another thread works on a tensor, or if the model's calculation has
   * changed. `into` is called after these checks, and may run user code.
   */
  outputs(inputs: readonly Tensor[], into: (() => readonly Tensor[]) | null): readonly Tensor[] | null {
    if (leafChanges !== this.freeAtChange && !this.areTensorsFree()) return null;
    const args: Tensor[] = [];
    for (let i = 0; i < inputs.length; i++) {
      const x = inputs[i]!;
      refuseLost(this.where, x);
      if (x.version.holder !== null) return null;
      for (let j = 0; j < i; j++) if (inputs[j]!.values === x.values) return null; // the recording has a separate tensor for each input
      args.push(x.needsGrad ? x.detach() : x);
    }
    // The guards are first evaluated in the modules' present modes: most models are already in evaluation mode, or do not depend on it.
    return this.replay(args, into) ?? this.runInEvaluationMode(args, into);
  }

  // Whether no other thread works on the model's tensors. `leafChanges` changes whenever a tensor is held, so it saves most calls.
  private areTensorsFree(): boolean {
    const { leaves } = this;
    for (let i = 0; i < leaves.length; i++) if (leaves[i]!.version.holder !== null) return false;
    this.freeAtChange = leafChanges;
    return true;
  }

  private runInEvaluationMode(args: Tensor[], into: (() => readonly Tensor[]) | null): readonly Tensor[] | null {
    return inEvaluationMode(this.modules, () => this.replay(args, into) ?? atPrecision(this.precision, () => this.record(args)));
  }

  private replay(args: Tensor[], into: (() => readonly Tensor[]) | null): readonly Tensor[] | null {
    const { recording, precision } = this;
    if (!recording?.fits(args, false, precision)) return null;
    if (into !== null) {
      const targets = into();
      if (!recording.fits(args, false, precision)) return null; // `into` may have run user code
      const memory = targets.map(({ values }) => values);
      if (recording.canWrite(memory, args)) {
        recording.replay(args, memory);
        return targets;
      }
    }
    const outputs = recording.replay(args);
    return recording.givesFresh ? outputs : this.copyShared(outputs, args);
  }

  private record(args: Tensor[]): Tensor[] | null {
    if (!this.kind.isValid(randomPosition())) return null;
    const { recording, result } = noGrad(() => {
      const made = Recording.make(this.run, args, false);
      if (!made.recording.isVerified) made.recording.verify(this.run, args);
      return made;
    });
    this.recording = recording;
    return this.copyShared(result, args);
  }

  // Copies outputs that share memory with an input, with the model's own tensors or with an earlier output.
  private copyShared(outputs: readonly Tensor[], inputs: readonly Tensor[]): Tensor[] {
    return outputs.map((output, i) => {
      const isShared = isOnAny(output, inputs) || isOnAny(output, this.leaves) || isOnAny(output, outputs.slice(0, i));
      return isShared || output.requiresGrad ? noGrad(() => output.detach().clone()) : output;
    });
  }
}
