// Dropout layers without a seed draw their random numbers from this library, so that each replay draws the next ones.
import { engine, registerGradient, type Tensor, tidy } from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import { draw } from '../random';
import { live } from '../recorder';
import { pooled } from './pool';
import type { Layers } from './recordable';
import { backendName, define } from './registry';
import { floatsOf } from './storage';

interface Dropout {
  rate: number;
  seed?: number;
  noiseShape?: unknown;
  invokeCallHook(inputs: unknown, kwargs: unknown): void;
}

type Call = (this: Dropout, inputs: Tensor | Tensor[], kwargs: Record<string, unknown>) => unknown;

const kernel = 'SimdnnDropout';

const run = (x: Tensor, attributes: object): Tensor => engine().runKernel(kernel, { x }, attributes as never) as Tensor;

/** Defines the kernel of dropout. Its gradient is the same kernel with the same random numbers. */
export function defineDropout(): void {
  define(kernel, (backend, { x }, { p, drawn }) => {
    const values = floatsOf(backend, x!);
    if (values === null) return null;
    const y = pooled(values.length);
    live(() => calls.dropout({ y, x: values, n: y.length, p: p as number, ...(drawn as ReturnType<typeof draw>) }));
    return backend.info(y, x!.shape, 'float32');
  });
  registerGradient({ kernelName: kernel, gradFunc: (dy, _, attributes) => ({ x: () => run(dy as Tensor, attributes) }) });
}

/** Makes dropout layers that drop single elements use this kernel. */
export function installDropout({ layers }: Layers): void {
  const prototype = Object.getPrototypeOf(layers.dropout({ rate: 0, name: 'simdnn' })) as { call: Call };
  const { call } = prototype;
  prototype.call = function (inputs, kwargs) {
    const [x, ...others] = [inputs].flat();
    const draws = kwargs?.['training'] === true && 0 < this.rate && this.rate < 1 && !this.seed && this.noiseShape == null; // tfjs-layers takes a seed of 0 for none
    if (!draws || engine().backendName !== backendName || others.length > 0 || x?.dtype !== 'float32')
      return call.call(this, inputs, kwargs);
    return tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      return run(x, { p: this.rate, drawn: draw(x.size) });
    });
  };
}
