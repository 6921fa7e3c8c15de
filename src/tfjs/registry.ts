// The kernels of this backend: this library's where it has one, and the cpu backend's otherwise.
import {
  engine,
  getKernel,
  getKernelsForBackend,
  type KernelConfig,
  type NamedAttrMap,
  registerKernel,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { type Backend, runFallback } from './storage';

export const backendName = 'simdnn';

/** This backend, whether or not it is the active one. */
export const simdnnBackend = (): Backend => engine().findBackend(backendName) as Backend;

type Inputs = Record<string, TensorInfo>;
type Attributes = Record<string, unknown>;

/** A kernel of this library. It returns null for arguments that it does not support; the cpu backend's kernel then runs. */
export type KernelFunction = (backend: Backend, inputs: Inputs, attributes: Attributes) => TensorInfo | TensorInfo[] | null;

const kernels = new Map<string, KernelFunction>();

/** Defines this library's kernel for a kernel name of TensorFlow.js. */
export function define(name: string, kernel: KernelFunction): void {
  kernels.set(name, kernel);
}

function configOf(kernelName: string, kernel: KernelFunction): KernelConfig {
  const fallback = getKernel(kernelName, 'cpu')?.kernelFunc;
  return {
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const result = kernel(backend as Backend, inputs as Inputs, attrs as Attributes);
      if (result !== null) return result;
      if (fallback === undefined) throw new Error(`${kernelName} of simdnn does not support these arguments`);
      return runFallback(kernelName, () => fallback({ inputs, attrs: attrs as NamedAttrMap, backend }));
    },
  };
}

/** Registers all kernels with TensorFlow.js. */
export function registerKernels(): void {
  for (const config of getKernelsForBackend('cpu')) {
    const { kernelName, kernelFunc } = config;
    if (!kernels.has(kernelName))
      registerKernel({ ...config, backendName, kernelFunc: (args) => runFallback(kernelName, () => kernelFunc(args)) });
  }
  for (const [name, kernel] of kernels) registerKernel(configOf(name, kernel));
}
