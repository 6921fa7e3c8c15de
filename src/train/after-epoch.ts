// What follows an epoch of a fit, and what that means for the next epochs.
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

/** Whether one of several ranks may end the fit after an epoch, or has figures that threads do not count, or has to look at the model when all have done that epoch and no more. */
export const mayDiffer = ({ metrics, trainMetrics, schedules, callbacks, earlyStopping, checkpoint }: Settings): boolean =>
  schedules.watch ||
  callbacks.useModel('onEpoch') ||
  callbacks.has('onBatch') ||
  earlyStopping !== null ||
  checkpoint !== null ||
  ![...metrics.all, ...trainMetrics.all].every(isOwnMetric);

/** Whether what a fit does after an epoch may change what the next one does. */
export const decides = ({ schedules, callbacks, earlyStopping, checkpoint }: Settings): boolean =>
  !schedules.isEmpty || callbacks.useModel('onEpoch') || earlyStopping !== null || checkpoint !== null;

/**
 * Whether further epochs may be done before JavaScript has seen to one: no code of the user's runs within epochs, and no scheduler is stepped within them. Samples must be counted on the thread, so that no metric can refuse one after further epochs.
 */
export function canGoAhead({ check, schedules, callbacks, metrics, trainMetrics }: Settings): boolean {
  const areCounted = (measures: Measures): boolean => measures.isEmpty || (measures.classes > 0 && measures.all.every(isOwnMetric));
  return !callbacks.has('onBatch') && check === 0 && schedules.foreseeEpochs && areCounted(metrics) && areCounted(trainMetrics);
}
