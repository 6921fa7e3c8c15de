// Element-wise kernels: functions of one argument; arithmetic and comparisons, with broadcasting; selection.
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import { allocateFloat, allocateInt } from '../memory';
import { flatLayout, repeatStrides } from '../ops/broadcast';
import { layoutOf, numelOf, sameShape } from '../shape';
import { giveBack, pooled } from './pool';
import { define } from './registry';
import { type Backend, type DataType, floatsOf, intsOf } from './storage';

/** A kernel of one argument, `y = f(x)`. */
type Forward = (c: { y: Float32Array; x: Float32Array; n: number }) => void;

function unary(name: string, forward: (attributes: Record<string, unknown>) => Forward): void {
  define(name, (backend, { x }, attributes) => {
    const values = floatsOf(backend, x!);
    if (values === null) return null;
    const y = pooled(values.length);
    forward(attributes)({ y, x: values, n: y.length });
    return backend.info(y, x!.shape, 'float32');
  });
}

const functions: Record<string, Forward> = {
  Abs: calls.absForward,
  Acos: calls.acosForward,
  Acosh: calls.acoshForward,
  Asin: calls.asinForward,
  Asinh: calls.asinhForward,
  Atan: calls.atanForward,
  Atanh: calls.atanhForward,
  Ceil: calls.ceilForward,
  Cos: calls.cosForward,
  Cosh: calls.coshForward,
  Elu: calls.eluForward,
  Erf: calls.erfForward,
  Exp: calls.expForward,
  Expm1: calls.expm1Forward,
  Floor: calls.floorForward,
  Log: calls.logForward,
  Log1p: calls.log1pForward,
  Neg: calls.negForward,
  Reciprocal: calls.reciprocalForward,
  Relu: calls.reluForward,
  Relu6: calls.relu6Forward,
  Round: calls.roundForward,
  Rsqrt: calls.rsqrtForward,
  Selu: calls.seluForward,
  Sigmoid: calls.sigmoidForward,
  Sign: calls.signForward,
  Sin: calls.sinForward,
  Sinh: calls.sinhForward,
  Softplus: calls.softplusForward,
  Sqrt: calls.sqrtForward,
  Square: calls.squareForward,
  Tan: calls.tanForward,
  Tanh: calls.tanhForward,
};

/** The shape and the layout of two operands that are broadcast. */
function broadcastOf(a: TensorInfo, b: TensorInfo): { shape: number[]; layout: Int32Array } {
  if (sameShape(a.shape, b.shape)) return { shape: a.shape, layout: flatLayout(numelOf(a.shape)) };
  const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape); // throws the error of TensorFlow.js if the shapes do not fit
  const strides = ({ shape: own }: TensorInfo) => ({ strides: repeatStrides(own, shape) });
  return { shape, layout: layoutOf('tfjs', shape, strides(a), strides(b)) };
}

type BinaryKernel<In, Out> = (c: { out: Out; a: In; b: In; layout: Int32Array }) => void;
type FloatKernel = BinaryKernel<Float32Array, Float32Array>;
type IntKernel = BinaryKernel<Int32Array, Int32Array>;
type Comparison = BinaryKernel<Float32Array, Int32Array>;

// Makes a function that runs kernels of two operands of one type; it returns null for operands of another.
const binary =
  <In, Out extends Float32Array | Int32Array>(read: (backend: Backend, info: TensorInfo) => In | null, allocate: (length: number) => Out) =>
  (backend: Backend, a: TensorInfo, b: TensorInfo, kernel: BinaryKernel<In, Out>, dtype: DataType): TensorInfo | null => {
    const [x, y] = [read(backend, a), read(backend, b)];
    if (x === null || y === null) return null;
    const { shape, layout } = broadcastOf(a, b);
    const out = allocate(numelOf(shape));
    if (out.length > 0) kernel({ out, a: x, b: y, layout });
    return backend.info(out, shape, dtype);
  };

const [floatBinary, intBinary, compareFloats] = [binary(floatsOf, pooled), binary(intsOf, allocateInt), binary(floatsOf, allocateInt)];

/** Runs a kernel over two float32 operands, with broadcasting. */
export const pairwise = (backend: Backend, a: TensorInfo, b: TensorInfo, kernel: FloatKernel): TensorInfo | null =>
  floatBinary(backend, a, b, kernel, 'float32');

const arithmetic: Record<string, [FloatKernel, IntKernel | null]> = {
  Add: [calls.add, calls.addInt],
  Sub: [calls.sub, calls.subInt],
  Multiply: [calls.mul, calls.mulInt],
  RealDiv: [calls.div, null],
  Maximum: [calls.maximum, calls.maximumInt],
  Minimum: [calls.minimum, calls.minimumInt],
  Pow: [calls.pow, null],
  Atan2: [calls.atan2, null],
};

const comparisons: Record<string, [Comparison, IntKernel]> = {
  Equal: [calls.eq, calls.eqInt],
  NotEqual: [calls.ne, calls.neInt],
  Less: [calls.lt, calls.ltInt],
  LessEqual: [calls.le, calls.leInt],
  Greater: [calls.gt, calls.gtInt],
  GreaterEqual: [calls.ge, calls.geInt],
};

const logical: Record<string, IntKernel> = { LogicalAnd: calls.mulInt, LogicalOr: calls.maximumInt };

const squaredDifference: FloatKernel = ({ out, ...operands }) => {
  const difference = pooled(out.length);
  calls.sub({ out: difference, ...operands });
  calls.squareForward({ y: out, x: difference, n: out.length });
  giveBack(difference);
};

export const filledWith = (n: number, value: number): Float32Array => {
  const out = pooled(n);
  calls.fill({ out, n, value });
  return out;
};

// 1 where x is above 0, `alpha` elsewhere, NaN for NaN.
const step =
  (alpha: number): Forward =>
  ({ y, x, n }) => {
    const layout = flatLayout(n);
    const [isAbove, isNumber, zeros, chosen] = [allocateInt(n), allocateInt(n), filledWith(n, 0), allocateFloat(n)];
    calls.gt({ out: isAbove, a: x, b: zeros, layout });
    calls.where({ out: chosen, condition: isAbove, a: filledWith(n, 1), b: filledWith(n, alpha), n });
    calls.eq({ out: isNumber, a: x, b: x, layout });
    calls.where({ out: y, condition: isNumber, a: chosen, b: x, n });
  };

// Returns (x - mean) * scale / sqrt(variance + epsilon) + offset, in which each statistic has a number for each element or for each column.
function batchNormalize(backend: Backend, inputs: Record<string, TensorInfo>, epsilon: number): TensorInfo | null {
  const x = inputs['x']!;
  const columns = x.shape.at(-1) ?? 0;
  const n = numelOf(x.shape);
  const given = ['mean', 'variance', 'scale', 'offset'].map((name) => inputs[name]);
  const fits = (t: TensorInfo): boolean => floatsOf(backend, t) !== null && [n, columns].includes(numelOf(t.shape));
  const rank = inputs['mean']!.shape.length;
  if (n === 0 || !fits(x) || given.some((t) => t !== undefined && !(fits(t) && t.shape.length === rank))) return null;
  const [mean, variance, scale, offset] = given.map((t) => t && { ...t, shape: numelOf(t.shape) === n ? x.shape : [columns] });
  const results: TensorInfo[] = [];
  const add = (result: TensorInfo | null): TensorInfo => results[results.push(result!) - 1]!;
  const number = add(backend.info(filledWith(1, epsilon), [1], 'float32'));
  const above = add(pairwise(backend, variance!, number, calls.add));
  const deviation = add(backend.info(allocateFloat(numelOf(above.shape)), above.shape, 'float32'));
  calls.sqrtForward({ y: floatsOf(backend, deviation)!, x: floatsOf(backend, above)!, n: numelOf(above.shape) });
  let y = add(pairwise(backend, x, mean!, calls.sub));
  if (scale !== undefined) y = add(pairwise(backend, y, scale, calls.mul));
  y = add(pairwise(backend, y, deviation, calls.div));
  if (offset !== undefined) y = add(pairwise(backend, y, offset, calls.add));
  for (const one of results) if (one !== y) backend.disposeIntermediateTensorInfo(one);
  return y;
}

function defineSelection(): void {
  define('LogicalNot', (backend, { x }) => {
    const values = intsOf(backend, x!);
    if (values === null || x!.dtype !== 'bool') return null;
    const [zero, out] = [allocateInt(1), allocateInt(values.length)];
    calls.fillInt({ out: zero, n: 1, value: 0 });
    const layout = layoutOf('tfjs', [out.length], { strides: [1] }, { strides: [0] });
    if (out.length > 0) calls.eqInt({ out, a: values, b: zero, layout });
    return backend.info(out, x!.shape, 'bool');
  });
  define('Select', (backend, { condition, t, e }) => {
    const chosen = intsOf(backend, condition!);
    const read = t!.dtype === 'float32' ? floatsOf : intsOf;
    const [a, b] = [read(backend, t!), read(backend, e!)];
    if (chosen === null || a === null || b === null || !sameShape(condition!.shape, t!.shape) || t!.dtype !== e!.dtype) return null;
    const out = t!.dtype === 'float32' ? allocateFloat(a.length) : allocateInt(a.length);
    calls.where({ out, condition: chosen, a, b, n: out.length });
    return backend.info(out, t!.shape, t!.dtype);
  });
}

/** Defines the element-wise kernels. */
export function defineElementwise(): void {
  for (const [name, forward] of Object.entries(functions)) unary(name, () => forward);
  unary(
    'LeakyRelu',
    ({ alpha }) =>
      (c) =>
        calls.leakyReluForward({ ...c, negativeSlope: alpha as number }),
  );
  unary('Step', ({ alpha }) => step((alpha as number | undefined) ?? 0));
  define('FusedBatchNorm', (backend, inputs, { varianceEpsilon }) =>
    batchNormalize(backend, inputs, (varianceEpsilon as number | null) ?? 0.001),
  );
  define('EluGrad', (backend, { dy, y }) => {
    const [gradient, values] = [floatsOf(backend, dy!), floatsOf(backend, y!)];
    if (gradient === null || values === null || gradient.length !== values.length) return null;
    const dx = allocateFloat(values.length);
    const [n, layout, factor] = [dx.length, flatLayout(dx.length), allocateFloat(dx.length)];
    calls.clampForward({ y: factor, x: values, n, low: -Infinity, high: 0 });
    calls.add({ out: dx, a: factor, b: filledWith(n, 1), layout }); // y + 1 where y is negative, otherwise 1
    calls.mul({ out: dx, a: dx, b: gradient, layout });
    return backend.info(dx, y!.shape, 'float32');
  });
  define('Prelu', (backend, { x, alpha }) => {
    const values = floatsOf(backend, x!);
    const scaled = values && pairwise(backend, x!, alpha!, calls.mul);
    if (values === null || scaled === null || !sameShape(scaled.shape, x!.shape)) return null;
    const [isBelow, out] = [allocateInt(values.length), allocateFloat(values.length)];
    calls.lt({ out: isBelow, a: values, b: filledWith(values.length, 0), layout: flatLayout(values.length) });
    calls.where({ out, condition: isBelow, a: floatsOf(backend, scaled)!, b: values, n: out.length });
    backend.disposeIntermediateTensorInfo(scaled);
    return backend.info(out, x!.shape, 'float32');
  });
  unary('ClipByValue', ({ clipValueMin, clipValueMax }) => (c) => {
    calls.clampForward({ ...c, low: clipValueMin as number, high: clipValueMax as number });
  });
  for (const [name, [floats, ints]] of Object.entries(arithmetic)) {
    define(name, (backend, { a, b }) => {
      if (a!.dtype === 'int32' && b!.dtype === 'int32') return ints && intBinary(backend, a!, b!, ints, 'int32');
      return pairwise(backend, a!, b!, floats);
    });
  }
  for (const [name, [floats, ints]] of Object.entries(comparisons)) {
    define(name, (backend, { a, b }) =>
      a!.dtype === 'float32'
        ? compareFloats(backend, a!, b!, floats, 'bool')
        : a!.dtype === b!.dtype
          ? intBinary(backend, a!, b!, ints, 'bool')
          : null,
    );
  }
  for (const [name, ints] of Object.entries(logical)) {
    define(name, (backend, { a, b }) => (a!.dtype === 'bool' && b!.dtype === 'bool' ? intBinary(backend, a!, b!, ints, 'bool') : null));
  }
  define('SquaredDifference', (backend, { a, b }) => pairwise(backend, a!, b!, squaredDifference));
  defineSelection();
}
