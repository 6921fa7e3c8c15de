// Gradients of common functions as one kernel each, while this backend is active.
import {
  div,
  engine,
  type GradConfig,
  getGradient,
  registerGradient,
  reshape,
  type Tensor,
  unregisterGradient,
  util,
} from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import { sameShape } from '../shape';
import { pooled } from './pool';
import { backendName, define } from './registry';
import { floatsOf } from './storage';

/** `x` and `y` are the same array, the one that the forward pass saved: each of these kernels reads only one of them. */
type Backward = (c: { dx: Float32Array; dy: Float32Array; x: Float32Array; y: Float32Array; n: number }) => void;

const backwards: Record<string, Backward> = {
  Relu: calls.reluBackward,
  Sigmoid: calls.sigmoidBackward,
  Softplus: calls.softplusBackward,
  Tanh: calls.tanhBackward,
};

// Relu saves its result instead of its argument, because both are positive at the same places; the formula of TensorFlow.js is right for it too. The argument
// is then temporary, and a recording can fuse relu with the product before it.
const savesResult = { inputsToSave: [], outputsToSave: [true] };

const unaryGradient = 'SimdnnUnaryGradient';
const softmaxGradient = 'SimdnnSoftmaxGradient';

// The gradient of a sum or a mean is the same for all elements that were summed. TensorFlow.js multiplies it by a tensor of ones that JavaScript fills.
function broadcastGradient(dy: Tensor, x: Tensor, { axis }: Record<string, unknown>, isMean: boolean): Gradients | null {
  if (engine().backendName !== backendName || engine().state.gradientDepth > 0 || dy.dtype !== 'float32' || x.size === 0) return null;
  const axes = util.parseAxisParam(axis as number[], x.shape);
  const one = reshape(
    dy,
    x.shape.map((size, d) => (axes.includes(d) ? 1 : size)),
  );
  const each = isMean ? div(one, x.size / dy.size) : one;
  return { x: () => engine().runKernel('BroadcastTo', { x: each }, { shape: x.shape }) as Tensor };
}

// A gradient that will be differentiated again must consist of operations that have gradients.
const canUseKernel = (dy: Tensor, saved: Tensor): boolean =>
  engine().backendName === backendName &&
  engine().state.gradientDepth === 0 &&
  dy.dtype === 'float32' &&
  saved.dtype === 'float32' &&
  sameShape(dy.shape, saved.shape);

type Gradients = Record<string, () => Tensor>;

// Replaces the gradient of a kernel by `own`; where that returns null, the gradient of TensorFlow.js is used.
function override(
  name: string,
  own: (dy: Tensor, saved: Tensor, attributes: Record<string, unknown>) => Gradients | null,
  saves: Partial<GradConfig> = {},
): void {
  const config = getGradient(name);
  if (config === undefined) return;
  unregisterGradient(name);
  registerGradient({
    ...config,
    ...saves,
    gradFunc: (dy, saved, attributes) =>
      own(dy as Tensor, saved[0]!, attributes as unknown as Record<string, unknown>) ?? config.gradFunc(dy, saved, attributes),
  });
}

/** Defines the kernels of these gradients. */
export function defineGradients(): void {
  define(unaryGradient, (backend, { dy, saved }, { of }) => {
    const [gradient, values] = [floatsOf(backend, dy!), floatsOf(backend, saved!)];
    if (gradient === null || values === null) return null;
    const dx = pooled(values.length);
    backwards[of as string]!({ dx, dy: gradient, x: values, y: values, n: dx.length });
    return backend.info(dx, saved!.shape, 'float32');
  });
  define(softmaxGradient, (backend, { dy, saved }) => {
    const [gradient, y] = [floatsOf(backend, dy!), floatsOf(backend, saved!)];
    if (gradient === null || y === null) return null;
    const dx = pooled(y.length);
    const classes = saved!.shape.at(-1)!;
    calls.softmaxBackward({ dx, dy: gradient, y, rows: y.length / classes, classes });
    return backend.info(dx, saved!.shape, 'float32');
  });
}

/** Makes TensorFlow.js use these gradients. */
export function installGradients(): void {
  const run = (kernel: string, dy: Tensor, saved: Tensor, attributes: Record<string, string>): Tensor =>
    engine().runKernel(kernel, { dy, saved }, attributes) as Tensor;
  for (const name of Object.keys(backwards)) {
    const own = (dy: Tensor, saved: Tensor) => (canUseKernel(dy, saved) ? { x: () => run(unaryGradient, dy, saved, { of: name }) } : null);
    override(name, own, name === 'Relu' ? savesResult : {});
  }
  override('Sum', (dy, x, attributes) => broadcastGradient(dy, x, attributes, false));
  override('Mean', (dy, x, attributes) => broadcastGradient(dy, x, attributes, true));
  override('Softmax', (dy, saved, { dim }) => {
    const last = saved.shape.length - 1;
    if (!canUseKernel(dy, saved) || saved.size === 0 || (dim !== last && dim !== -1)) return null;
    return { logits: () => run(softmaxGradient, dy, saved, {}) };
  });
}
