// Events in the callbacks of a program of train-programs.test.ts, the same in its loop and in its fit.
import { nn, noGrad, rand, randn, type Tensor } from '../src';
import { randomPosition } from '../src/random';
import { happenAlike, snapshot } from './compile-programs';
import { anything, type Notes } from './program-notes';
import type { events } from './train-programs';
import { type SetUp, Stopped, through } from './train-programs-loop';

/** What differs between the loop and the library while a callback runs. */
export interface Means {
  evaluate(): Promise<Record<string, number>>;
  predict(x: Tensor): Promise<Tensor>;
  /** The model's output by a function that was compiled before the fit. */
  compiled(x: Tensor): Tensor;
  /** Clears tensors that modules keep in fields, because replays, which run no JavaScript, leave there what the last eager call has stored. */
  forget(): void;
}

export class Callbacks {
  readonly controller = new AbortController();
  /** Whether a callback has stopped the fit. */
  stops = false;
  private saved: ReturnType<typeof snapshot> | null = null;
  private batchCalls = 0;
  private readonly x: Tensor;

  constructor(
    private readonly s: SetUp,
    private readonly notes: Notes,
    private readonly means: Means,
  ) {
    this.x = randn([3, s.p.width]);
  }

  /** At the beginning of a program that is followed: draws, and changes a rate. */
  begin(report: { epochs: number; batches: number | undefined }): void {
    this.notes.at = 'begin';
    this.notes.add('report', JSON.stringify([report.epochs, report.batches]));
    this.notes.tensor('drawn', randn([2]));
    for (const group of this.s.optimizer.paramGroups) group.lr *= 0.9;
  }
  /** At its end. */
  end(epochs: number, stopped: string | null): void {
    this.notes.at = 'end';
    this.notes.add('result', JSON.stringify([epochs, stopped]));
    this.look();
  }

  async epoch(epoch: number): Promise<void> {
    this.notes.at = `epoch ${epoch}`;
    for (const e of this.s.p.events) if (e.in === 'epoch' && e.at + 1 === epoch) await this.happen(e.kind, e.of);
    this.means.forget();
  }
  async batch(): Promise<void> {
    const call = this.batchCalls++;
    // A bad option within an epoch ends the fit before the step that the loop begins with its forward pass, and where there is none.
    this.notes.at = `call ${call}`;
    for (const e of this.s.p.events) if (e.in === 'batch' && e.at === call && e.kind !== 'bad option') await this.happen(e.kind, e.of);
    this.means.forget();
  }

  /** Records everything that can be observed. */
  look(): void {
    const { notes, s } = this;
    for (const [name, parameter] of s.net.namedParameters()) {
      notes.tensor(name, parameter);
      notes.add(`version of ${name}`, parameter.requiresGrad);
    }
    for (const [name, buffer] of s.net.namedBuffers()) notes.tensor(name, buffer);
    notes.optimizer('the optimizer', s.optimizer);
    notes.tensor('series', s.series.tensor);
    notes.add(
      'modes',
      s.net
        .modules()
        .map((m) => Number(m.training))
        .join(''),
    );
    notes.add('random position', JSON.stringify(randomPosition()));
    this.lookAtKept();
  }

  // What a step has stored outside of its result: the same as in the loop, or an error that says so.
  private lookAtKept(): void {
    for (const t of this.s.net.kept) {
      let bits: unknown;
      try {
        bits = t === null ? anything : t.toArray().toString();
      } catch (error) {
        if ((error as { code?: string }).code !== 'SIMDNN_LEFT_RECORDING') throw error;
        bits = anything;
      }
      this.notes.add('kept', bits);
    }
  }

  step([...batch]: readonly Tensor[], clears = true): void {
    const { optimizer } = this.s;
    if (clears) optimizer.zeroGrad();
    const { loss } = through(this.s, batch);
    loss.backward();
    optimizer.step();
    this.notes.tensor('eager step', loss);
  }

  private async happen(kind: (typeof events)[number], of: number): Promise<void> {
    const { s, notes } = this;
    const { net, optimizer, loss } = s;
    const parameter = s.parameters[of % s.parameters.length]!;
    if (happenAlike(kind, of, { model: net, optimizer, parameter, notes })) return;
    const block = net.blocks[of % net.blocks.length]!;
    switch (kind) {
      case 'bad option':
        optimizer.paramGroups[of % optimizer.paramGroups.length]!.lr = -1;
        break;
      case 'replace groups':
        optimizer.paramGroups = optimizer.paramGroups.map((g) => ({ ...g, lr: g.lr * 0.5 })) as never;
        break;
      case 'load optimizer':
        if (this.saved !== null) optimizer.loadStateDict(this.saved);
        this.saved = snapshot(optimizer);
        break;
      case 'copy':
        noGrad(() => parameter.mul_(0.9).add_(0.01));
        break;
      case 'replace':
        block.linear.weight = new nn.Parameter(block.linear.weight.mul(0.5).detach());
        break;
      case 'replace layer':
        net.renew();
        break;
      case 'dropout':
        if (block.dropout !== null) block.dropout.p = of % 4 === 0 ? 0 : of / 100;
        break;
      case 'mode':
        if (of % 3 === 0) net.eval();
        else if (of % 3 === 1) net.train();
        else block.eval();
        break;
      case 'field': {
        const { activation } = block;
        if (activation instanceof nn.LeakyReLU) activation.negativeSlope = of / 100;
        else if (activation instanceof nn.ELU) activation.alpha = of / 50;
        else if (activation instanceof nn.GELU) activation.approximate = activation.approximate === 'none' ? 'tanh' : 'none';
        else if (activation instanceof nn.Softplus) activation.beta = 1 + of / 50;
        break;
      }
      case 'plain field':
        net.change(of);
        break;
      case 'criterion': {
        const { criterion } = loss;
        if (of % 3 === 0) criterion.reduction = criterion.reduction === 'mean' ? 'sum' : 'mean';
        else if (criterion instanceof nn.CrossEntropyLoss && of % 3 === 1) criterion.labelSmoothing = of / 200;
        else if ('weight' in criterion) criterion.weight = of % 2 === 0 ? null : rand([s.classes]).add(0.5);
        break;
      }
      case 'hook':
        block.registerForwardHook((_, __, output) => (output as Tensor).mul(1 - of / 1000));
        break;
      case 'buffer': {
        const buffers = net.buffers();
        if (buffers.length > 0) noGrad(() => buffers[of % buffers.length]!.mul_(0.5));
        break;
      }
      case 'loader':
        for await (const batch of s.loader) {
          notes.tensor('batch', batch[0]!);
          break;
        }
        break;
      case 'series':
        noGrad(() => s.series.tensor.mul_(1.01));
        break;
      case 'data':
        if (s.inputs.length > 0) noGrad(() => s.inputs[of % s.inputs.length]!.mul_(0.9));
        break;
      case 'eager step':
        for await (const batch of s.loader) {
          this.step(batch, of % 2 === 0);
          break;
        }
        break;
      case 'compiled':
        notes.tensor('compiled', this.means.compiled(this.x));
        break;
      case 'evaluate':
        notes.add('evaluate', JSON.stringify(await this.means.evaluate()));
        break;
      case 'predict':
        notes.tensor('predict', await this.means.predict(this.x));
        break;
      case 'kept':
        this.look();
        break;
      case 'stop':
        this.stops = true;
        break;
      case 'throw':
        throw new Stopped('thrown by a callback');
      case 'abort':
        this.controller.abort(new Stopped('aborted by a callback'));
        break;
    }
  }
}
