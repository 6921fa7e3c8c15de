// Predictions on the calling thread, where passing the rows to another one and back would cost more than it spares.
import { noGrad } from '../autograd';
import { overlap } from '../memory';
import type { Module } from '../nn';
import { atPrecision, type Float32MatmulPrecision } from '../precision';
import { randomPosition } from '../random';
import { type RecordedStep, Recording } from '../recording';
import { leafChanges, refuseLost, type Tensor } from '../tensor';
import type { Form } from './forms';
import { inEvaluation, type Prediction } from './tasks';

// On one thread of an AVX2 processor (Zen 3): products at 100 GFLOP/s, all else as fast as memory is read. JavaScript waits no longer than about this long.
const flopsPerMicrosecond = 100_000;
const bytesPerMicrosecond = 16_000;
const mostMicroseconds = 1000;

/** Whether a step takes so little time that it is done at once. */
export const isQuick = ({ trace: { work } }: RecordedStep): boolean =>
  work.flops / flopsPerMicrosecond + work.bytes / bytesPerMicrosecond <= mostMicroseconds;

const isOnAny = (t: Tensor, others: readonly Tensor[]): boolean => others.some(({ values }) => overlap(values, t.values));

/** A prediction on the calling thread. What it needs to know of the model is kept with its recording, whose guards notice a changed model. */
export class Here {
  private recording: Recording<Tensor[], Tensor[]> | null = null;
  private freeAt = -1;
  private readonly modules: readonly Module[];
  private readonly leaves: readonly Tensor[];
  private readonly run: (...inputs: Tensor[]) => Tensor[];
  /** The form of the outputs. */
  readonly form: Form;

  constructor(
    private readonly where: string,
    model: Module,
    private readonly kind: RecordedStep,
    private readonly precision: Float32MatmulPrecision,
    task: { run(...inputs: Tensor[]): Prediction },
  ) {
    this.modules = model.modules();
    this.leaves = kind.leaves;
    this.form = (kind.results as Prediction).form;
    this.run = (...inputs) => [...task.run(...inputs).outputs];
  }

  /**
   * The outputs, each in memory of its own, or in that of `into` where it is given. Null if another thread works on a tensor, or if what the model does has
   * changed. `into` is asked for when that is known, and may run code of the user's.
   */
  outputs(inputs: readonly Tensor[], into: (() => readonly Tensor[]) | null): readonly Tensor[] | null {
    if (leafChanges !== this.freeAt && !this.areFree()) return null;
    const args: Tensor[] = [];
    for (let i = 0; i < inputs.length; i++) {
      const x = inputs[i]!;
      refuseLost(this.where, x);
      if (x.version.holder !== null) return null;
      for (let j = 0; j < i; j++) if (inputs[j]!.values === x.values) return null; // recorded as different ones
      args.push(x.needsGrad ? x.detach() : x);
    }
    // Modules are asked in the mode that they are in: most models are in evaluation mode already, or ask for none.
    return this.replayed(args, into) ?? this.inEvaluation(args, into);
  }

  // Whether no other thread works on the model's tensors. Whoever takes one changes `leafChanges`.
  private areFree(): boolean {
    const { leaves } = this;
    for (let i = 0; i < leaves.length; i++) if (leaves[i]!.version.holder !== null) return false;
    this.freeAt = leafChanges;
    return true;
  }

  private inEvaluation(args: Tensor[], into: (() => readonly Tensor[]) | null): readonly Tensor[] | null {
    return inEvaluation(this.modules, () => this.replayed(args, into) ?? atPrecision(this.precision, () => this.recorded(args)));
  }

  private replayed(args: Tensor[], into: (() => readonly Tensor[]) | null): readonly Tensor[] | null {
    const { recording, precision } = this;
    if (!recording?.fits(args, false, precision)) return null;
    if (into !== null) {
      const targets = into();
      if (!recording.fits(args, false, precision)) return null; // after whatever it has run
      const memory = targets.map(({ values }) => values);
      if (recording.canWrite(memory, args)) {
        recording.replay(args, memory);
        return targets;
      }
    }
    const outputs = recording.replay(args);
    return recording.givesFresh ? outputs : this.apart(outputs, args);
  }

  private recorded(args: Tensor[]): Tensor[] | null {
    if (!this.kind.holds(randomPosition())) return null;
    const { recording, result } = noGrad(() => {
      const made = Recording.make(this.run, args, false);
      if (!made.recording.isVerified) made.recording.verify(this.run, args);
      return made;
    });
    this.recording = recording;
    return this.apart(result, args);
  }

  // What a model gives out of its inputs, its own tensors or the same memory twice comes back as copies.
  private apart(outputs: readonly Tensor[], inputs: readonly Tensor[]): Tensor[] {
    return outputs.map((output, i) => {
      const isShared = isOnAny(output, inputs) || isOnAny(output, this.leaves) || isOnAny(output, outputs.slice(0, i));
      return isShared || output.requiresGrad ? noGrad(() => output.detach().clone()) : output;
    });
  }
}
