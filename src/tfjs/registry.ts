// The kernels of this backend: those of the cpu backend by its names, and ours in the place of some.
import {
  engine,
  getKernel,
  getKernelsForBackend,
  type KernelConfig,
  type NamedAttrMap,
  registerKernel,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { type Backend, byOthers } from './storage';

export const backendName = 'simdnn';

/** The backend, also where another one is active. */
export const backendNow = (): Backend => engine().findBackend(backendName) as Backend;

type Inputs = Record<string, TensorInfo>;
type Attributes = Record<string, unknown>;

/** A kernel of ours: null where it has no answer to these arguments and the cpu backend's is asked. */
export type Native = (backend: Backend, inputs: Inputs, attributes: Attributes) => TensorInfo | TensorInfo[] | null;

const natives = new Map<string, Native>();

/** Says how a kernel of TensorFlow.js's is calculated. */
export function define(names: string | readonly string[], native: Native): void {
  for (const name of [names].flat()) natives.set(name as string, native);
}

function configOf(kernelName: string, native: Native): KernelConfig {
  const others = getKernel(kernelName, 'cpu')?.kernelFunc;
  return {
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const own = native(backend as Backend, inputs as Inputs, attrs as Attributes);
      if (own !== null) return own;
      if (others === undefined) throw new Error(`${kernelName} of simdnn has no answer to these arguments`);
      return byOthers(kernelName, () => others({ inputs, attrs: attrs as NamedAttrMap, backend }));
    },
  };
}

/** Registers all of them. */
export function registerKernels(): void {
  for (const config of getKernelsForBackend('cpu')) {
    const { kernelName, kernelFunc } = config;
    if (!natives.has(kernelName)) registerKernel({ ...config, backendName, kernelFunc: (c) => byOthers(kernelName, () => kernelFunc(c)) });
  }
  for (const [name, native] of natives) registerKernel(configOf(name, native));
}
