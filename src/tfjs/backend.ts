// The backend `simdnn` of TensorFlow.js.
import { registerBackend, version_core } from '@tensorflow/tfjs-core';
import { defineConvolution } from './convolution';
import { defineDropout } from './dropout';
import { defineElementwise } from './elementwise';
import { installFiles } from './files';
import { defineGradients, installGradients } from './gradients';
import { defineLayout } from './layout';
import { installModels } from './models';
import { installOptimizers } from './optimizers';
import { defineProducts } from './products';
import { defineReductions } from './reductions';
import { backendName, registerKernels } from './registry';
import { Backend } from './storage';
import { defineUpsampling } from './upsampling';

/** Whether the gradients, optimizers and models of this version of TensorFlow.js can be replaced. That depends on its internals, which are those of 4.22. */
export const hasKnownInternals = version_core.startsWith('4.22.');

/** Registers the backend and its kernels. The priority of 4 is higher than that of WebGL and wasm, so that it is the default. */
export function installBackend(): void {
  defineElementwise();
  defineProducts();
  defineReductions();
  defineLayout();
  defineGradients();
  defineConvolution();
  defineDropout();
  defineUpsampling();
  registerKernels();
  installFiles();
  registerBackend(backendName, () => new Backend(), 4);
  if (!hasKnownInternals) return;
  installModels(); // first, because tfjs-layers registers the gradients that ours replace
  installGradients();
  installOptimizers();
}
