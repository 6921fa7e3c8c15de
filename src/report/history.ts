// The figures of a fit for each epoch.
import { checkInteger, describe, rangeError, typeError } from '../errors';
import { numbersOf } from './values';

/** Figures for each epoch: the result of `train.fit`, or a part of it. */
export interface History {
  /** The mean loss of each epoch. */
  loss: readonly number[];
  /** The loss over the validation loader. */
  validationLoss?: readonly number[];
  /** Each metric. */
  metrics?: Readonly<Record<string, readonly number[]>>;
  /** Each metric of `trainMetrics`. */
  trainMetrics?: Readonly<Record<string, readonly number[]>>;
  /** The learning rate. */
  lr?: readonly number[];
  /** The seconds of each epoch. */
  epochSeconds?: readonly number[];
  /** The epoch with the best figure; 0 if there is none. */
  bestEpoch?: number;
  /** The number of epochs: that of losses. */
  epochs?: number;
  /** The reason why it ended. */
  stopped?: string | null;
  /** The duration. */
  seconds?: number;
}

/** Each metric by its name. */
export type Named = readonly (readonly [string, readonly number[]])[];

/** A checked history. */
export interface Epochs {
  /** The number of epochs. */
  count: number;
  loss: readonly number[];
  validationLoss: readonly number[] | null;
  metrics: Named;
  trainMetrics: Named;
  lr: readonly number[] | null;
  epochSeconds: readonly number[] | null;
  /** 0 if there is none. */
  bestEpoch: number;
}

function listOf(where: string, name: string, value: unknown, count: number): number[] {
  const values = [...numbersOf(where, name, value)];
  if (values.length !== count) throw rangeError(where, `expected ${name} of ${count} epochs, as loss is, got ${values.length}`);
  return values;
}

function namedOf(where: string, name: string, value: unknown, count: number): Named {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object' || Array.isArray(value))
    throw typeError(where, `expected ${name} to be lists by name, got ${describe(value)}`);
  return Object.entries(value).map(([key, list]) => [key, listOf(where, `${name}.${key}`, list, count)]);
}

/** Checks and copies a history. A fit that ended within its first epoch has no history, which is an error. */
export function epochsOf(where: string, history: unknown): Epochs {
  if (typeof history !== 'object' || history === null || Array.isArray(history))
    throw typeError(where, `expected what train.fit returns, got ${describe(history)}`, '{ loss: [...], validationLoss: [...] }');
  const given = history as Record<string, unknown>;
  if (given['loss'] === undefined) throw typeError(where, 'expected loss, a list of numbers, in what train.fit returns');
  const loss = [...numbersOf(where, 'loss', given['loss'])];
  const count = loss.length;
  if (count === 0) throw rangeError(where, 'there is no epoch');
  const optional = (name: string): number[] | null =>
    given[name] === undefined || given[name] === null ? null : listOf(where, name, given[name], count);
  return {
    count,
    loss,
    validationLoss: optional('validationLoss'),
    metrics: namedOf(where, 'metrics', given['metrics'], count),
    trainMetrics: namedOf(where, 'trainMetrics', given['trainMetrics'], count),
    lr: optional('lr'),
    epochSeconds: optional('epochSeconds'),
    bestEpoch: checkInteger(where, 'bestEpoch', given['bestEpoch'] ?? 0),
  };
}
