// Metrics of the library, as far as no code of the user's runs in them.
import * as metrics from '../metrics';

const classes = new Set<unknown>(Object.values(metrics));

/** Whether a metric is of a class of the library's, none of its methods replaced. */
export const isOwnMetric = (metric: metrics.Metric): boolean =>
  classes.has(metric.constructor) &&
  Object.getPrototypeOf(metric) === metric.constructor.prototype &&
  !['update', 'compute', 'reset'].some((method) => Object.hasOwn(metric, method));
