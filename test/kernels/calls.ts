// A small valid call of every public kernel, with the results of its formula in float64, for the tests in this folder.
import * as K from '../../src/kernels';
import {
  type Argument,
  type Call,
  either,
  extending,
  f,
  ints,
  type Numbers,
  number,
  numbers,
  object,
  optional,
  other,
  out,
  outInt,
  setting,
  size,
  sumOf,
} from './call';
import { describedCalls } from './described-calls';
import { elementwiseCalls } from './elementwise-calls';
import { optimizerCalls } from './optimizer-calls';

// --- matrix products, x [2, 3] -> y [2, 2] ----------------------------------------------------

const x = f(1, 2, 3, -1, 0.5, 4);
const weight = f(0.5, -1, 2, 1, 1, -0.25);
const bias = f(10, 20);
const dy = f(1, -1, 0.5, 2);
const panels = new Float32Array(K.linearPackedLength(3, 2));
K.linearPack(panels, Float32Array.from(numbers(weight)), 3, 2);

const product = (m: number, n: number, k: number, a: (i: number, k: number) => number, b: (k: number, j: number) => number): Numbers =>
  Array.from({ length: m * n }, (_, at) => sumOf(Array.from({ length: k }, (_, l) => a(Math.floor(at / n), l) * b(l, at % n))));
const at =
  (a: Argument, columns: number) =>
  (i: number, j: number): number =>
    numbers(a)[i * columns + j]!;
const flipped =
  (a: Argument, columns: number) =>
  (i: number, j: number): number =>
    numbers(a)[j * columns + i]!;

const productCalls: Call[] = [
  {
    name: 'linearForward',
    args: [out(4), x, weight, optional(bias), size(2), size(3), size(2)],
    gives: { 0: product(2, 2, 3, at(x, 3), flipped(weight, 3)).map((value, i) => value + numbers(bias)[i % 2]!) },
  },
  {
    name: 'linearForwardColumns',
    args: [object({ y: optional(out(4)), yColumns: optional(out(256)) }), x, weight, optional(bias), size(2), size(3), size(2)],
    gives: { '0.y': product(2, 2, 3, at(x, 3), flipped(weight, 3)).map((value, i) => value + numbers(bias)[i % 2]!) },
  },
  { name: 'linearPack', args: [out(panels.length), weight, size(3), size(2)], gives: {} },
  {
    name: 'linearForwardPacked',
    args: [out(4), x, f(...panels), optional(bias), size(2), size(3), size(2)],
    gives: { 0: product(2, 2, 3, at(x, 3), flipped(weight, 3)).map((value, i) => value + numbers(bias)[i % 2]!) },
  },
  {
    name: 'denseForward',
    args: [out(4), x, weight, optional(bias), size(2), size(3), size(2)],
    gives: { 0: product(2, 2, 3, at(x, 3), at(weight, 2)).map((value, i) => value + numbers(bias)[i % 2]!) },
  },
  {
    name: 'linearBackward',
    args: [object({ dx: optional(out(6)), dweight: optional(out(6)), dbias: optional(out(2)) }), dy, x, weight, size(2), size(3), size(2)],
    gives: {
      '0.dx': product(2, 3, 2, at(dy, 2), at(weight, 3)),
      '0.dweight': product(2, 3, 2, flipped(dy, 2), at(x, 3)),
      '0.dbias': [1.5, 1],
    },
  },
  {
    name: 'linearBackward',
    args: [object({ dx: optional(f(1, 2, 3, 4, 5, 6)) }), dy, x, weight, size(2), size(3), size(2), other({ accumulate: true })],
    gives: { '0.dx': product(2, 3, 2, at(dy, 2), at(weight, 3)).map((value, i) => value + i + 1) },
  },
  {
    name: 'linearBackwardColumns',
    args: [
      object({ dx: optional(out(6)), dxColumns: optional(out(256)), dweight: optional(out(6)), dbias: optional(out(2)) }),
      ...[dy, x, weight, size(2), size(3), size(2)],
    ],
    gives: {
      '0.dx': product(2, 3, 2, at(dy, 2), at(weight, 3)),
      '0.dweight': product(2, 3, 2, flipped(dy, 2), at(x, 3)),
      '0.dbias': [1.5, 1],
    },
  },
  {
    name: 'linearBackwardColumns',
    args: [object({ dweight: optional(f(1, 2, 3, 4, 5, 6)) }), dy, x, weight, size(2), size(3), size(2), other({ accumulate: true })],
    gives: { '0.dweight': product(2, 3, 2, flipped(dy, 2), at(x, 3)).map((value, i) => value + i + 1) },
  },
  {
    name: 'matmul',
    args: [out(4), x, weight, size(2), size(2), size(3), other({ transB: true })],
    gives: { 0: product(2, 2, 3, at(x, 3), flipped(weight, 3)) },
  },
  {
    name: 'matmul',
    args: [f(...new Array<number>(9).fill(1)), x, weight, size(3), size(3), size(2), other({ transA: true, accumulate: true })],
    gives: { 0: product(3, 3, 2, flipped(x, 3), at(weight, 3)).map((value) => value + 1) },
  },
];

// --- softmax and losses, rows of 3 classes ----------------------------------------------------

const rowsOf = (values: Numbers): Numbers[] => [values.slice(0, 3), values.slice(3)];
const logSoftmax = (row: Numbers): Numbers => {
  const total = Math.log(sumOf(row.map(Math.exp)));
  return row.map((value) => value - total);
};

const logits = f(1, -0.5, 2, 0.25, 3, -1);
const logProbs = rowsOf(numbers(logits)).map(logSoftmax);
const probs = logProbs.map((row) => row.map(Math.exp));
const upstream = f(1, 2, -1, 0.5, -0.5, 3);
const soft = f(0.2, 0.3, 0.5, 1, 0, 0);
const ones = [0, 1, 2].map(() => 1);

// The loss of a row for the distribution q over the classes, and its gradient: sum of q (p - 1 at the class) over the classes.
const rowLoss = (r: number, q: Numbers): number => -sumOf(q.map((mass, c) => mass * logProbs[r]![c]!));
const rowGradient = (r: number, q: Numbers): Numbers => probs[r]!.map((p, c) => p * sumOf(q) - q[c]!);
const oneHot = (label: number, mass = 1): Numbers => ones.map((_, c) => (c === label ? mass : 0));
const smoothed = (label: number, by: number): Numbers => ones.map((_, c) => (c === label ? 1 - by : 0) + by / 3);

const lossCalls: Call[] = [
  { name: 'softmax', args: [out(6), logits, size(2), size(3)], gives: { 0: probs.flat() } },
  { name: 'logSoftmax', args: [out(6), logits, size(2), size(3)], gives: { 0: logProbs.flat() } },
  {
    name: 'softmaxBackward',
    args: [out(6), upstream, f(...probs.flat()), size(2), size(3)],
    gives: {
      0: rowsOf(numbers(upstream)).flatMap((d, r) => {
        const inner = sumOf(d.map((value, c) => value * probs[r]![c]!));
        return d.map((value, c) => probs[r]![c]! * (value - inner));
      }),
    },
  },
  {
    name: 'logSoftmaxBackward',
    args: [out(6), upstream, f(...logProbs.flat()), size(2), size(3)],
    gives: { 0: rowsOf(numbers(upstream)).flatMap((d, r) => d.map((value, c) => value - probs[r]![c]! * sumOf(d))) },
  },
  {
    name: 'softmaxCrossEntropy',
    args: [object({ loss: out(1), dlogits: optional(out(6)) }), logits, either(ints(2, 0)), size(2), size(3)],
    gives: {
      '0.loss': [(rowLoss(0, oneHot(2)) + rowLoss(1, oneHot(0))) / 2],
      '0.dlogits': [...rowGradient(0, oneHot(2)), ...rowGradient(1, oneHot(0))].map((value) => value / 2),
    },
  },
  {
    name: 'softmaxCrossEntropy',
    args: [
      object({ loss: out(2), dlogits: optional(out(6)) }),
      logits,
      either(ints(2, 1)),
      size(2),
      size(3),
      object({ ignoreIndex: setting(1), labelSmoothing: setting(0.3), reduction: other('none') }),
    ],
    gives: { '0.loss': [rowLoss(0, smoothed(2, 0.3)), 0], '0.dlogits': [...rowGradient(0, smoothed(2, 0.3)), 0, 0, 0] },
  },
  {
    name: 'softmaxCrossEntropy',
    args: [
      object({ loss: out(1), dlogits: optional(out(6)) }),
      logits,
      either(ints(2, 1)),
      size(2),
      size(3),
      object({ weight: optional(f(1, 2, 3)), reduction: other('mean') }),
    ],
    gives: {
      '0.loss': [(3 * rowLoss(0, oneHot(2)) + 2 * rowLoss(1, oneHot(1))) / 5],
      '0.dlogits': [...rowGradient(0, oneHot(2, 3)), ...rowGradient(1, oneHot(1, 2))].map((value) => value / 5),
    },
  },
  {
    name: 'softmaxCrossEntropySoft',
    args: [
      object({ loss: out(1), dlogits: optional(out(6)) }),
      logits,
      either(soft),
      size(2),
      size(3),
      object({ reduction: other('sum') }),
    ],
    gives: {
      '0.loss': [sumOf(rowsOf(numbers(soft)).map((q, r) => rowLoss(r, q)))],
      '0.dlogits': rowsOf(numbers(soft)).flatMap((q, r) => rowGradient(r, q)),
    },
  },
  {
    name: 'nllLoss',
    args: [
      object({ loss: out(1), dx: optional(out(6)) }),
      f(...logProbs.flat()),
      ints(2, 0),
      size(2),
      size(3),
      object({ weight: optional(f(1, 2, 3)), ignoreIndex: setting(-1) }),
    ],
    gives: { '0.loss': [-(3 * logProbs[0]![2]! + logProbs[1]![0]!) / 4], '0.dx': [0, 0, -3 / 4, -1 / 4, 0, 0] },
  },
  {
    name: 'mseLoss',
    args: [object({ loss: out(1), dx: optional(out(3)) }), f(1, 2, 4), f(2, 2, 1), size(3)],
    gives: { '0.loss': [10 / 3], '0.dx': [-2 / 3, 0, 2] },
  },
  {
    name: 'huberLoss',
    args: [
      object({ loss: out(1), dx: optional(out(3)) }),
      ...[f(1, 2, 4), f(1.5, 2, 1), size(3)],
      object({ delta: setting(2), reduction: other('sum') }),
    ],
    gives: { '0.loss': [0.125 + 2 * (3 - 1)], '0.dx': [-0.5, 0, 2] },
  },
];

// --- normalisation of rows of 3 ----------------------------------------------------------------

const normalised = rowsOf([1, -0.5, 2, 0.25, 3, -1]);
const rowScales = normalised.map((row) => 1 / Math.sqrt(sumOf(row.map((value) => value ** 2)) / 3 + 0.5));
const factors = [2, -1, 0.5];
const above = rowsOf(numbers(upstream));

const normCalls: Call[] = [
  {
    name: 'rmsNormForward',
    args: [out(6), out(2), f(...normalised.flat()), optional(f(...factors)), size(2), size(3), setting(0.5)],
    gives: { 0: normalised.flatMap((row, r) => row.map((value, c) => value * rowScales[r]! * factors[c]!)), 1: rowScales },
  },
  {
    name: 'rmsNormBackward',
    args: [
      object({ dx: optional(out(6)), dweight: optional(f(1, 1, 1)) }),
      ...[upstream, f(...normalised.flat()), f(...rowScales), optional(f(...factors)), size(2), size(3)],
      other({ accumulate: true }),
    ],
    gives: {
      '0.dx': normalised.flatMap((row, r) => {
        const g = above[r]!.map((value, c) => value * factors[c]!);
        const mean = sumOf(g.map((value, c) => value * row[c]!)) / 3;
        return row.map((value, c) => rowScales[r]! * (g[c]! - value * rowScales[r]! ** 2 * mean));
      }),
      '0.dweight': factors.map((_, c) => 1 + sumOf(normalised.map((row, r) => above[r]![c]! * row[c]! * rowScales[r]!))),
    },
  },
];

// --- reductions of [2, 3, 2] ------------------------------------------------------------------

const cube = [1, 5, -2, 5, 3, 0, 7, 2, 7, -1, 0, 4];
const column = (o: number, i: number): Numbers => [0, 1, 2].map((k) => cube[(o * 3 + k) * 2 + i]!);
const columns = [column(0, 0), column(0, 1), column(1, 0), column(1, 1)];
const sizes = [size(2), size(3), size(2)];
const extremum = (of: (...values: Numbers) => number): Record<string, Numbers> => ({
  0: columns.map((values) => of(...values)),
  1: columns.map((values) => values.indexOf(of(...values))),
});

const reductionCalls: Call[] = [
  { name: 'sum', args: [out(4), f(...cube), ...sizes, setting(0.5)], gives: { 0: columns.map((values) => sumOf(values) / 2) } },
  { name: 'sumInt', args: [outInt(4), ints(...cube), ...sizes], gives: { 0: columns.map(sumOf) } },
  { name: 'max', args: [out(4), outInt(4), f(...cube), ...sizes], gives: extremum(Math.max) },
  { name: 'min', args: [out(4), outInt(4), f(...cube), ...sizes], gives: extremum(Math.min) },
  { name: 'maxInt', args: [outInt(4), outInt(4), ints(...cube), ...sizes], gives: extremum(Math.max) },
  { name: 'minInt', args: [outInt(4), outInt(4), ints(...cube), ...sizes], gives: extremum(Math.min) },
];

// --- movement ---------------------------------------------------------------------------------

const movementCalls: Call[] = [
  {
    name: 'copyStrided',
    args: [out(6), f(1, 2, 3, 4, 5, 6), other(K.layout([3, 2], { strides: [2, 1] }, { strides: [1, 3] }))],
    gives: { 0: [1, 4, 2, 5, 3, 6] },
  },
  { name: 'gatherRows', args: [out(4), f(1, 2, 3, 4, 5, 6), extending(ints(2, 0)), size(3), size(2)], gives: { 0: [5, 6, 1, 2] } },
  { name: 'gatherRows', args: [outInt(2), ints(1, 2, 3), extending(ints(2, 0)), size(3), size(1)], gives: { 0: [3, 1] } },
  {
    name: 'scatterAddRows',
    args: [f(1, 1, 1, 1, 1, 1), f(1, 2, 3, 4), extending(ints(2, 2)), size(3), size(2)],
    gives: { 0: [1, 1, 1, 1, 5, 7] },
  },
  { name: 'gather', args: [out(2), f(1, 2, 3, 4, 5, 6), ints(2, 0), size(2), size(3), size(1), size(1)], gives: { 0: [3, 4] } },
  {
    name: 'scatterAdd',
    args: [f(1, 1, 1, 1, 1, 1), f(5, 6), ints(2, 0), size(2), size(3), size(1), size(1)],
    gives: { 0: [1, 1, 6, 7, 1, 1] },
  },
  {
    name: 'scatterAddInt',
    args: [ints(1, 1, 1, 1, 1, 2 ** 31 - 1), ints(5, 6), ints(2, 2), size(2), size(3), size(1), size(1)],
    gives: { 0: [1, 1, 6, 1, 1, -(2 ** 31) + 5] },
  },
  { name: 'fill', args: [out(3), size(3), number(0.1)], gives: { 0: [0.1, 0.1, 0.1] } },
  { name: 'fillInt', args: [outInt(3), size(3), number(-5)], gives: { 0: [-5, -5, -5] } },
  { name: 'floatToInt', args: [outInt(4), f(1.9, -1.9, 0, 3), size(4)], gives: { 0: [1, -1, 0, 3] } },
  { name: 'intToFloat', args: [out(3), ints(1, -2, 2 ** 24), size(3)], gives: { 0: [1, -2, 2 ** 24] } },
  { name: 'accumulate', args: [f(1, 2, 3), f(10, 20, 30), size(3)], gives: { 0: [11, 22, 33] } },
  { name: 'scaleRows', args: [out(4), f(1, 2, 3, 4), f(10, -1), size(2), size(2)], gives: { 0: [10, 20, -3, -4] } },
];

// --- bags of rows of a table: [0, 2] and [1], of a table [3, 2] ---------------------------------

const bags = { table: f(1, 2, 10, 20, 100, 200), index: () => extending(ints(0, 2, 1)), offsets: () => extending(ints(0, 2)) };

// The gradients of two bags, their rows and factors, and the sizes of the table.
const bagsBackward = () => [f(1, 2, 3, 4), bags.index(), bags.offsets(), optional(f(1, 2, 3)), size(3), size(2)];

const embeddingCalls: Call[] = [
  {
    name: 'embeddingBagForward',
    args: [out(4), bags.table, bags.index(), bags.offsets(), optional(f(1, 2, 3)), size(3), size(2)],
    gives: { 0: [201, 402, 30, 60] },
  },
  {
    name: 'embeddingBagBackward',
    args: [f(1, 1, 1, 1, 1, 1), ...bagsBackward()],
    gives: { 0: [2, 3, 10, 13, 3, 5] },
  },
  {
    name: 'embeddingBagBackward',
    args: [f(1, 1, NaN, 1, 1, 1), ...bagsBackward(), other({ overwrite: true })],
    gives: { 0: [1, 2, 9, 12, 2, 4] },
  },
  {
    name: 'embeddingBagRowsBackward',
    args: [f(0, 0, 7, 7, 0, 0), ints(1, 1, 0, 0, 0, 0, 0), ...bagsBackward()],
    gives: { 0: [1, 2, 9, 12, 2, 4], 1: [3, 0, 2, 1, 0, 2, 1] },
  },
  {
    name: 'embeddingBagFactorsBackward',
    args: [out(3), f(1, 2, 3, 4), bags.table, bags.index(), bags.offsets(), size(3), size(2)],
    gives: { 0: [5, 500, 110] },
  },
];

// --- random numbers: what they give is checked in random.test.ts ------------------------------

const randomCalls: Call[] = [
  { name: 'fillUniform', args: [out(4), size(4), size(1), size(2), number(5), number(5)], gives: { 0: [5, 5, 5, 5] } },
  { name: 'fillNormal', args: [out(4), size(4), size(1), size(2), number(3), number(0)], gives: { 0: [3, 3, 3, 3] } },
  { name: 'dropout', args: [out(4), f(1, 2, 3, 4), size(4), number(0), size(1), size(2)], gives: { 0: [1, 2, 3, 4] } },
  { name: 'dropout', args: [out(4), f(1, 2, 3, 4), size(4), number(1), size(1), size(2)], gives: { 0: [0, 0, 0, 0] } },
  { name: 'randomPermutation', args: [outInt(1), size(1), size(1), size(2)], gives: { 0: [0] } },
];

const matrixCalls: Call[] = [
  { name: 'cholesky', args: [out(4), f(4, 2, 2, 10), size(1), size(2)], gives: { 0: [2, 0, 1, 3] } },
  { name: 'qr', args: [optional(out(2)), out(1), f(3, 4), size(1), size(2), size(1), size(1)], gives: { 1: [-5] } },
];

const written: Call[] = [
  ...matrixCalls,
  ...productCalls,
  ...lossCalls,
  ...normCalls,
  ...elementwiseCalls,
  ...reductionCalls,
  ...movementCalls,
  ...embeddingCalls,
  ...optimizerCalls,
  ...randomCalls,
];

// The calls that are written here, and for each other kernel one from its description.
export const calls: Call[] = [...written, ...describedCalls];
