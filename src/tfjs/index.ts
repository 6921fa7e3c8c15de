// TensorFlow.js on this library's kernels.
import { engine, getBackend, setBackend } from '@tensorflow/tfjs-core';
import { installBackend } from './backend';
import { backendName } from './registry';

/** What `simdnnInfo` says. */
export interface SimdnnInfo {
  /** The backend that TensorFlow.js calls now. */
  backend: string;
  /** `"kernels"`: operations run on this library's kernels; `"none"`: another backend is active. */
  level: 'none' | 'kernels';
  /** Why the level is `"none"`; null where it is not. */
  reason: string | null;
}

/**
 * Says whether TensorFlow.js runs on this library, and if not, why.
 *
 * `level` is `"kernels"` where it does. It is `"none"` after `tf.setBackend` has named another backend.
 *
 * @example
 * simdnnInfo(); // { backend: 'simdnn', level: 'kernels', reason: null }
 */
export function simdnnInfo(): SimdnnInfo {
  const backend = engine().backendName === undefined ? getBackend() : engine().backendName;
  if (backend === backendName) return { backend, level: 'kernels', reason: null };
  return { backend, level: 'none', reason: `the active backend is ${backend}: await tf.setBackend('simdnn')` };
}

installBackend();
void setBackend(backendName); // done when it returns, since the backend starts without waiting
