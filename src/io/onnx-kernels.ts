// Translates kernels to ONNX operators. Exporting a kernel that is not here is an error, which names the operation.
import { unaryValues } from '../kernels.generated';
import { bagTranslations } from './onnx-bags';
import { binaryTranslations } from './onnx-binary';
import type { Call } from './onnx-call';
import { isFixed, one, type Size } from './onnx-size';
import { unaryTranslations } from './onnx-unary';

export type Translation = (call: Call) => void;

const rowwise =
  (operator: string): Translation =>
  (c) => {
    const shape = [c.size('rows'), c.size('classes')];
    c.write('y', c.graph.node(operator, [c.read('x', shape)], { axis: -1 }), shape);
  };

const product =
  (isTransposed: boolean): Translation =>
  (c) => {
    const [rows, into, out] = [c.size('rows'), c.size('in'), c.size('out')];
    const inputs = [c.read('x', [rows, into]), c.read('weight', isTransposed ? [out, into] : [into, out])];
    if (c.has('bias')) inputs.push(c.read('bias', [out]));
    c.write('y', c.graph.node('Gemm', inputs, { transB: Number(isTransposed) }), [rows, out]);
  };

const matmul: Translation = (c) => {
  const [m, n, k] = [c.size('m'), c.size('n'), c.size('k')];
  const [transA, transB] = [c.flag('transposeA'), c.flag('transposeB')];
  const a = c.read('a', transA ? [k, m] : [m, k]);
  const b = c.read('b', transB ? [n, k] : [k, n]);
  const made =
    transA || transB ? c.graph.node('Gemm', [a, b], { transA: Number(transA), transB: Number(transB) }) : c.graph.node('MatMul', [a, b]);
  c.write('c', c.flag('accumulate') ? c.graph.node('Add', [c.read('c', [m, n]), made]) : made, [m, n]);
};

const batchedMatmul: Translation = (c) => {
  const [batch, m, n, k] = [c.size('batch'), c.size('m'), c.size('n'), c.size('k')];
  const operand = (name: string, transposed: boolean, rows: Size, columns: Size): string =>
    transposed
      ? c.graph.node('Transpose', [c.read(name, [batch, columns, rows])], { perm: [0, 2, 1] })
      : c.read(name, [batch, rows, columns]);
  c.write('c', c.graph.node('MatMul', [operand('a', c.flag('transposeA'), m, k), operand('b', c.flag('transposeB'), k, n)]), [batch, m, n]);
};

const ones = (c: Call, n: Size): string => c.graph.floats(new Float32Array(n[0]).fill(1), [n[0]]);
const zeros = (c: Call, n: Size): string => c.graph.floats(new Float32Array(n[0]), [n[0]]);

const layerNorm: Translation = (c) => {
  const shape = [c.size('rows'), c.size('columns')];
  const columns = shape[1]!;
  if (!isFixed(columns)) c.memory.refuse('it normalises over the batch', 'dynamicBatch: false');
  const weight = c.has('weight') ? c.read('weight', [columns]) : ones(c, columns);
  const inputs = [c.read('x', shape), weight, ...(c.has('bias') ? [c.read('bias', [columns])] : [])];
  c.write('y', c.graph.node('LayerNormalization', inputs, { axis: -1, epsilon: { float: c.number('eps') } }), shape);
};

const rmsNorm: Translation = (c) => {
  const { graph: g } = c;
  const shape = [c.size('rows'), c.size('columns')];
  const x = c.read('x', shape);
  const mean = g.reduce('ReduceMean', g.node('Mul', [x, x]), [1]);
  const root = g.node('Sqrt', [g.node('Add', [mean, g.float(c.number('eps'))])]);
  const normal = g.node('Div', [x, root]);
  c.write('y', c.has('weight') ? g.node('Mul', [normal, c.read('weight', [shape[1]!])]) : normal, shape);
};

const batchNorm: Translation = (c) => {
  const shape = [c.size('rows'), c.size('columns')];
  const columns = shape[1]!;
  const weight = c.has('weight') ? c.read('weight', [columns]) : ones(c, columns);
  const bias = c.has('bias') ? c.read('bias', [columns]) : zeros(c, columns);
  const inputs = [c.read('x', shape), weight, bias, c.read('mean', [columns]), c.read('variance', [columns])];
  c.write('y', c.graph.node('BatchNormalization', inputs, { epsilon: { float: c.number('eps') } }), shape);
};

const batchStatistics: Translation = (c) => {
  const { graph: g } = c;
  const x = c.read('x', [c.size('rows'), c.size('columns')]);
  const mean = g.reduce('ReduceMean', x, [0]);
  const apart = g.node('Sub', [x, mean]);
  c.write('mean', mean, [one, c.size('columns')]);
  c.write('variance', g.reduce('ReduceMean', g.node('Mul', [apart, apart]), [0]), [one, c.size('columns')]);
};

const around = (c: Call): [Size, Size, Size] => [c.size('outer'), c.size('n'), c.size('inner')];

const sum: Translation = (c) => {
  const { graph: g } = c;
  const [outer, n, inner] = around(c);
  const x = c.read('x', [outer, n, inner]);
  const scale = c.size('scale');
  const isMean = n[0] > 1 && scale.every((factor, i) => Math.abs(factor * n[i]! - 1) < 1e-6);
  const made = g.reduce(isMean ? 'ReduceMean' : 'ReduceSum', x, [1]);
  const rest = isMean ? 1 : c.number('scale');
  c.write('out', rest === 1 ? made : g.node('Mul', [made, g.float(rest)]), [outer, one, inner]);
};

const sumInt: Translation = (c) => {
  const [outer, n, inner] = around(c);
  c.write('out', c.graph.reduce('ReduceSum', c.read('x', [outer, n, inner]), [1]), [outer, one, inner]);
};

const extremum =
  (kind: 'Max' | 'Min'): Translation =>
  (c) => {
    const [outer, n, inner] = around(c);
    const x = c.read('x', [outer, n, inner]);
    const place = c.graph.node(`Arg${kind}`, [x], { axis: 1, keepdims: 1 });
    c.write('values', c.graph.reduce(`Reduce${kind}`, x, [1]), [outer, one, inner]);
    c.write('indices', c.graph.cast(place, 'int32'), [outer, one, inner]);
  };

const sort: Translation = (c) => {
  const shape = around(c);
  const largest = Number(c.flag('descending'));
  const [values, indices] = c.graph.nodeOf('TopK', [c.read('x', shape), c.memory.sizeOf(shape[1])], 2, { axis: 1, largest, sorted: 1 });
  c.write('values', values!, shape);
  c.write('indices', c.graph.cast(indices!, 'int32'), shape);
};

const cumsum: Translation = (c) => {
  const shape = around(c);
  c.write('out', c.graph.node('CumSum', [c.read('x', shape), c.graph.long(1)], { reverse: Number(c.flag('reverse')) }), shape);
};

// ONNX has no such operator: a triangular mask keeps the elements whose product is taken.
const cumprod: Translation = (c) => {
  const { graph: g } = c;
  const [outer, n, inner] = around(c);
  const count = c.number('n');
  const isKept = (k: number, j: number): boolean => (c.flag('reverse') ? j >= k : j <= k);
  const mask = Float32Array.from({ length: count * count }, (_, i) => Number(isKept(Math.floor(i / count), i % count)));
  const keep = g.cast(g.floats(mask, [1, count, count, 1]), 'bool');
  const kept = g.node('Where', [keep, c.read('x', [outer, one, n, inner]), g.float(1)]);
  c.write('out', g.reduce('ReduceProd', kept, [2]), [outer, n, inner]);
};

const copyStrided: Translation = (c) => {
  const { sizes, first, second } = c.walk();
  if (sizes.some((size) => size[0] === 0)) return;
  const read = c.walked('x', sizes, second);
  const repeats = sizes.some((size, d) => second.strides[d]![0] === 0 && size[0] !== 1);
  c.put('out', repeats ? c.memory.filled(read, sizes) : read, sizes, first);
};

const gatherRows: Translation = (c) => {
  const [outer, rows, columns, count] = [c.size('outer'), c.size('rows'), c.size('columns'), c.size('count')];
  const isTable = isFixed(outer) && outer[0] === 1;
  const x = c.read('x', isTable ? [rows, columns] : [outer, rows, columns]);
  const made = c.graph.node('Gather', [x, c.read('index', [count])], { axis: isTable ? 0 : 1 });
  c.write('out', made, isTable ? [count, columns] : [outer, count, columns]);
};

const gather: Translation = (c) => {
  const [outer, n, inner] = around(c);
  const shape = [outer, c.size('count'), inner];
  c.write('out', c.graph.node('GatherElements', [c.read('x', [outer, n, inner]), c.read('index', shape)], { axis: 1 }), shape);
};

const scatter: Translation = (c) => {
  const shape = around(c);
  const given = [shape[0], c.size('count'), shape[2]];
  const inputs = [c.read('out', shape), c.read('index', given), c.read('x', given)];
  c.write('out', c.graph.node('ScatterElements', inputs, { axis: 1 }), shape);
};

const scatterAdd: Translation = (c) => {
  const shape = around(c);
  const given = [shape[0], c.size('count'), shape[2]];
  const inputs = [c.read('dx', shape), c.read('index', given), c.read('dy', given)];
  c.write('dx', c.graph.node('ScatterElements', inputs, { axis: 1, reduction: { text: 'add' } }), shape);
};

const scatterAddRows: Translation = (c) => {
  const [outer, rows, columns, count] = [c.size('outer'), c.size('rows'), c.size('columns'), c.size('count')];
  const given = [outer, count, columns];
  const index = c.memory.filled(c.read('index', [one, count, one]), given);
  const inputs = [c.read('dx', [outer, rows, columns]), index, c.read('dy', given)];
  c.write('dx', c.graph.node('ScatterElements', inputs, { axis: 1, reduction: { text: 'add' } }), [outer, rows, columns]);
};

const where: Translation = (c) => {
  const n = [c.size('n')];
  const condition = c.graph.cast(c.read('condition', n), 'bool');
  c.write('out', c.graph.node('Where', [condition, c.read('a', n), c.read('b', n)]), n);
};

const scaleRows: Translation = (c) => {
  const [rows, columns] = [c.size('rows'), c.size('columns')];
  c.write('out', c.graph.node('Mul', [c.read('x', [rows, columns]), c.read('scale', [rows, one])]), [rows, columns]);
};

// Takes the first elements of arrays that may be longer.
const accumulate: Translation = (c) => {
  const place = c.place('out');
  const n = c.size('n');
  const part = { value: place.value, begin: place.begin, length: n };
  c.memory.write(part, c.graph.node('Add', [c.memory.read(part, [n]), c.read('x', [n])]), [n]);
};

const unary = Object.fromEntries(
  unaryValues.flatMap((name) => {
    if (name === 'none') return [];
    const translate: Translation = (c) => c.write('y', unaryTranslations[name](c, c.read('x')));
    return [[`${name}Forward`, translate]];
  }),
);

export const translations: Readonly<Record<string, Translation>> = {
  ...unary,
  ...binaryTranslations,
  ...bagTranslations,
  linearForward: product(true),
  denseForward: product(false),
  matmul,
  batchedMatmul,
  softmax: rowwise('Softmax'),
  logSoftmax: rowwise('LogSoftmax'),
  layerNormForward: layerNorm,
  rmsNormForward: rmsNorm,
  batchNormForward: batchNorm,
  batchNormStatistics: batchStatistics,
  sum,
  sumInt,
  max: extremum('Max'),
  min: extremum('Min'),
  maxInt: extremum('Max'),
  minInt: extremum('Min'),
  sort,
  sortInt: sort,
  cumsum,
  cumsumInt: cumsum,
  cumprod,
  copyStrided,
  gatherRows,
  gather,
  scatter,
  scatterAdd,
  scatterAddInt: scatterAdd,
  scatterAddRows,
  where,
  scaleRows,
  accumulate,
  fill: (c) => c.write('out', c.memory.filled(c.graph.float(c.number('value')), [c.size('n')])),
  fillInt: (c) => c.write('out', c.memory.filled(c.graph.int(c.number('value')), [c.size('n')])),
  floatToInt: (c) => c.write('out', c.graph.cast(c.read('x'), 'int32')),
  intToFloat: (c) => c.write('out', c.graph.cast(c.read('x'), 'float32')),
};

const reasons = {
  'a sum over the processes of a group is for training': ['allReduce'],
  'ONNX has no operation for it': ['solve', 'determinant', 'cholesky', 'qr', 'matrixExp'],
  'no module of this library calls it': [
    'conv2dForward',
    'conv2dFilterGradient',
    'conv2dImageGradient',
    'maxPool2dForward',
    'avgPool2dForward',
    'depthwiseConv2dForward',
    'depthwiseConv2dFilterGradient',
    'depthwiseConv2dImageGradient',
  ],
  'random numbers are drawn': ['fillUniform', 'fillNormal', 'dropout', 'randomPermutation'],
  'a loss is for training': [
    'mseLoss',
    'l1Loss',
    'smoothL1Loss',
    'huberLoss',
    'klDiv',
    'nllLoss',
    'binaryCrossEntropy',
    'binaryCrossEntropyWithLogits',
    'softmaxCrossEntropy',
    'softmaxCrossEntropySoft',
  ],
};

/** Kernels that have no translation on purpose, each with the reason. */
export const untranslated: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(reasons).flatMap(([reason, names]) => names.map((name) => [name, reason])),
);
