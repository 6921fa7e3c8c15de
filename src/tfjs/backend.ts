// The backend `simdnn` of TensorFlow.js.
import { registerBackend, version_core } from '@tensorflow/tfjs-core';
import { defineDropout } from './dropout';
import { defineElementwise } from './elementwise';
import { installFiles } from './files';
import { defineGradients, installGradients } from './gradients';
import { installModels } from './models';
import { defineMovement } from './movement';
import { installOptimizers } from './optimizers';
import { defineProducts } from './products';
import { defineReductions } from './reductions';
import { backendName, registerKernels } from './registry';
import { Backend } from './storage';
import { defineWindows } from './windows';

/** Whether gradients and optimizers are this library's too: they go by what is inside TensorFlow.js, which is known of this version. */
export const reachesInside = version_core.startsWith('4.22.');

/** Registers the backend and its kernels; before wasm and WebGL where the program names none. */
export function installBackend(): void {
  defineElementwise();
  defineProducts();
  defineReductions();
  defineMovement();
  defineGradients();
  defineWindows();
  defineDropout();
  registerKernels();
  installFiles();
  registerBackend(backendName, () => new Backend(), 4);
  if (!reachesInside) return;
  installModels(); // first: tfjs-layers registers the gradients of TensorFlow.js, before which ours are put
  installGradients();
  installOptimizers();
}
