// Calls of the addon's kernels and of the public `simdnn/kernels`, made from the parameters in kernels.def: mostly good ones.
import { kernels as list } from '../../scripts/kernel-list.mjs';
import { detached, fill, junk, memory, oddNumber, shrunk, tight, Witness } from './values.mjs';

const sizes = [0, 1, 1, 2, 2, 3, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65];
const mostElements = 30_000;

// `rows * out` as a function of the call's arguments by name.
const formulaOf = (length, names) =>
  new Function(
    'argumentsByName',
    'reduced',
    'padded',
    'packed',
    `const { ${names.join(', ')} } = argumentsByName; return ${length.replace(/\bin\b/g, 'in_').replace(/_([a-z])/g, (_, c) => c.toUpperCase())};`,
  );
const reduced = (n, reduction) => (reduction === 0 ? n : 1);
const padded = (n) => Math.ceil(n / 16) * 16;
const packed = (in_, out) => Math.ceil(out / 32) * 32 * (in_ + 1) + 480;

const templates = list.map(({ name, parameters }) => ({
  name,
  parameters: parameters.map((p) =>
    p.length === undefined
      ? p
      : {
          ...p,
          formula: formulaOf(
            p.length,
            parameters.map((q) => q.name),
          ),
        },
  ),
}));

const kindOf = (type) => (type === 'int32_t' ? Int32Array : Float32Array);
const isArray = (p) => p.length !== undefined;
const isOutput = (p) => p.kind.includes('OUT');

// An index space with strides for two operands, as the kernels take it, and what the formulas ask of it.
function randomLayout(r) {
  const rank = r.below(5);
  const size = r.times(rank, () => r.pick([0, 1, 2, 2, 3, 3, 4, 5, 8]));
  const contiguous = () => {
    const strides = new Array(rank);
    let stride = 1;
    for (let d = rank - 1; d >= 0; d--) {
      strides[d] = stride;
      stride *= size[d];
    }
    return strides;
  };
  const strides = () => {
    const own = contiguous();
    if (r.chance(0.4)) return own;
    if (r.chance(0.5)) return own.map((s) => (r.chance(0.5) ? 0 : s));
    return own.map(() => r.below(12));
  };
  const operands = [0, 1].map(() => ({ strides: strides(), offset: r.chance(0.7) ? 0 : r.below(9) }));
  const fields = [rank, ...size, ...operands.flatMap((o) => [...o.strides, o.offset])];
  const count = size.reduce((n, s) => n * s, 1);
  return {
    array: Int32Array.from(fields),
    count: () => count,
    extent: (k) => (count === 0 ? 0 : size.reduce((last, s, d) => last + (s - 1) * operands[k].strides[d], operands[k].offset) + 1),
  };
}

const enumerators = { activation: 19, accumulate: 8, flags: 8, transposeA: 2, transposeB: 2, reduction: 3 };

function scalar(r, { kind, name }) {
  if (kind === 'SIZE') return r.pick(sizes);
  if (kind === 'REAL') return r.chance(0.1) ? oddNumber(r) : r.pick([0, 0.1, 0.5, 0.9, 1, 2]);
  if (kind === 'COUNTER') return r.chance(0.1) ? r.pick([2 ** 53 - 1, 2 ** 52, 2 ** 32]) : r.below(1000);
  if (name in enumerators) return r.chance(0.05) ? r.pick([-1, 7, 19, 100, 2 ** 31 - 1, -(2 ** 31)]) : r.below(enumerators[name]);
  return r.below(9) - 2; // ignoreIndex, and the value of fillInt
}

// Arguments by name that fit one another: scalars first, then arrays as long as the formulas say or a little longer.
function goodArguments(r, { parameters }) {
  const values = {};
  for (const p of parameters) {
    if (p.kind === 'LAYOUT') values[p.name] = randomLayout(r);
    else if (!isArray(p)) values[p.name] = scalar(r, p);
  }
  const any = r.chance(0.5) ? Float32Array : Int32Array;
  const lengths = new Map();
  for (const p of parameters.filter(isArray)) {
    const n = p.formula(values, reduced, padded, packed);
    if (n > mostElements) return null;
    lengths.set(p.name, n);
    if (p.kind.startsWith('OPT_') && r.chance(0.4)) {
      values[p.name] = r.pick([null, undefined]);
      continue;
    }
    const kind = p.type === 'any' ? any : kindOf(p.type);
    const longer = r.chance(0.3) ? r.below(20) : 0;
    const array = r.chance(0.5) ? memory(r, kind, n + longer) : tight(kind, n + longer);
    const bound = p.name === 'labels' || p.name === 'index' ? (values.classes ?? values.rows ?? values.n) : 0;
    fill(r, array);
    if (bound > 0 && r.chance(0.9)) for (let i = 0; i < array.length; i++) array[i] = r.below(bound);
    values[p.name] = array;
  }
  for (const p of parameters) if (p.kind === 'LAYOUT') values[p.name] = values[p.name].array;
  return { values, lengths };
}

const isTensorData = (value) => ArrayBuffer.isView(value) && (value instanceof Float32Array || value instanceof Int32Array);

// Spoils one argument.
function spoil(r, { parameters }, values) {
  const p = r.pick(parameters);
  const array = values[p.name];
  if (!isArray(p) && p.kind !== 'LAYOUT') {
    values[p.name] = r.chance(0.7) ? oddNumber(r) : junk(r);
  } else if (!isTensorData(array) || array.byteLength === 0 || r.chance(0.3)) {
    values[p.name] = junk(r);
  } else if (p.kind === 'LAYOUT' && array.length > 0 && r.chance(0.6)) {
    array[r.below(array.length)] = r.pick([0, 1, -1, 2, 9, 1000, 2 ** 31 - 1, -(2 ** 31)]);
  } else {
    const kind = array.constructor;
    const n = array.length;
    const others = parameters.filter((q) => isArray(q) && q !== p).map((q) => values[q.name]);
    values[p.name] = r.pick([
      () => array.subarray(Math.min(1, n)),
      () => array.subarray(r.below(n + 1)),
      () => tight(kind, 0),
      () => shrunk(r, kind, n),
      () => detached(new kind(n)),
      () => (kind === Float32Array ? new Int32Array(n) : new Float32Array(n)),
      () => new Float64Array(n),
      () => (others.length > 0 ? r.pick(others) : array),
      () => (others.length > 0 ? r.pick(others) : array),
      () => (array instanceof Int32Array ? array.map(() => r.pick([-1, 0, 3, 2 ** 31 - 1, -(2 ** 31)])) : array),
    ])();
  }
}

const some = (r, fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && r.chance(0.8)));
const named = (names, index) => (typeof index === 'number' && index >= 0 && index < names.length ? names[index] : index);
const reductionOf = (v) => named(['none', 'mean', 'sum'], v.reduction);
const flag = (value, bit) => (typeof value === 'number' ? (value & bit) !== 0 : value);

// How the public function takes the kernel's arguments, where it is not the kernel itself.
const publicForms = {
  linearForward: (_, v) => [v.y, v.x, v.weight, v.bias, v.rows, v.in_, v.out],
  linearForwardColumns: (r, v) => [
    some(r, { y: v.y, yColumns: v.yColumns }),
    ...(r.chance(0.5) ? [v.x] : [v.xColumns]),
    ...[v.weight, v.bias, v.rows, v.in_, v.out],
    { xColumns: r.chance(0.5) },
  ],
  linearForwardPacked: (_, v) => [v.y, v.x, v.panels, v.bias, v.rows, v.in_, v.out],
  linearBackward: (r, v) => [
    some(r, { dx: v.dx, dweight: v.dweight, dbias: v.dbias }),
    ...[v.dy, v.x, v.weight, v.rows, v.in_, v.out],
    { accumulate: flag(v.accumulate, 1) },
  ],
  linearBackwardColumns: (r, v) => [
    some(r, { dx: v.dx, dxColumns: v.dxColumns, dweight: v.dweight, dbias: v.dbias }),
    ...(r.chance(0.5) ? [v.dy] : [v.dyColumns]),
    ...[v.x, v.weight, v.rows, v.in_, v.out],
    { dyColumns: r.chance(0.5), accumulate: flag(v.accumulate, 1) },
  ],
  matmul: (r, v) => [v.c, v.a, v.b, v.m, v.n, v.k, some(r, { transA: flag(v.transposeA, 1), transB: flag(v.transposeB, 1) })],
  softmaxCrossEntropy: (r, v) => [
    { loss: v.loss, dlogits: v.dlogits },
    ...[v.logits, v.labels, v.rows, v.classes],
    { reduction: reductionOf(v), ...some(r, { weight: v.weight, ignoreIndex: v.ignoreIndex, labelSmoothing: v.labelSmoothing }) },
  ],
  softmaxCrossEntropySoft: (r, v) => [
    { loss: v.loss, dlogits: v.dlogits },
    ...[v.logits, v.target, v.rows, v.classes],
    { reduction: reductionOf(v), ...some(r, { weight: v.weight, labelSmoothing: v.labelSmoothing }) },
  ],
  nllLoss: (r, v) => [
    { loss: v.loss, dx: v.dx },
    ...[v.logProbs, v.labels, v.rows, v.classes],
    { reduction: reductionOf(v), ...some(r, { weight: v.weight, ignoreIndex: v.ignoreIndex }) },
  ],
  mseLoss: (_, v) => [{ loss: v.loss, dx: v.dx }, v.x, v.target, v.n, { reduction: reductionOf(v) }],
  gatherRows: (_, v) => [v.out, v.x, v.index, v.rows, v.columns],
  scatterAddRows: (_, v) => [v.dx, v.dy, v.index, v.rows, v.columns],
  adamStep: (r, v) => [
    ...[v.param, v.m, v.v, v.grad],
    {
      step: v.step,
      maxV: v.maxV,
      ...some(r, { lr: v.lr, beta1: v.beta1, beta2: v.beta2, eps: v.eps, weightDecay: v.weightDecay, decoupled: flag(v.flags, 1) }),
    },
  ],
  sgdStep: (r, v) => [
    ...[v.param, v.momentumBuffer, v.grad],
    some(r, { lr: v.lr, momentum: v.momentum, dampening: v.dampening, weightDecay: v.weightDecay, nesterov: flag(v.flags, 1) }),
  ],
};

// Arguments that the public function derives from others: how much it may write does not follow from the formulas then.
const derivesLengths = new Set(['gatherRows', 'scatterAddRows', 'adamStep', 'sgdStep']);

function layoutCall(r, publicKernels) {
  const rank = r.below(5);
  const operand = () => ({ strides: r.times(rank, () => (r.chance(0.05) ? oddNumber(r) : r.below(12))), offset: r.below(5) });
  const args = [r.times(rank, () => (r.chance(0.05) ? oddNumber(r) : r.below(9))), operand(), operand()];
  if (r.chance(0.2)) args[r.below(3)] = junk(r);
  return { name: 'kernels.layout', args, call: () => publicKernels.layout(...args), verify: () => null };
}

/** One call of a kernel: `raw`, the addon's function, or the public one of the same name. */
export function kernelCall(r, rawKernels, publicKernels) {
  if (r.chance(0.02)) return layoutCall(r, publicKernels);
  const template = r.pick(templates);
  const raw = r.chance(0.5);
  const good = goodArguments(r, template);
  if (good === null) return kernelCall(r, rawKernels, publicKernels);
  const { values, lengths } = good;
  const shortened = r.chance(0.02); // the last argument is left out: options then take their defaults
  const spoilt = r.chance(0.4);
  if (spoilt) for (let i = 0; i <= r.below(2); i++) spoil(r, template, values);

  const witness = new Witness();
  for (const p of template.parameters) {
    const array = values[p.name];
    if (!ArrayBuffer.isView(array)) continue; // a proxy of an array is none
    // With a spoilt size, or a length of the array's own, everything in the array may be written, and nothing beside it.
    const writable = spoilt || shortened || derivesLengths.has(template.name) ? Infinity : lengths.get(p.name);
    witness.watch(array, isOutput(p) ? writable : 0);
  }
  const inOrder = template.parameters.map((p) => values[p.name]);
  const isUnary = /(Forward|Backward)$/.test(template.name) && template.parameters.at(-1).name === 'b' && template.name !== 'linearForward';
  const form = publicForms[template.name] ?? ((_, __, all) => (isUnary && r.chance(0.5) ? all.slice(0, -2) : all));
  const args = raw ? inOrder : form(r, values, inOrder);
  if (shortened) args.pop();
  if (r.chance(0.02)) args.push(junk(r));
  const kernel = (raw ? rawKernels : publicKernels)[template.name];
  return { name: `${raw ? 'addon' : 'kernels'}.${template.name}`, args, call: () => kernel(...args), verify: () => witness.violation() };
}
