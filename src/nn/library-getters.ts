// The getters that the library has defined on modules. Any other getter is a user function.
const getters = new WeakSet<object>();

/** Registers a getter and returns it. */
export function libraryGetter<G extends () => unknown>(getter: G): G {
  getters.add(getter);
  return getter;
}

export const isLibraryGetter = (getter: object): boolean => getters.has(getter);
