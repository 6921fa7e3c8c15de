// Translates functions of one argument to ONNX operators.
import type { Unary } from '../kernels.generated';
import type { Call } from './onnx-call';

type Translation = (c: Call, x: string) => string;

const node =
  (operator: string): Translation =>
  ({ graph }, x) =>
    graph.node(operator, [x]);

const softplus: Translation = ({ graph: g }, x) => {
  // max(x, 0) + log(1 + exp(-|x|)): no exponential overflows
  const tail = g.node('Log', [g.node('Add', [g.node('Exp', [g.node('Neg', [g.node('Abs', [x])])]), g.float(1)])]);
  return g.node('Add', [g.node('Relu', [x]), tail]);
};

const clip = ({ graph: g }: Call, x: string, low: number, high: number): string => g.node('Clip', [x, g.float(low), g.float(high)]);

const logTo =
  (base: number): Translation =>
  ({ graph: g }, x) =>
    g.node('Div', [g.node('Log', [x]), g.float(Math.log(base))]);

const shifted: Translation = ({ graph: g }, x) => g.node('Add', [x, g.float(1)]);
const half = (c: Call, x: string): string => c.graph.node('Mul', [x, c.graph.float(0.5)]);

const gelu: Translation = (c, x) => {
  const { graph: g } = c;
  if (g.opset >= 20) return g.node('Gelu', [x]);
  const erf = g.node('Erf', [g.node('Mul', [x, g.float(Math.SQRT1_2)])]);
  return half(c, g.node('Mul', [x, shifted(c, erf)]));
};

const geluTanh: Translation = (c, x) => {
  const { graph: g } = c;
  const cube = g.node('Mul', [g.node('Mul', [g.node('Mul', [x, x]), x]), g.float(0.044715)]);
  const inner = g.node('Mul', [g.node('Add', [x, cube]), g.float(Math.sqrt(2 / Math.PI))]);
  return half(c, g.node('Mul', [x, shifted(c, g.node('Tanh', [inner]))]));
};

// x where it exceeds a bound, else another value.
const where = (c: Call, operator: string, x: string, bound: number, yes: string, no: string): string =>
  c.graph.node('Where', [c.graph.node(operator, [x, c.graph.float(bound)]), yes, no]);

export const unaryTranslations: Readonly<Record<Exclude<Unary, 'none'>, Translation>> = {
  relu: node('Relu'),
  leakyRelu: (c, x) => c.graph.node('LeakyRelu', [x], { alpha: { float: c.number('negativeSlope') } }),
  sigmoid: node('Sigmoid'),
  tanh: node('Tanh'),
  gelu,
  geluTanh,
  silu: ({ graph: g }, x) => g.node('Mul', [x, g.node('Sigmoid', [x])]),
  elu: (c, x) => c.graph.node('Elu', [x], { alpha: { float: c.number('alpha') } }),
  selu: ({ graph }, x) => graph.node('Selu', [x], { alpha: { float: 1.6732632423543772 }, gamma: { float: 1.0507009873554805 } }),
  softplus: (c, x) => {
    const { graph: g } = c;
    const scaled = g.node('Mul', [x, g.float(c.number('beta'))]);
    const soft = g.node('Div', [softplus(c, scaled), g.float(c.number('beta'))]);
    return where(c, 'Greater', scaled, c.number('threshold'), x, soft);
  },
  hardswish: (c, x) =>
    c.graph.node('Div', [c.graph.node('Mul', [x, clip(c, c.graph.node('Add', [x, c.graph.float(3)]), 0, 6)]), c.graph.float(6)]),
  mish: (c, x) => c.graph.node('Mul', [x, c.graph.node('Tanh', [softplus(c, x)])]),
  relu6: (c, x) => clip(c, x, 0, 6),
  hardtanh: (c, x) => clip(c, x, c.number('minVal'), c.number('maxVal')),
  hardsigmoid: (c, x) => c.graph.node('Div', [clip(c, c.graph.node('Add', [x, c.graph.float(3)]), 0, 6), c.graph.float(6)]),
  celu: (c, x) => {
    const { graph: g } = c;
    const alpha = c.number('alpha');
    const low = g.node('Elu', [g.node('Div', [x, g.float(alpha)])], { alpha: { float: 1 } });
    return where(c, 'Greater', x, 0, x, g.node('Mul', [low, g.float(alpha)]));
  },
  softsign: node('Softsign'),
  logsigmoid: (c, x) => c.graph.node('Neg', [softplus(c, c.graph.node('Neg', [x]))]),
  tanhshrink: ({ graph: g }, x) => g.node('Sub', [x, g.node('Tanh', [x])]),
  softshrink: (c, x) => c.graph.node('Shrink', [x], { bias: { float: c.number('lambd') }, lambd: { float: c.number('lambd') } }),
  hardshrink: (c, x) => c.graph.node('Shrink', [x], { bias: { float: 0 }, lambd: { float: c.number('lambd') } }),
  threshold: (c, x) => where(c, 'Greater', x, c.number('threshold'), x, c.graph.float(c.number('value'))),
  exp: node('Exp'),
  log: node('Log'),
  sqrt: node('Sqrt'),
  abs: node('Abs'),
  square: ({ graph }, x) => graph.node('Mul', [x, x]),
  reciprocal: node('Reciprocal'),
  rsqrt: ({ graph: g }, x) => g.node('Reciprocal', [g.node('Sqrt', [x])]),
  sign: node('Sign'),
  floor: node('Floor'),
  ceil: node('Ceil'),
  round: node('Round'),
  trunc: ({ graph: g }, x) => g.node('Mul', [g.node('Sign', [x]), g.node('Floor', [g.node('Abs', [x])])]),
  sin: node('Sin'),
  cos: node('Cos'),
  tan: node('Tan'),
  asin: node('Asin'),
  acos: node('Acos'),
  atan: node('Atan'),
  sinh: node('Sinh'),
  cosh: node('Cosh'),
  asinh: node('Asinh'),
  acosh: node('Acosh'),
  atanh: node('Atanh'),
  exp2: ({ graph: g }, x) => g.node('Pow', [g.float(2), x]),
  expm1: ({ graph: g }, x) => g.node('Sub', [g.node('Exp', [x]), g.float(1)]),
  log1p: (c, x) => c.graph.node('Log', [shifted(c, x)]),
  log2: logTo(2),
  log10: logTo(10),
  erf: node('Erf'),
  erfc: ({ graph: g }, x) => g.node('Sub', [g.float(1), g.node('Erf', [x])]),
  neg: node('Neg'),
  powScalar: (c, x) => c.graph.node('Pow', [x, c.graph.float(c.number('exponent'))]),
  clamp: (c, x) => clip(c, x, c.number('low'), c.number('high')),
};
