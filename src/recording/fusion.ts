// A pass over the calls: fuses neighbouring calls where one kernel computes both with the same bits.
import { isInt32Array } from '../brands';
import { kernelArguments, type Unary, unaryValues } from '../kernels.generated';
import { layoutOf, numelOf } from '../shape';
import { type Argument, argumentsFor, isTemporary, isValue, meets, same, type TracedCall, usesIn, type Value } from './calls';

/** Whether a value of `length` elements is used by exactly two neighbouring calls, so that fusing them makes it unnecessary. */
type Between = (value: Argument | undefined, length: Argument | undefined) => boolean;

type Fused = { activation: Unary; a: Argument; b: Argument };

// The activation function that a call computes (or the derivative of which, for `Backward`), with its parameters a and b as the products take them.
function activationOf({ kernel, args }: TracedCall, suffix: 'Forward' | 'Backward'): Fused | null {
  if (!kernel.endsWith(suffix)) return null;
  const activation = kernel.slice(0, -suffix.length) as Unary;
  if (!unaryValues.includes(activation)) return null;
  const [a = 0, b = 0] = kernelArguments[kernel].flatMap(({ name, kind }) => (kind === 'real' ? [args[name]!] : []));
  return { activation, a, b };
}

// The kernels that take a bias and an activation, with the names of the sizes whose products are the number of rows of their results and the length of a row.
const layers: Partial<Record<TracedCall['kernel'], readonly (readonly string[])[]>> = {
  linearForward: [['rows'], ['out']],
  denseForward: [['rows'], ['out']],
  conv2dForward: [['batch', 'outHeight', 'outWidth'], ['outChannels']],
  depthwiseConv2dForward: [
    ['batch', 'outHeight', 'outWidth'],
    ['channels', 'multiplier'],
  ],
};

// A call as one of a layer: a product of matrices is a layer without a bias. Returns null for others.
function layerOf({ kernel, args, from }: TracedCall): TracedCall | null {
  if (layers[kernel] !== undefined) return { kernel, args, from };
  if (kernel !== 'matmul' || args.transposeA || args.transposeB || args.accumulate) return null;
  const { c, a, b, m, n, k } = args;
  const layer = { y: c!, x: a!, weight: b!, bias: null, rows: m!, in: k!, out: n!, activation: 'none', a: 0, b: 0 };
  return { kernel: 'denseForward', args: argumentsFor('denseForward', {}, layer), from };
}

// Fuses a layer with the row that is added to each of its rows, if nothing else reads its result.
function withBias(call: TracedCall, next: TracedCall, between: Between): TracedCall | null {
  const layer = next.kernel === 'add' ? layerOf(call) : null;
  if (layer === null || layer.args.bias !== null || layer.args.activation !== 'none') return null;
  const { out: y, a, b: bias, layout } = next.args;
  if (!same(a, layer.args.y) || !isValue(bias) || meets(bias, a as Value)) return null; // one of the layer's own rows is there only after it
  const [rows, out] = layers[layer.kernel]!.map((names) => numelOf(names.map((name) => layer.args[name] as number))) as [number, number];
  if (bias.array.length !== out || !between(a, rows * out)) return null;
  const expected = layoutOf('fuse', [rows, out], { strides: [out, 1] }, { strides: [0, 1] });
  if (!isInt32Array(layout) || layout.length !== expected.length || layout.some((size, i) => size !== expected[i])) return null;
  return { kernel: layer.kernel, args: argumentsFor(layer.kernel, layer.args, { y: y!, bias }), from: [...call.from, ...next.from] };
}

// Fuses a layer with the activation that follows it, if nothing else reads the layer's result.
function withActivation({ kernel, args, from }: TracedCall, next: TracedCall, between: Between): TracedCall | null {
  if (layers[kernel] === undefined || args.activation !== 'none') return null;
  const fused = activationOf(next, 'Forward');
  const { y, x, n } = next.args;
  if (fused === null || !same(x, args.y) || !between(x, n)) return null;
  return { kernel, args: argumentsFor(kernel, args, { y: y!, ...fused }), from: [...from, ...next.from] };
}

// Fuses the gradient of a layer with that of the activation which computed the layer's x, if nothing else reads the layer's dx.
function withDerivative({ kernel, args, from }: TracedCall, next: TracedCall, between: Between): TracedCall | null {
  if (kernel !== 'linearBackward' || args.activation !== 'none') return null;
  const fused = activationOf(next, 'Backward');
  const { dx, dy, x, y, n } = next.args;
  if (fused === null || !same(dy, args.dx) || !between(dy, n)) return null;
  if (!same(x, args.x) || !same(y, args.x)) return null;
  return { kernel, args: argumentsFor(kernel, args, { dx: dx!, ...fused }), from: [...from, ...next.from] };
}

/**
 * Fuses each product and each convolution with the bias that is added to it, each layer with the activation that follows it, and the gradient of each layer with that of the
 * activation before it, if nothing else reads the value between the two calls.
 */
export function fuse(calls: readonly TracedCall[]): TracedCall[] {
  const uses = usesIn(calls);
  const between: Between = (value, n) => isTemporary(value) && value.array.length === n && uses(value) === 2;
  const fused: TracedCall[] = [];
  for (let i = 0; i < calls.length; i++) {
    let call = calls[i]!;
    for (let next = calls[i + 1]; next !== undefined; next = calls[i + 1]) {
      const joined = withBias(call, next, between) ?? withActivation(call, next, between) ?? withDerivative(call, next, between);
      if (joined === null) break;
      call = joined;
      i++;
    }
    fused.push(call);
  }
  return fused;
}
