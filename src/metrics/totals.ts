// How metrics over parts of the rows are combined.

/** @internal The method that returns a metric's whole state as numbers whose sums over parts are the state of the whole; null if it has other state. */
export const totals = Symbol('totals');
