// The entry of `simdnn/tfjs`: installs the backend and reports what it does.
import { engine, getBackend, setBackend, Tensor, version_core } from '@tensorflow/tfjs-core';
import { hasKnownInternals, installBackend } from './backend';
import { lastFit, lastPrediction, lastStep, lastThread, type Status } from './recorded-step';
import { backendName } from './registry';

export { compileStep } from './compile-step';

/** What `simdnnInfo` returns. */
export interface SimdnnInfo {
  /** The active backend of TensorFlow.js. */
  backend: string;
  /**
   * `"none"`: another backend is active. `"kernels"`: operations run on this library's kernels. `"training"`: the gradients of common functions and the updates of
   * optimizers, each as one kernel, do so too. `"recorded"`: the last training step, of a model of tf.layers or of `compileStep`, was a replay.
   */
  level: 'none' | 'kernels' | 'training' | 'recorded';
  /** Why the level is no higher; null for the highest. */
  reason: string | null;
  /** Why the last batch of a `predict` was not replayed; null if it was. */
  prediction: string | null;
  /** Why the last `fit` used the loop of TensorFlow.js; null if it used the loop of this library. */
  fit: string | null;
  /** Why the last `fit` ran on JavaScript's thread alone; null if a thread of this library did some of its batches, during which JavaScript was free. */
  thread: string | null;
}

// All copies of tfjs-core share one engine, which makes tensors of the class of the copy that was loaded first.
function hasCopies(): boolean {
  const tensor = engine().makeTensor(Float32Array.of(0), [1], 'float32');
  tensor.dispose();
  return tensor.constructor !== Tensor;
}

/**
 * Returns whether TensorFlow.js runs on this library, and if not, why.
 *
 * `level` is `"recorded"` if the last training step, of a model of tf.layers or of `compileStep`, was replayed. Otherwise it is `"training"` with TensorFlow.js 4.22,
 * whose gradients and optimizers this library replaces, and `"kernels"` with other versions. It is `"none"` while another backend is active.
 *
 * @example
 * simdnnInfo().level; // 'training'
 */
export function simdnnInfo(): SimdnnInfo {
  const reasonOf = ({ isReplayed, reason }: Status): string | null => (isReplayed ? null : reason);
  return { ...currentLevel(), prediction: reasonOf(lastPrediction), fit: reasonOf(lastFit), thread: reasonOf(lastThread) };
}

function currentLevel(): Omit<SimdnnInfo, 'prediction' | 'fit' | 'thread'> {
  const backend = engine().backendName === undefined ? getBackend() : engine().backendName;
  if (backend === backendName && hasCopies())
    return { backend, level: 'kernels', reason: 'there are two copies of @tensorflow/tfjs-core: npm dedupe' };
  if (backend === backendName && hasKnownInternals) {
    return lastStep.isReplayed ? { backend, level: 'recorded', reason: null } : { backend, level: 'training', reason: lastStep.reason };
  }
  if (backend === backendName)
    return { backend, level: 'kernels', reason: `gradients and optimizers are known of tfjs-core 4.22, this is ${version_core}` };
  return { backend, level: 'none', reason: `the active backend is ${backend}: await tf.setBackend('simdnn')` };
}

installBackend();
void setBackend(backendName); // done when it returns, since the backend starts without waiting
