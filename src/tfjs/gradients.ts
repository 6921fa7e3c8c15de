// Gradients of common functions as one kernel each, where this backend is the active one.
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

/** What is kept of the forward pass, x or y, stands for both: each of these kernels reads one of them. */
type Backward = (c: { dx: Float32Array; dy: Float32Array; x: Float32Array; y: Float32Array; n: number }) => void;

const backwards: Record<string, Backward> = {
  Relu: calls.reluBackward,
  Sigmoid: calls.sigmoidBackward,
  Softplus: calls.softplusBackward,
  Tanh: calls.tanhBackward,
};

// The gradient of relu by its result instead of its argument, also by the formula of TensorFlow.js, since both are positive at once: nobody needs the argument
// then, and a recording can have the product before it apply relu.
const savesResult = { inputsToSave: [], outputsToSave: [true] };

const unaryGradient = 'SimdnnUnaryGradient';
const softmaxGradient = 'SimdnnSoftmaxGradient';

// A sum's or a mean's gradient is the same for all that it is made of. TensorFlow.js multiplies it with a tensor of ones that JavaScript fills.
function spread(dy: Tensor, x: Tensor, { axis }: Record<string, unknown>, isMean: boolean): Gradients | null {
  if (engine().backendName !== backendName || engine().state.gradientDepth > 0 || dy.dtype !== 'float32' || x.size === 0) return null;
  const axes = util.parseAxisParam(axis as number[], x.shape);
  const one = reshape(
    dy,
    x.shape.map((size, d) => (axes.includes(d) ? 1 : size)),
  );
  const each = isMean ? div(one, x.size / dy.size) : one;
  return { x: () => engine().runKernel('BroadcastTo', { x: each }, { shape: x.shape }) as Tensor };
}

// A gradient that is itself differentiated must be made of operations that have gradients.
const isOurs = (dy: Tensor, saved: Tensor): boolean =>
  engine().backendName === backendName &&
  engine().state.gradientDepth === 0 &&
  dy.dtype === 'float32' &&
  saved.dtype === 'float32' &&
  sameShape(dy.shape, saved.shape);

type Gradients = Record<string, () => Tensor>;

// Puts a gradient before that which TensorFlow.js has; null: that one.
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

/** Defines their kernels. */
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

/** Has TensorFlow.js use them. */
export function installGradients(): void {
  const run = (kernel: string, dy: Tensor, saved: Tensor, attributes: Record<string, string>): Tensor =>
    engine().runKernel(kernel, { dy, saved }, attributes) as Tensor;
  for (const name of Object.keys(backwards)) {
    const own = (dy: Tensor, saved: Tensor) => (isOurs(dy, saved) ? { x: () => run(unaryGradient, dy, saved, { of: name }) } : null);
    override(name, own, name === 'Relu' ? savesResult : {});
  }
  override('Sum', (dy, x, attributes) => spread(dy, x, attributes, false));
  override('Mean', (dy, x, attributes) => spread(dy, x, attributes, true));
  override('Softmax', (dy, saved, { dim }) => {
    const last = saved.shape.length - 1;
    if (!isOurs(dy, saved) || saved.size === 0 || (dim !== last && dim !== -1)) return null;
    return { logits: () => run(softmaxGradient, dy, saved, {}) };
  });
}
