// Distinguishes the library's metrics from those that run user code.
import * as metrics from '../metrics';

const classes = new Set<unknown>(Object.values(metrics));

/** Whether a metric is an instance of a class of this library, with none of its methods replaced. */
export const isLibraryMetric = (metric: metrics.Metric): boolean =>
  classes.has(metric.constructor) &&
  Object.getPrototypeOf(metric) === metric.constructor.prototype &&
  !['update', 'compute', 'reset'].some((method) => Object.hasOwn(metric, method));
