/**
 * A backend for TensorFlow.js: `import 'simdnn/tfjs'` beside `@tensorflow/tfjs`, and its operations run on this library's kernels.
 *
 * @module simdnn/tfjs
 */
export { compileStep, type SimdnnInfo, simdnnInfo } from './tfjs/index';
