// Which work of a fit follows an epoch, and whether the next epochs may be done before it.
import type { Measures } from './measures';
import type { Settings } from './options';
import { isOwnMetric } from './own-metrics';

/** Whether JavaScript has something to do after each epoch of a fit. */
export const endsEpochs = ({ validation, metrics, schedules, callbacks, earlyStopping, checkpoint }: Settings): boolean =>
  validation.length > 0 ||
  !metrics.isEmpty ||
  !schedules.isEmpty ||
  callbacks.has('onEpoch') ||
  earlyStopping !== null ||
  checkpoint !== null;

/** Whether one of several ranks may end the fit after an epoch, has figures that threads do not count, or has to read the model when all ranks have done that epoch and no more. */
export const mayDiffer = ({ metrics, trainMetrics, schedules, callbacks, earlyStopping, checkpoint }: Settings): boolean =>
  schedules.watch ||
  callbacks.useModel('onEpoch') ||
  callbacks.has('onBatch') ||
  earlyStopping !== null ||
  checkpoint !== null ||
  ![...metrics.all, ...trainMetrics.all].every(isOwnMetric);

/** Whether the work after an epoch may change what the next epoch does. */
export const decides = ({ schedules, callbacks, earlyStopping, checkpoint }: Settings): boolean =>
  !schedules.isEmpty || callbacks.useModel('onEpoch') || earlyStopping !== null || checkpoint !== null;

/**
 * Whether further epochs may be done before JavaScript has handled one: no user code runs within epochs. Metrics must be counted on the thread, because a metric
 * that runs in JavaScript could refuse a sample after further epochs were done.
 */
export function canGoAhead({ check, schedules, callbacks, metrics, trainMetrics }: Settings): boolean {
  const areCounted = (measures: Measures): boolean => measures.isEmpty || (measures.classes > 0 && measures.all.every(isOwnMetric));
  return !callbacks.has('onBatch') && check === 0 && schedules.foreseeEpochs && areCounted(metrics) && areCounted(trainMetrics);
}
