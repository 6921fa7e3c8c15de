// The backend `simdnn` of TensorFlow.js.
import { registerBackend } from '@tensorflow/tfjs-core';
import { defineElementwise } from './elementwise';
import { defineMovement } from './movement';
import { defineProducts } from './products';
import { defineReductions } from './reductions';
import { backendName, registerKernels } from './registry';
import { Backend } from './storage';

/** Registers the backend and its kernels; before wasm and WebGL where the program names none. */
export function installBackend(): void {
  defineElementwise();
  defineProducts();
  defineReductions();
  defineMovement();
  registerKernels();
  registerBackend(backendName, () => new Backend(), 4);
}
