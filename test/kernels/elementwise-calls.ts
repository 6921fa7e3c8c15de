// The calls of the element-wise kernels.
import { unaryFunctions } from '../../native/descriptions/index.mjs';
import * as K from '../../src/kernels';
import { type Call, f, ints, type Numbers, number, other, out, outInt, setting, size } from './call';

// --- element-wise functions of one argument, by their formulas in native/descriptions/unary.mjs ---

interface Unary {
  value: (x: number, ...parameters: Numbers) => number;
  parameters?: { fallback?: number }[];
  given?: Numbers;
  domain?: [number, number];
}

const functions = unaryFunctions as unknown as Record<string, Unary>;
const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const anywhere = [0.55, -1.3, 2.2, -0.8, 3.6, -2.1, 0.1];
// As fractions of a domain.
const within = [0.06, 0.14, 0.42, 0.09, 0.39, 0.96, 0.51];

// The derivative by central differences, with an error of 1e-9, a small fraction of float32's.
const slope = (of: (x: number) => number, x: number): number => (of(x + 1e-5) - of(x - 1e-5)) / 2e-5;

const unaryCalls = Object.entries(functions).flatMap(([name, { value, parameters = [], given = [], domain }]): Call[] => {
  const x = Array.from(Float32Array.from(domain ? within.map((part) => domain[0] + part * (domain[1] - domain[0])) : anywhere));
  const dy = x.map((_, i) => 1 + i / 4);
  const values = parameters.map(({ fallback }, i) => given[i] ?? fallback!);
  const extra = parameters.map(({ fallback }, i) => (fallback === undefined ? number(values[i]!) : setting(values[i]!)));
  const of = (at: number): number => value(at, ...values);
  return [
    { name: `${camel(name)}Forward` as Call['name'], args: [out(7), f(...x), size(7), ...extra], gives: { 0: x.map(of) } },
    {
      name: `${camel(name)}Backward` as Call['name'],
      args: [out(7), f(...dy), f(...x), f(...x.map(of)), size(7), ...extra],
      gives: { 0: x.map((at, i) => dy[i]! * slope(of, at)) },
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
  maximum: Math.max,
  minimum: Math.min,
  remainder: (a, b) => a - b * Math.floor(a / b),
  fmod: (a, b) => a % b,
  floorDivide: (a, b) => Math.floor(a / b),
  atan2: Math.atan2,
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
