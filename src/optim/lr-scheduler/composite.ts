// The base of schedulers that are composed of other schedulers.
import { describe, rangeError, typeError } from '../../errors';
import { ReduceLROnPlateau } from './plateau';
import { LRScheduler, type LRSchedulerStateDict, type Scheduled } from './scheduler';

/** The option that all of them have. */
export interface CompositeOptions {
  /** The schedulers, all of the same optimizer. */
  schedulers: readonly LRScheduler[];
}

/** Throws unless the value is a list of schedulers of this optimizer, all of which can be stepped without a metric. */
export function checkSchedulers(where: string, schedulers: unknown, optimizer: Scheduled): void {
  if (!Array.isArray(schedulers)) throw typeError(where, `expected schedulers to be a list of schedulers, got ${describe(schedulers)}`);
  if (schedulers.length === 0) throw rangeError(where, 'expected at least one scheduler, got none');
  schedulers.forEach((one: unknown, i) => {
    if (!(one instanceof LRScheduler)) throw typeError(where, `expected schedulers[${i}] to be a scheduler, got ${describe(one)}`);
    if (one instanceof ReduceLROnPlateau) throw rangeError(where, `schedulers[${i}], a ReduceLROnPlateau, needs a metric at each step`);
    if (one.optimizer !== optimizer) throw rangeError(where, `schedulers[${i}] belongs to another optimizer`);
  });
}

/** A scheduler that steps other schedulers. Its state includes theirs. */
export abstract class CompositeScheduler<O extends CompositeOptions> extends LRScheduler<O> {
  /** "step" if one of the schedulers counts batches; then all are stepped after each batch. */
  override get interval(): 'epoch' | 'step' {
    return this.options.schedulers.some(({ interval }) => interval === 'step') ? 'step' : 'epoch';
  }

  /** The state, with those of the schedulers under `schedulers`. */
  override stateDict(): LRSchedulerStateDict {
    return { ...super.stateDict(), schedulers: this.options.schedulers.map((scheduler) => scheduler.stateDict()) };
  }

  /** @internal */
  override keep(): () => void {
    const all = [super.keep(), ...this.options.schedulers.map((scheduler) => scheduler.keep())];
    return () => {
      for (const restore of all) restore();
    };
  }

  /** @internal */
  override read(where: string, dict: LRSchedulerStateDict): () => void {
    const own = super.read(where, dict);
    const { schedulers } = this.options;
    const saved = dict['schedulers'];
    if (!Array.isArray(saved) || saved.length !== schedulers.length)
      throw rangeError(where, `expected the states of ${schedulers.length} schedulers, got ${describe(saved)}`);
    const inner = schedulers.map((scheduler, i) => scheduler.read(where, saved[i]));
    return () => {
      for (const load of [own, ...inner]) load();
    };
  }
}
