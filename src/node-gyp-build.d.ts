declare module 'node-gyp-build' {
  /** Loads the addon of the package at `directory`: its own build first, then a fitting prebuild. */
  function load(directory: string): unknown;
  export = load;
}
