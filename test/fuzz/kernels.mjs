// Calls of the addon's kernels and of the public `simdnn/kernels`, generated from their descriptions; most are valid.
import { enumerations, lengths, kernels as list } from '../../native/descriptions/index.mjs';
import { camel, parametersOf } from '../../scripts/kernels/text.mjs';
import { detached, fill, junk, memory, oddNumber, shrunk, tight, Witness } from './values.mjs';

const sizes = [0, 1, 1, 2, 2, 3, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65];
const mostElements = 30_000;

const roundUp = (n, to) => Math.ceil(n / to) * to;
const reduced = (n, reduction) => (reduction === 0 ? n : 1);
// `in` is a keyword of JavaScript.
const formulaOf = (formula, names, functions) =>
  new Function(
    ...names.map((name) => (name === 'in' ? 'in_' : name)),
    ...Object.keys(functions),
    `return ${formula.replace(/\bin\b/g, 'in_')};`,
  );
const known = Object.entries(lengths).map(([name, { parameters, formula }]) => {
  const length = formulaOf(formula, parameters, { roundUp });
  return [name, (...sizes) => length(...sizes, roundUp)];
});
const functions = { reduced, ...Object.fromEntries(known) };

// Maps names to sizes and arrays. A length is a function of the call's arguments by name.
const templates = list.map((description) => {
  const parameters = parametersOf(description);
  const names = parameters.map(({ name }) => name);
  return {
    name: camel(description.name),
    description,
    parameters: parameters.map((p) => {
      if (p.kind !== 'array') return { ...p, name: camel(p.name) };
      const length = formulaOf(p.length, names, functions);
      return {
        ...p,
        name: camel(p.name),
        formula: (values) => length(...names.map((name) => values[camel(name)]), ...Object.values(functions)),
      };
    }),
  };
});

const kindOf = (type) => (type === 'int32' ? Int32Array : Float32Array);
const isArray = (p) => p.kind === 'array';
const isOutput = (p) => p.role === 'out' || p.role === 'inout';

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

function scalar(r, p) {
  if (p.kind === 'size') return r.pick(sizes);
  if (p.kind === 'real') return r.chance(0.1) ? oddNumber(r) : r.pick([0, 0.1, 0.5, 0.9, 1, 2]);
  if (p.kind === 'counter') return r.chance(0.1) ? r.pick([2 ** 53 - 1, 2 ** 52, 2 ** 32]) : r.below(1000);
  if (p.kind === 'integer') return r.below(9) - 2;
  const count = p.kind === 'flags' ? 1 << p.flags.length : enumerations[p.enumeration].values.length;
  return r.chance(0.05) ? r.pick([-1, count, 100, 2 ** 31 - 1, -(2 ** 31)]) : r.below(count);
}

// Consistent arguments by name: scalars first, then arrays with the lengths of the formulas or a little longer.
function goodArguments(r, { parameters }) {
  const values = {};
  for (const p of parameters) {
    if (p.kind === 'layout') values[p.name] = randomLayout(r);
    else if (!isArray(p)) values[p.name] = scalar(r, p);
  }
  const any = r.chance(0.5) ? Float32Array : Int32Array;
  const lengths = new Map();
  for (const p of parameters.filter(isArray)) {
    const n = p.formula(values);
    if (n > mostElements) return null;
    lengths.set(p.name, n);
    if (p.optional && r.chance(0.4)) {
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
  for (const p of parameters) if (p.kind === 'layout') values[p.name] = values[p.name].array;
  return { values, lengths };
}

const isTensorData = (value) => ArrayBuffer.isView(value) && (value instanceof Float32Array || value instanceof Int32Array);

// Makes one argument invalid.
function spoil(r, { parameters }, values) {
  const p = r.pick(parameters);
  const array = values[p.name];
  if (!isArray(p) && p.kind !== 'layout') {
    values[p.name] = r.chance(0.7) ? oddNumber(r) : junk(r);
  } else if (!isTensorData(array) || array.byteLength === 0 || r.chance(0.3)) {
    values[p.name] = junk(r);
  } else if (p.kind === 'layout' && array.length > 0 && r.chance(0.6)) {
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

const named = (names, index) => (typeof index === 'number' && index >= 0 && index < names.length ? names[index] : index);
const bit = (value, at) => (typeof value === 'number' ? ((value >> at) & 1) === 1 : value);

// An attribute in the form that the public function takes: by its name, or its flag.
function publicValue(p, flags, values) {
  if (p.kind === 'choice') return named(enumerations[p.enumeration].values.map(camel), values[camel(p.name)]);
  return p.kind === 'flag' ? bit(values.flags, flags.indexOf(p)) : values[camel(p.name)];
}

// The arguments of the public function that is generated from a description; properties of its objects are sometimes omitted.
function publicForm(r, k, values) {
  const all = [...k.operands, ...k.attributes];
  const flags = k.attributes.filter(({ kind }) => kind === 'flag');
  const object = (names) =>
    Object.fromEntries(
      names.flatMap((name) => {
        const p = all.find((q) => q.name === name) ?? flags.find(({ set }) => set === name);
        const value = publicValue(p, flags, values);
        const isLeftOut = p.kind !== 'choice' && r.chance(0.2); // lengths depend on choices
        return value === undefined || isLeftOut ? [] : [[p.as ?? (p.set && k.sets ? name : camel(name)), value]];
      }),
    );
  const [results, options] = [k.results?.slice(2) ?? [], k.options?.slice(2) ?? []];
  const inObjects = [...results, ...options];
  const defaults = k.attributes.some(({ fallback }) => fallback !== undefined) && r.chance(0.3); // arguments at the end are omitted
  return [
    ...(k.results ? [object(results)] : []),
    ...k.operands.filter(({ name }) => !inObjects.includes(name)).map(({ name }) => values[camel(name)]),
    ...k.sizes
      .map((size) => size.name ?? size)
      .filter((size) => !(size in k.derived))
      .map((size) => values[camel(size)]),
    ...k.attributes
      .filter((p) => !p.internal && !inObjects.includes(p.name) && !(p.set && k.sets) && !(defaults && p.fallback !== undefined))
      .map((p) => publicValue(p, flags, values)),
    ...(k.options ? [object(options)] : []),
  ];
}

const some = (r, fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && r.chance(0.8)));
const reductionOf = (v) => named(enumerations.Reduction.values, v.reduction);

// The public functions that are written by hand.
const handWritten = {
  linearForwardColumns: (r, v) => [
    some(r, { y: v.y, yColumns: v.yColumns }),
    ...(r.chance(0.5) ? [v.x] : [v.xColumns]),
    ...[v.weight, v.bias, v.rows, v.in, v.out],
    { xColumns: r.chance(0.5) },
  ],
  linearBackwardColumns: (r, v) => [
    some(r, { dx: v.dx, dxColumns: v.dxColumns, dweight: v.dweight, dbias: v.dbias }),
    ...(r.chance(0.5) ? [v.dy] : [v.dyColumns]),
    ...[v.x, v.weight, v.rows, v.in, v.out],
    { dyColumns: r.chance(0.5), accumulate: bit(v.flags, 0) },
  ],
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
};

// For sizes that the public function computes: the formulas do not say how much it may write then.
const derivesLengths = ({ description }) => Object.keys(description.derived).length > 0;

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
  const shortened = r.chance(0.02); // the last argument is omitted, so that options have their defaults
  const spoilt = r.chance(0.4);
  if (spoilt) for (let i = 0; i <= r.below(2); i++) spoil(r, template, values);

  const witness = new Witness();
  for (const p of template.parameters) {
    const array = values[p.name];
    if (!ArrayBuffer.isView(array)) continue; // a proxy of an array is not one
    // With an invalid size, or a length of the array's own, anything in the array may be written, but nothing next to it.
    const writable = spoilt || shortened || derivesLengths(template) ? Infinity : lengths.get(p.name);
    witness.watch(array, isOutput(p) ? writable : 0);
  }
  const inOrder = template.parameters.map((p) => values[p.name]);
  const form = handWritten[template.name] ?? ((_, v) => publicForm(r, template.description, v));
  const args = raw ? inOrder : form(r, values);
  if (shortened) args.pop();
  if (r.chance(0.02)) args.push(junk(r));
  const kernel = (raw ? rawKernels : publicKernels)[template.name];
  return { name: `${raw ? 'addon' : 'kernels'}.${template.name}`, args, call: () => kernel(...args), verify: () => witness.violation() };
}
