// Which work of a fit follows an epoch, and whether the next epochs may be done before it.
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

/** Whether the figures of an epoch are needed before the fit has ended: to decide about the next epoch, to report them, or because a metric gathers more than one number. */
export const asksFigures = ({ metrics, trainMetrics, schedules, callbacks, earlyStopping, checkpoint }: Settings): boolean =>
  !metrics.isEmpty ||
  !trainMetrics.isEmpty ||
  schedules.watch ||
  callbacks.has('onEpoch') ||
  callbacks.has('onBatch') ||
  earlyStopping !== null ||
  checkpoint !== null;

/** Whether the work after an epoch may change what the next epoch does. */
export const decides = ({ schedules, callbacks, earlyStopping, checkpoint }: Settings): boolean =>
  !schedules.isEmpty || callbacks.useModel('onEpoch') || earlyStopping !== null || checkpoint !== null;

/**
 * Whether further epochs may be done before JavaScript has handled one: no user code runs within epochs. Metrics must be counted on the thread, because a metric
 * that runs in JavaScript could refuse a sample after further epochs were done.
 */
export function canGoAhead(o: Settings, { areSeveral }: Ranks): boolean {
  const { check, schedules, callbacks, metrics, trainMetrics } = o;
  if (areSeveral && decides(o)) return false; // a rank that takes back steps would no longer do the same steps as the others
  const areCounted = (measures: Measures): boolean => measures.isEmpty || (measures.classes > 0 && measures.all.every(isOwnMetric));
  return !callbacks.has('onBatch') && check === 0 && schedules.foreseeEpochs && areCounted(metrics) && areCounted(trainMetrics);
}
