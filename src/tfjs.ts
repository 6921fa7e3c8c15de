/**
 * A backend for TensorFlow.js. A program that imports `simdnn/tfjs` besides `@tensorflow/tfjs` runs on this library's kernels.
 *
 * @module simdnn/tfjs
 */
export { compileStep, type SimdnnInfo, simdnnInfo } from './tfjs/index';
