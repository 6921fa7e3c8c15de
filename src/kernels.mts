// The same names for `import`.
export * from './kernels.js';
