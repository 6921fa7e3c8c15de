// Functions of one argument, arithmetic and comparisons of two with broadcasting, choices between two.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import { allocateFloat, allocateInt } from '../memory';
import { flatLayout, repeatStrides } from '../ops/broadcast';
import { broadcastShapes, layoutOf, numelOf, sameShape } from '../shape';
import { define } from './registry';
import { type Backend, type DataType, floatsOf, intsOf } from './storage';

/** What a unary kernel of ours is called with. */
type Forward = (c: { y: Float32Array; x: Float32Array; n: number }) => void;

/** `y = f(x)`. */
function unary(name: string, forward: (attributes: Record<string, unknown>) => Forward): void {
  define(name, (backend, { x }, attributes) => {
    const values = floatsOf(backend, x!);
    if (values === null) return null;
    const y = allocateFloat(values.length);
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

/** Where the elements of two operands that broadcast lie. */
function pairing(a: TensorInfo, b: TensorInfo): { shape: number[]; layout: Int32Array } {
  if (sameShape(a.shape, b.shape)) return { shape: a.shape, layout: flatLayout(numelOf(a.shape)) };
  const shape = broadcastShapes('tfjs', a.shape, b.shape);
  const strides = ({ shape: own }: TensorInfo) => ({ strides: repeatStrides(own, shape) });
  return { shape, layout: layoutOf('tfjs', shape, strides(a), strides(b)) };
}

type Paired<In, Out> = (c: { out: Out; a: In; b: In; layout: Int32Array }) => void;
type Floats = Paired<Float32Array, Float32Array>;
type Ints = Paired<Int32Array, Int32Array>;
type Comparison = Paired<Float32Array, Int32Array>;

// How kernels of two operands read them and make their result.
const paired =
  <In, Out extends Float32Array | Int32Array>(read: (backend: Backend, info: TensorInfo) => In | null, allocate: (length: number) => Out) =>
  (backend: Backend, a: TensorInfo, b: TensorInfo, kernel: Paired<In, Out>, gives: DataType): TensorInfo | null => {
    const [x, y] = [read(backend, a), read(backend, b)];
    if (x === null || y === null) return null;
    const { shape, layout } = pairing(a, b);
    const out = allocate(numelOf(shape));
    if (out.length > 0) kernel({ out, a: x, b: y, layout });
    return backend.info(out, shape, gives);
  };

const [floating, whole, compared] = [paired(floatsOf, allocateFloat), paired(intsOf, allocateInt), paired(floatsOf, allocateInt)];

/** One kernel over two operands of any shapes that broadcast. */
export const pairwise = (backend: Backend, a: TensorInfo, b: TensorInfo, kernel: Floats): TensorInfo | null =>
  floating(backend, a, b, kernel, 'float32');

const arithmetic: Record<string, [Floats, Ints | null]> = {
  Add: [calls.add, calls.addInt],
  Sub: [calls.sub, calls.subInt],
  Multiply: [calls.mul, calls.mulInt],
  RealDiv: [calls.div, null],
  Maximum: [calls.maximum, calls.maximumInt],
  Minimum: [calls.minimum, calls.minimumInt],
  Pow: [calls.pow, null],
  Atan2: [calls.atan2, null],
};

const comparisons: Record<string, [Comparison, Ints]> = {
  Equal: [calls.eq, calls.eqInt],
  NotEqual: [calls.ne, calls.neInt],
  Less: [calls.lt, calls.ltInt],
  LessEqual: [calls.le, calls.leInt],
  Greater: [calls.gt, calls.gtInt],
  GreaterEqual: [calls.ge, calls.geInt],
};

const logical: Record<string, Ints> = { LogicalAnd: calls.mulInt, LogicalOr: calls.maximumInt };

const squaredDifference: Floats = ({ out, ...operands }) => {
  const difference = allocateFloat(out.length);
  calls.sub({ out: difference, ...operands });
  calls.squareForward({ y: out, x: difference, n: out.length });
};

function defineChoices(): void {
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

/** Defines them. */
export function defineElementwise(): void {
  for (const [name, forward] of Object.entries(functions)) unary(name, () => forward);
  unary(
    'LeakyRelu',
    ({ alpha }) =>
      (c) =>
        calls.leakyReluForward({ ...c, negativeSlope: alpha as number }),
  );
  unary('ClipByValue', ({ clipValueMin, clipValueMax }) => (c) => {
    calls.clampForward({ ...c, low: clipValueMin as number, high: clipValueMax as number });
  });
  for (const [name, [floats, ints]] of Object.entries(arithmetic)) {
    define(name, (backend, { a, b }) => {
      if (a!.dtype === 'int32' && b!.dtype === 'int32') return ints && whole(backend, a!, b!, ints, 'int32');
      return pairwise(backend, a!, b!, floats);
    });
  }
  for (const [name, [floats, ints]] of Object.entries(comparisons)) {
    define(name, (backend, { a, b }) =>
      a!.dtype === 'float32'
        ? compared(backend, a!, b!, floats, 'bool')
        : a!.dtype === b!.dtype
          ? whole(backend, a!, b!, ints, 'bool')
          : null,
    );
  }
  for (const [name, ints] of Object.entries(logical)) {
    define(name, (backend, { a, b }) => (a!.dtype === 'bool' && b!.dtype === 'bool' ? whole(backend, a!, b!, ints, 'bool') : null));
  }
  define('SquaredDifference', (backend, { a, b }) => pairwise(backend, a!, b!, squaredDifference));
  defineChoices();
}
