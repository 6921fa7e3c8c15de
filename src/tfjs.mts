// The same names for `import`.
export * from './tfjs.js';
