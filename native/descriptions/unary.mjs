// activations.h, unary.cc: y = f(x); dx = dy * f'(x). Each function has a forward and a backward kernel, and can be the `activation` in a product's epilogue.
import { attributes, kernel, out, read, real } from './describe.mjs';

/**
 * The functions, numbered from 1 in this order:
 *
 * - `formula`: the formula in the public function's comment; `value`: the function in float64, called with x and the parameters;
 * - `parameters`: at most two, the struct's `a` and `b`, with their defaults in simdnn/kernels;
 * - `derivative`: whether the gradient is computed from 'x' or from 'y', the result;
 * - `domain`: the bounds between which tests choose x, where the function is not defined everywhere;
 * - `example`: two values of x for the public function's example; `given`: the example's parameters, where they differ from the defaults.
 */
const functions = {
  relu: { formula: 'max(x, 0)', value: (x) => Math.max(x, 0), derivative: 'y', example: [-1, 2] },
  leaky_relu: {
    formula: 'x where x > 0, else negativeSlope x',
    value: (x, slope) => (x > 0 ? x : slope * x),
    parameters: [real('negative_slope', 0.01)],
    derivative: 'x',
    example: [-2, 2],
    given: [0.5],
  },
  sigmoid: { formula: '1 / (1 + exp(-x))', value: (x) => 1 / (1 + Math.exp(-x)), derivative: 'y', example: [0, 1] },
  tanh: { formula: 'tanh(x)', value: Math.tanh, derivative: 'y', example: [0, 1] },
  gelu: { formula: 'x (1 + erf(x / sqrt 2)) / 2', value: (x) => x * normal(x), derivative: 'x', example: [0, 1] },
  gelu_tanh: {
    formula: 'x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2',
    value: (x) => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2,
    derivative: 'x',
    example: [0, 1],
  },
  silu: { formula: 'x sigmoid(x)', value: (x) => x / (1 + Math.exp(-x)), derivative: 'x', example: [0, 1] },
  elu: {
    formula: 'x where x > 0, else alpha (exp(x) - 1)',
    value: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)),
    parameters: [real('alpha', 1)],
    derivative: 'x',
    example: [-1, 2],
    given: [1.5],
  },
  selu: {
    formula: '1.0507 (x where x > 0, else 1.67326 (exp(x) - 1))',
    value: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
    derivative: 'x',
    example: [-1, 2],
  },
  softplus: {
    formula: 'log(1 + exp(beta x)) / beta, and x where beta x > threshold',
    value: (x, beta, threshold) => (beta * x > threshold ? x : Math.log1p(Math.exp(beta * x)) / beta),
    parameters: [real('beta', 1), real('threshold', 20)],
    derivative: 'x',
    example: [0, 30],
    given: [2, 5],
  },
  hardswish: {
    formula: 'x min(max(x + 3, 0), 6) / 6',
    value: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
    derivative: 'x',
    example: [0, 4],
  },
  mish: { formula: 'x tanh(softplus(x))', value: (x) => x * Math.tanh(Math.log1p(Math.exp(x))), derivative: 'x', example: [0, 1] },
  relu6: { formula: 'min(max(x, 0), 6)', value: (x) => Math.min(Math.max(x, 0), 6), derivative: 'y', example: [-1, 2] },
  hardtanh: {
    formula: 'min(max(x, minVal), maxVal)',
    value: (x, low, high) => Math.min(Math.max(x, low), high),
    parameters: [real('min_val', -1), real('max_val', 1)],
    derivative: 'x',
    example: [-3, 0.5],
    given: [-2, 1.5],
  },
  hardsigmoid: {
    formula: 'min(max(x + 3, 0), 6) / 6',
    value: (x) => Math.min(Math.max(x + 3, 0), 6) / 6,
    derivative: 'y',
    example: [0, 4],
  },
  celu: {
    formula: 'x where x > 0, else alpha (exp(x / alpha) - 1)',
    value: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x / alpha)),
    parameters: [real('alpha', 1)],
    derivative: 'x',
    example: [-1, 2],
    given: [2],
  },
  softsign: { formula: 'x / (1 + |x|)', value: (x) => x / (1 + Math.abs(x)), derivative: 'x', example: [-1, 3] },
  logsigmoid: { formula: '-log(1 + exp(-x))', value: (x) => -Math.log1p(Math.exp(-x)), derivative: 'x', example: [0, 1] },
  tanhshrink: { formula: 'x - tanh(x)', value: (x) => x - Math.tanh(x), derivative: 'x', example: [0, 1] },
  softshrink: {
    formula: 'x - lambd where x > lambd, x + lambd where x < -lambd, else 0',
    value: (x, lambd) => (x > lambd ? x - lambd : x < -lambd ? x + lambd : 0),
    parameters: [real('lambd', 0.5)],
    derivative: 'x',
    example: [-2, 0.25],
    given: [0.75],
  },
  hardshrink: {
    formula: 'x where |x| > lambd, else 0',
    value: (x, lambd) => (Math.abs(x) > lambd ? x : 0),
    parameters: [real('lambd', 0.5)],
    derivative: 'x',
    example: [-2, 0.25],
    given: [0.3],
  },
  threshold: {
    formula: 'x where x > threshold, else value',
    value: (x, threshold, value) => (x > threshold ? x : value),
    parameters: [real('threshold'), real('value')],
    derivative: 'x',
    example: [-2, 3],
    given: [1, 20],
  },
  exp: { formula: 'exp(x)', value: Math.exp, derivative: 'y', example: [0, 1] },
  log: { formula: 'log(x)', value: Math.log, derivative: 'x', example: [1, 2], domain: [0, 9] },
  sqrt: { formula: 'sqrt(x)', value: Math.sqrt, derivative: 'y', example: [1, 4], domain: [0, 9] },
  abs: { formula: 'abs(x)', value: Math.abs, derivative: 'x', example: [-2, 3] },
  square: { formula: 'x^2', value: (x) => x * x, derivative: 'x', example: [-2, 3] },
  reciprocal: { formula: '1 / x', value: (x) => 1 / x, derivative: 'y', example: [-2, 4] },
  rsqrt: { formula: '1 / sqrt(x)', value: (x) => 1 / Math.sqrt(x), derivative: 'y', example: [1, 4], domain: [0, 9] },
  sign: { formula: '-1, 0 or 1, the sign of x', value: Math.sign, derivative: 'y', example: [-2, 3] },
  floor: { formula: 'the largest integer that is at most x', value: Math.floor, derivative: 'y', example: [-1.5, 2.25] },
  ceil: { formula: 'the smallest integer that is at least x', value: Math.ceil, derivative: 'y', example: [-1.5, 2.25] },
  round: { formula: 'the nearest integer, ties to even', value: roundToEven, derivative: 'y', example: [-1.75, 2.75] },
  trunc: { formula: 'x rounded toward zero', value: Math.trunc, derivative: 'y', example: [-1.5, 2.25] },
  sin: { formula: 'sin(x)', value: Math.sin, derivative: 'x', example: [0, 1] },
  cos: { formula: 'cos(x)', value: Math.cos, derivative: 'x', example: [0.5, 1] },
  tan: { formula: 'tan(x)', value: Math.tan, derivative: 'x', example: [0, 1] },
  asin: { formula: 'arcsin(x)', value: Math.asin, derivative: 'x', example: [0, 0.5], domain: [-1, 1] },
  acos: { formula: 'arccos(x)', value: Math.acos, derivative: 'x', example: [0, 0.5], domain: [-1, 1] },
  atan: { formula: 'arctan(x)', value: Math.atan, derivative: 'x', example: [0, 1] },
  sinh: { formula: '(exp(x) - exp(-x)) / 2', value: Math.sinh, derivative: 'x', example: [0, 1] },
  cosh: { formula: '(exp(x) + exp(-x)) / 2', value: Math.cosh, derivative: 'x', example: [0.5, 1] },
  asinh: { formula: 'arcsinh(x)', value: Math.asinh, derivative: 'x', example: [0, 1] },
  acosh: { formula: 'arccosh(x)', value: Math.acosh, derivative: 'x', example: [2, 3], domain: [1, 8] },
  atanh: { formula: 'arctanh(x)', value: Math.atanh, derivative: 'x', example: [0, 0.5], domain: [-1, 1] },
  exp2: { formula: '2^x', value: (x) => 2 ** x, derivative: 'x', example: [0, 3] },
  expm1: { formula: 'exp(x) - 1', value: Math.expm1, derivative: 'x', example: [0, 1] },
  log1p: { formula: 'log(1 + x)', value: Math.log1p, derivative: 'x', example: [0, 1], domain: [-1, 8] },
  log2: { formula: 'log(x) / log(2)', value: Math.log2, derivative: 'x', example: [1, 8], domain: [0, 8] },
  log10: { formula: 'log(x) / log(10)', value: Math.log10, derivative: 'x', example: [1, 100], domain: [0, 8] },
  erf: { formula: '2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x', value: erf, derivative: 'x', example: [0, 1] },
  erfc: { formula: '1 - erf(x)', value: (x) => 1 - erf(x), derivative: 'x', example: [0.5, 1] },
  neg: { formula: '-x', value: (x) => -x, derivative: 'y', example: [1, -2] },
  pow_scalar: {
    formula: 'x^exponent',
    value: (x, exponent) => x ** exponent,
    parameters: [real('exponent')],
    derivative: 'x',
    example: [1, 3],
    given: [2],
    domain: [0, 9],
  },
  clamp: {
    formula: 'min(max(x, low), high)',
    value: (x, low, high) => Math.min(Math.max(x, low), high),
    parameters: [real('low'), real('high')],
    derivative: 'x',
    example: [-2, 0.5],
    given: [-1, 1],
  },
};

// The cumulative distribution function of the standard normal distribution.
const normal = (x) => (1 + erf(x / Math.SQRT2)) / 2;

// By its Taylor series.
function erf(x) {
  let [term, total] = [x, x];
  for (let k = 1; k < 200; k++) {
    term *= (-x * x) / k;
    total += term / (2 * k + 1);
  }
  return (2 * total) / Math.sqrt(Math.PI);
}

function roundToEven(x) {
  const down = Math.floor(x);
  const rest = x - down;
  return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
}

const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
const printed = (x) => String(Number(x.toPrecision(7)));
// The derivative by central differences, with an error of about 1e-9; no example lies where f has no derivative.
const slope = (f, x) => (f(x + 1e-5) - f(x - 1e-5)) / 2e-5;

function pair([name, { formula, value, parameters = [], derivative, example, given = [] }]) {
  const [f, back] = [`${camel(name)}Forward`, `${camel(name)}Backward`];
  const values = parameters.map(({ fallback }, i) => given[i] ?? fallback);
  const at = (x) => value(x, ...values);
  const extra = given.map((v) => `, ${v}`).join('');
  const xs = `Float32Array.of(${example.join(', ')})`;
  const fields = attributes('UnaryAttributes', ...parameters);
  return [
    kernel(`${name}_forward`, {
      operands: [out('y', 'n'), read('x', 'n')],
      sizes: ['n'],
      attributes: fields,
      doc: `\`y = ${formula}\`.`,
      example: `const y = new Float32Array(2);\n${f}(y, ${xs}, 2${extra});\ny; // [${example.map((x) => printed(at(x))).join(', ')}]`,
    }),
    kernel(`${name}_backward`, {
      operands: [
        out('dx', 'n'),
        read('dy', 'n'),
        read('x', 'n', { unread: derivative !== 'x' }),
        read('y', 'n', { unread: derivative !== 'y' }),
      ],
      sizes: ['n'],
      attributes: fields,
      doc: `The gradient of \`${f}\`.`,
      example: `const x = ${xs};
const [y, dx] = [new Float32Array(2), new Float32Array(2)];
${f}(y, x, 2${extra});
${back}(dx, Float32Array.of(1, 1), x, y, 2${extra});
dx; // [${example.map((x) => printed(slope(at, x))).join(', ')}]`,
    }),
  ];
}

/** The functions by name, in this order numbered from 1. */
export const unaryFunctions = functions;

/** Their kernels. */
export const unary = Object.entries(functions).flatMap(pair);
