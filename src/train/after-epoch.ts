// What follows an epoch of a fit, and what that means for the next epochs.
import type { Measures } from './measures';
import type { Settings } from './options';
import { isOwnMetric } from './own-metrics';
import type { Ranks } from './ranks';

/** Whether JavaScript has something to do after each epoch of a fit. */
export const endsEpochs = ({ validation, metrics, schedules, callbacks, earlyStopping, checkpoint }: Settings): boolean =>
  validation.length > 0 ||
  !metrics.isEmpty ||
  !schedules.isEmpty ||
  callbacks.has('onEpoch') ||
  earlyStopping !== null ||
  checkpoint !== null;

/** Whether something needs the figures of an epoch before the fit has ended: what decides on them, reports them, or gathers more than a number for them. */
export const asksFigures = ({ metrics, trainMetrics, schedules, callbacks, earlyStopping, checkpoint }: Settings): boolean =>
  !metrics.isEmpty ||
  !trainMetrics.isEmpty ||
  schedules.watch ||
  callbacks.has('onEpoch') ||
  callbacks.has('onBatch') ||
  earlyStopping !== null ||
  checkpoint !== null;

/** Whether what a fit does after an epoch may change what the next one does. */
export const decides = ({ schedules, callbacks, earlyStopping, checkpoint }: Settings): boolean =>
  !schedules.isEmpty || callbacks.useModel('onEpoch') || earlyStopping !== null || checkpoint !== null;

/**
 * Whether further epochs may be done before JavaScript has seen to one: no code of the user's runs within epochs. Samples must be counted on the thread, so that no metric can refuse one after further epochs.
 */
export function canGoAhead(o: Settings, { areSeveral }: Ranks): boolean {
  const { check, schedules, callbacks, metrics, trainMetrics } = o;
  if (areSeveral && decides(o)) return false; // a rank that takes back steps would do others than the rest
  const areCounted = (measures: Measures): boolean => measures.isEmpty || (measures.classes > 0 && measures.all.every(isOwnMetric));
  return !callbacks.has('onBatch') && check === 0 && schedules.foreseeEpochs && areCounted(metrics) && areCounted(trainMetrics);
}
