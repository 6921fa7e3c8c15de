// Which work a fit has after each epoch, and whether the thread may do the next epochs before it.

import { isLibraryMetric } from './library-metrics';
import type { Measures } from './measures';
import type { Settings } from './options';

/** Whether JavaScript has something to do after each epoch of a fit. */
export const hasEpochWork = ({ validation, metrics, schedules, callbacks, earlyStopping, checkpoint }: Settings): boolean =>
  validation.length > 0 ||
  !metrics.isEmpty ||
  !schedules.isEmpty ||
  callbacks.has('onEpoch') ||
  earlyStopping !== null ||
  checkpoint !== null;

/** Whether the ranks of a fit must agree after each epoch: a rank may end the fit then, has figures that native threads do not count, or reads the model as of that epoch. */
export const mustRanksAgree = ({ metrics, trainMetrics, schedules, callbacks, earlyStopping, checkpoint }: Settings): boolean =>
  schedules.hasMonitor ||
  callbacks.mayUseModel('onEpoch') ||
  callbacks.has('onBatch') ||
  earlyStopping !== null ||
  checkpoint !== null ||
  ![...metrics.all, ...trainMetrics.all].every(isLibraryMetric);

/** Whether the work after an epoch may change what the next epoch does. */
export const mayChangeNextEpoch = ({ schedules, callbacks, earlyStopping, checkpoint }: Settings): boolean =>
  !schedules.isEmpty || callbacks.mayUseModel('onEpoch') || earlyStopping !== null || checkpoint !== null;

/**
 * Whether the thread may do further epochs before JavaScript has handled one. This needs epochs without user code, and metrics that the thread counts: a metric in
 * JavaScript could throw for a sample when further epochs are already done.
 */
export function canRunAhead({ check, schedules, callbacks, metrics, trainMetrics }: Settings): boolean {
  const areCounted = (measures: Measures): boolean => measures.isEmpty || (measures.classes > 0 && measures.all.every(isLibraryMetric));
  return !callbacks.has('onBatch') && check === 0 && schedules.canSimulateEpochs && areCounted(metrics) && areCounted(trainMetrics);
}
