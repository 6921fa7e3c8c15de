// TensorFlow.js on this library's kernels.
import { engine, getBackend, setBackend, Tensor, version_core } from '@tensorflow/tfjs-core';
import { installBackend, reachesInside } from './backend';
import { lastFit, lastPrediction, lastStep, lastThread, type Status } from './recorded-step';
import { backendName } from './registry';

export { compileStep } from './compile-step';

/** What `simdnnInfo` says. */
export interface SimdnnInfo {
  /** The backend that TensorFlow.js calls now. */
  backend: string;
  /**
   * `"none"`: another backend is active. `"kernels"`: operations run on this library's kernels. `"training"`: so do gradients of common functions and the
   * updates of optimizers, each as one kernel. `"recorded"`: the last training step, of a model of tf.layers or of `compileStep`, was a replay.
   */
  level: 'none' | 'kernels' | 'training' | 'recorded';
  /** Why the level is no higher one; null for the highest. */
  reason: string | null;
  /** Why the last batch of a `predict` was no replay; null where it was one. */
  prediction: string | null;
  /** Why the last `fit` went through the loop of TensorFlow.js, batch by batch; null where it went through this library's. */
  fit: string | null;
  /** Why the last `fit` did all batches on JavaScript's thread; null where a thread of this library did some, so that JavaScript was free meanwhile. */
  thread: string | null;
}

// All copies of tfjs-core share one engine; it makes tensors of the class of the copy that was loaded first.
function hasCopies(): boolean {
  const made = engine().makeTensor(Float32Array.of(0), [1], 'float32');
  made.dispose();
  return made.constructor !== Tensor;
}

/**
 * Says whether TensorFlow.js runs on this library, and if not, why.
 *
 * `level` is `"training"` where it does with a version of TensorFlow.js whose inside is known, 4.22, else `"kernels"`; `"recorded"` where the last
 * training step, of a model of tf.layers or of `compileStep`, was replayed. It is `"none"` after `tf.setBackend` has
 * named another backend.
 *
 * @example
 * simdnnInfo().level; // 'training'
 */
export function simdnnInfo(): SimdnnInfo {
  const reasonOf = ({ isReplayed, reason }: Status): string | null => (isReplayed ? null : reason);
  return { ...levelNow(), prediction: reasonOf(lastPrediction), fit: reasonOf(lastFit), thread: reasonOf(lastThread) };
}

function levelNow(): Omit<SimdnnInfo, 'prediction' | 'fit' | 'thread'> {
  const backend = engine().backendName === undefined ? getBackend() : engine().backendName;
  if (backend === backendName && hasCopies())
    return { backend, level: 'kernels', reason: 'there are two copies of @tensorflow/tfjs-core: npm dedupe' };
  if (backend === backendName && reachesInside) {
    return lastStep.isReplayed ? { backend, level: 'recorded', reason: null } : { backend, level: 'training', reason: lastStep.reason };
  }
  if (backend === backendName)
    return { backend, level: 'kernels', reason: `gradients and optimizers are known of tfjs-core 4.22, this is ${version_core}` };
  return { backend, level: 'none', reason: `the active backend is ${backend}: await tf.setBackend('simdnn')` };
}

installBackend();
void setBackend(backendName); // done when it returns, since the backend starts without waiting
