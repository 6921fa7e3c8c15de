// Methods of callbacks that read their report alone: a fit keeps its model while it calls them, and copies nothing.

const readers = new WeakSet<object>();

/** Marks a method as one that reads its report alone. */
export function readsReport<F extends (...args: never[]) => unknown>(method: F): F {
  readers.add(method);
  return method;
}

/** Whether a method was marked so. */
export const isReportReader = (method: object): boolean => readers.has(method);
