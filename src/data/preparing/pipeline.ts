// Transformers applied in sequence.

import { describe, rangeError, typeError } from '../../errors';
import { allOrNone, loadAll } from './all-or-none';
import type { Features } from './columns';
import { preparingOptions } from './options';
import { type PreparingState, StateReader } from './state';
import type { Transformer } from './transformer';

/** Steps by name. */
export type Steps = readonly (readonly [name: string, transformer: Transformer])[];

/** Throws unless the value is a list of named transformers with distinct names; `words` may stand for a transformer. */
export function checkSteps(where: string, steps: unknown): Steps;
export function checkSteps<Word extends string>(
  where: string,
  steps: unknown,
  words: readonly Word[],
): readonly (readonly [name: string, transformer: Transformer | Word])[];
export function checkSteps(where: string, steps: unknown, words: readonly string[] = []): unknown {
  if (!Array.isArray(steps) || steps.length === 0) throw typeError(where, `expected a list of [name, transformer], got ${describe(steps)}`);
  steps.forEach((step, i) => {
    if (!Array.isArray(step) || typeof step[0] !== 'string' || step[0] === '')
      throw typeError(where, `expected step ${i} to be [name, transformer]`);
    const methods = ['fit', 'transform', 'fitTransform', 'stateDict', 'loadStateDict'];
    if (words.includes(step[1])) {
      // Words are not transformers, so their methods are not checked.
    } else if (!methods.every((method) => typeof step[1]?.[method] === 'function')) {
      throw typeError(where, `expected step ${describe(step[0])} to be a transformer, got ${describe(step[1])}`);
    }
    if (steps.findIndex((other) => other[0] === step[0]) < i) throw rangeError(where, `two steps are named ${describe(step[0])}`);
  });
  return steps.map(([name, step]) => [name, step] as const);
}

/**
 * Applies transformers in sequence, each to the result of the one before. As `sklearn.pipeline.Pipeline`, with transformers only.
 *
 * If `fit` throws, no step is changed. A TypeError for a step that is not a transformer.
 *
 * @example
 * const pipeline = new data.Pipeline([['gaps', new data.SimpleImputer()], ['scale', new data.StandardScaler()]]);
 * pipeline.fitTransform(tensor([[1], [NaN], [3]])).toArray().length; // 3
 */
export class Pipeline {
  /** The steps, in order. */
  readonly steps: Steps;

  /** `options` takes none of scikit-learn's, which an error explains. */
  constructor(steps: Steps, options?: Record<string, never>) {
    preparingOptions('Pipeline', options, {});
    this.steps = checkSteps('Pipeline', steps);
  }

  /** Fits each step to the result of the steps before it. */
  fit(x: Features): this {
    this.fitTransform(x);
    return this;
  }

  /** The result of all steps in sequence. */
  // biome-ignore lint/suspicious/noExplicitAny: the type of the last step's result, which only the caller knows
  transform(x: Features): any {
    return this.steps.reduce<unknown>((value, [, step]) => step.transform(value as Features), x);
  }

  /** `fit(x)`, then `transform(x)`. */
  // biome-ignore lint/suspicious/noExplicitAny: as in transform
  fitTransform(x: Features): any {
    return allOrNone(this.steps, () => this.steps.reduce<unknown>((value, [, step]) => step.fitTransform(value as Features), x));
  }

  /** Inverts the steps, from the last to the first. */
  // biome-ignore lint/suspicious/noExplicitAny: the type of the first step's input, which only the caller knows
  inverseTransform(x: any): any {
    const without = this.steps.find(([, step]) => step.inverseTransform === undefined);
    if (without !== undefined) throw typeError('Pipeline.inverseTransform', `step ${describe(without[0])} has no inverseTransform`);
    return this.steps.reduceRight<unknown>((value, [, step]) => step.inverseTransform!(value as never), x);
  }

  /** The names of the columns of the last step's result. */
  getFeatureNamesOut(inputFeatures?: readonly string[]): string[] {
    return this.steps.reduce<readonly string[] | undefined>((names, [name, step]) => {
      if (step.getFeatureNamesOut === undefined) {
        throw typeError('Pipeline.getFeatureNamesOut', `step ${describe(name)} has no getFeatureNamesOut`);
      }
      return step.getFeatureNamesOut(names);
    }, inputFeatures) as string[];
  }

  /** The state of each step, by its name. */
  stateDict(): PreparingState {
    return { steps: this.steps.map(([name, step]) => [name, step.stateDict()]) } as unknown as PreparingState;
  }

  /** Loads the `stateDict()` of a pipeline with the same steps. */
  loadStateDict(state: PreparingState): void {
    const where = 'Pipeline.loadStateDict';
    loadAll(where, 'step', this.steps, new StateReader(where, state).list('steps', this.steps.length));
  }
}
