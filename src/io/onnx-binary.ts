// Translates element-wise kernels of two operands that broadcast.
import type { Call } from './onnx-call';
import type { Graph } from './onnx-graph';

type Binary = (g: Graph, a: string, b: string) => string;

const node =
  (operator: string): Binary =>
  (g, a, b) =>
    g.node(operator, [a, b]);

const test =
  (operator: string): Binary =>
  (g, a, b) =>
    g.cast(g.node(operator, [a, b]), 'int32');

const unequal: Binary = (g, a, b) => g.cast(g.node('Not', [g.node('Equal', [a, b])]), 'int32');

const fmod: Binary = (g, a, b) => g.node('Mod', [a, b], { fmod: 1 });

// fmod with the sign of b.
const remainder: Binary = (g, a, b) => {
  const rest = fmod(g, a, b);
  const differs = g.node('Xor', [g.node('Less', [rest, g.float(0)]), g.node('Less', [b, g.float(0)])]);
  const moves = g.node('And', [differs, g.node('Not', [g.node('Equal', [rest, g.float(0)])])]);
  return g.node('Where', [moves, g.node('Add', [rest, b]), rest]);
};

const floorDivide: Binary = (g, a, b) => {
  const whole = g.node('Round', [g.node('Div', [g.node('Sub', [a, remainder(g, a, b)]), b])]);
  return g.node('Where', [g.node('Equal', [b, g.float(0)]), g.node('Div', [a, b]), whole]);
};

const atan2: Binary = (g, y, x) => {
  const turn = g.node('Where', [g.node('Less', [y, g.float(0)]), g.float(-Math.PI), g.float(Math.PI)]);
  const angle = g.node('Atan', [g.node('Div', [y, x])]);
  const left = g.node('Where', [g.node('Less', [x, g.float(0)]), g.node('Add', [angle, turn]), angle]);
  const isZero = g.node('And', [g.node('Equal', [x, g.float(0)]), g.node('Equal', [y, g.float(0)])]);
  return g.node('Where', [isZero, y, left]);
};

// An integer divided by 0 is 0 here, but ends the process in other runtimes.
const orZero =
  (of: Binary): Binary =>
  (g, a, b) => {
    const isZero = g.node('Equal', [b, g.int(0)]);
    return g.node('Where', [isZero, g.int(0), of(g, a, g.node('Where', [isZero, g.int(1), b]))]);
  };

const modInt: Binary = (g, a, b) => g.node('Mod', [a, b]);

const binaries: Readonly<Record<string, Binary>> = {
  add: node('Add'),
  sub: node('Sub'),
  mul: node('Mul'),
  div: node('Div'),
  pow: node('Pow'),
  maximum: node('Max'),
  minimum: node('Min'),
  remainder,
  fmod,
  floorDivide,
  atan2,
  eq: test('Equal'),
  ne: unequal,
  lt: test('Less'),
  le: test('LessOrEqual'),
  gt: test('Greater'),
  ge: test('GreaterOrEqual'),
  addInt: node('Add'),
  subInt: node('Sub'),
  mulInt: node('Mul'),
  maximumInt: node('Max'),
  minimumInt: node('Min'),
  remainderInt: orZero(modInt),
  floorDivideInt: orZero((g, a, b) => g.node('Div', [g.node('Sub', [a, modInt(g, a, b)]), b])),
  eqInt: test('Equal'),
  neInt: unequal,
  ltInt: test('Less'),
  leInt: test('LessOrEqual'),
  gtInt: test('Greater'),
  geInt: test('GreaterOrEqual'),
};

export const binaryTranslations = Object.fromEntries(
  Object.entries(binaries).map(([name, of]) => [
    name,
    (c: Call): void => {
      const { sizes, first, second } = c.walk();
      const made = of(c.graph, c.walked('a', sizes, first), c.walked('b', sizes, second));
      const repeats = sizes.some((size, d) => size[0] !== 1 && first.strides[d]![0] === 0 && second.strides[d]![0] === 0);
      c.write('out', repeats ? c.memory.filled(made, sizes) : made, sizes);
    },
  ]),
);
