// The moving averages of batch normalization are updated in the memory of their variables. TensorFlow.js gives a variable new memory at each step, which no recording
// could repeat.
import { engine, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import { flatLayout } from '../ops/broadcast';
import { sameShape } from '../shape';
import { ownMemoryOf } from './optimizers';
import { pooled } from './pool';
import type { Layers } from './recordable';
import { backendName, simdnnBackend } from './registry';
import { floatsOf } from './storage';

interface LayerVariable {
  val: Variable;
  constraint: unknown;
  read(): Tensor;
  write(value: Tensor): LayerVariable;
}

type Call = (this: object, inputs: unknown, kwargs: Record<string, unknown>) => unknown;

// The values of a variable that is an average, where our kernels can update it; null for one that is trained.
function averageOf({ val, constraint }: LayerVariable): Float32Array | null {
  if (engine().backendName !== backendName || val.trainable || val.isDisposed || val.size === 0 || constraint != null) return null;
  return floatsOf(simdnnBackend(), val);
}

function copy(x: Float32Array, out: Float32Array): Float32Array {
  calls.copyStrided({ out, x, layout: flatLayout(x.length) });
  return out;
}

/** Makes layers of batch normalization update their averages in place when they are trained. */
export function installMovingAverages({ layers, LayerVariable }: Layers): void {
  let isTraining = false;
  const normalization = Object.getPrototypeOf(layers.batchNormalization({ name: 'simdnn' })) as { call: Call };
  const { call } = normalization;
  normalization.call = function (inputs, kwargs) {
    const before = isTraining;
    isTraining = Boolean(kwargs?.['training']);
    try {
      return call.call(this, inputs, kwargs);
    } finally {
      isTraining = before;
    }
  };
  const variable = LayerVariable.prototype as unknown as LayerVariable;
  const { read, write } = variable;
  // A copy, because the tape of a gradient keeps what is read, and memory that two tensors share is not updated in place.
  variable.read = function () {
    const average = isTraining ? averageOf(this) : null;
    return average === null ? read.call(this) : simdnnBackend().tensor(copy(average, pooled(average.length)), this.val.shape, 'float32');
  };
  variable.write = function (value) {
    const next = isTraining && averageOf(this) !== null && !value.isDisposed ? floatsOf(simdnnBackend(), value) : null;
    if (next === null || !sameShape(this.val.shape, value.shape)) return write.call(this, value); // which has the errors of TensorFlow.js
    copy(next, ownMemoryOf(this.val));
    return this;
  };
}
