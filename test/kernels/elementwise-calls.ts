// The calls of the element-wise kernels.
import * as K from '../../src/kernels';
import { type Call, f, ints, type Numbers, number, other, out, outInt, setting, size } from './call';

// --- element-wise functions of one argument ---------------------------------------------------

// The error function by its series at 0, which converges everywhere.
function erf(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; n < 60; n++) {
    term *= (-x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => Math.log1p(Math.exp(x));

const anywhere = [0.5, -1.25, 2, -0.75, 3.5, -2, 0.1];
const positive = [0.5, 1.25, 2, 0.75, 3.5, 9, 0.1];

interface Unary {
  of: (x: number) => number;
  settings?: { value: number; default?: boolean }[];
  at?: Numbers;
}

const unary: Record<string, Unary> = {
  relu: { of: (x) => Math.max(x, 0) },
  leakyRelu: { of: (x) => (x > 0 ? x : 0.2 * x), settings: [{ value: 0.2, default: true }] },
  sigmoid: { of: sigmoid },
  tanh: { of: Math.tanh },
  gelu: { of: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2 },
  geluTanh: { of: (x) => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2 },
  silu: { of: (x) => x * sigmoid(x) },
  elu: { of: (x) => (x > 0 ? x : 1.5 * Math.expm1(x)), settings: [{ value: 1.5, default: true }] },
  softplus: {
    of: (x) => (x * 2 > 5 ? x : softplus(2 * x) / 2),
    settings: [
      { value: 2, default: true },
      { value: 5, default: true },
    ],
  },
  hardswish: { of: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6 },
  mish: { of: (x) => x * Math.tanh(softplus(x)) },
  exp: { of: Math.exp },
  log: { of: Math.log, at: positive },
  sqrt: { of: Math.sqrt, at: positive },
  abs: { of: Math.abs },
  neg: { of: (x) => -x },
  powScalar: { of: (x) => x ** 2.5, settings: [{ value: 2.5 }], at: positive },
  clamp: { of: (x) => Math.min(Math.max(x, -1), 1.5), settings: [{ value: -1 }, { value: 1.5 }] },
};

// The derivative by central differences: good to 1e-9, hundreds of times finer than float32.
const slope = (of: (x: number) => number, x: number): number => (of(x + 1e-5) - of(x - 1e-5)) / 2e-5;

const unaryCalls = Object.entries(unary).flatMap(([name, { of, settings = [], at = anywhere }]): Call[] => {
  const x = Array.from(Float32Array.from(at));
  const dy = x.map((_, i) => 1 + i / 4);
  const extra = settings.map(({ value, default: hasDefault }) => (hasDefault ? setting(value) : number(value)));
  return [
    { name: `${name}Forward` as Call['name'], args: [out(7), f(...x), size(7), ...extra], gives: { 0: x.map(of) } },
    {
      name: `${name}Backward` as Call['name'],
      args: [out(7), f(...dy), f(...x), f(...x.map(of)), size(7), ...extra],
      gives: { 0: x.map((value, i) => dy[i]! * slope(of, value)) },
    },
  ];
});

// --- two arguments, with broadcasting: a [2, 1] and b [3] -------------------------------------

const binary: Record<string, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  eq: (a, b) => Number(a === b),
  ne: (a, b) => Number(a !== b),
  lt: (a, b) => Number(a < b),
  le: (a, b) => Number(a <= b),
  gt: (a, b) => Number(a > b),
  ge: (a, b) => Number(a >= b),
};

const spread = K.layout([2, 3], { strides: [1, 0] }, { strides: [0, 1] });

const binaryCalls = Object.entries(binary).flatMap(([name, of]): Call[] => {
  const [a, b] = [
    [2, 3],
    [2, -1, 3],
  ];
  const gives = { 0: a!.flatMap((x) => b!.map((y) => of(x, y))) };
  const compares = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'].includes(name);
  const calls: Call[] = [{ name: name as Call['name'], args: [compares ? outInt(6) : out(6), f(...a!), f(...b!), other(spread)], gives }];
  if (`${name}Int` in K)
    calls.push({ name: `${name}Int` as Call['name'], args: [outInt(6), ints(...a!), ints(...b!), other(spread)], gives });
  return calls;
});

export const elementwiseCalls: Call[] = [...unaryCalls, ...binaryCalls];
