// What metrics over parts of the rows add up by.

/** @internal The name under which a metric has the numbers, all that it knows, whose sums over parts are those of the whole; null: it knows more. */
export const totals = Symbol('totals');
