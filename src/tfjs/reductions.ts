// Sums, means, maxima and minima over dimensions; softmax and cumulative sums along one.
import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import { allocateInt } from '../memory';
import { flatLayout } from '../ops/broadcast';
import { layoutOf, numelOf, stridesOf } from '../shape';
import { giveBack, pooled } from './pool';
import { define } from './registry';
import { type Backend, floatsOf, intsOf } from './storage';

/** A reduction of x as [outer, n, inner] over n. If the reduced dimensions are not adjacent, this is the shape of x with those dimensions last. */
interface Reduction {
  outer: number;
  n: number;
  inner: number;
  /** The shape of the result. */
  shape: number[];
  axes: number[];
  isAdjacent: boolean;
}

function reductionOf({ shape }: TensorInfo, given: unknown, keepDims: unknown): Reduction {
  const axes = util.parseAxisParam(given as number[], shape).sort((a, b) => a - b);
  const isAdjacent = axes.every((axis, i) => i === 0 || axis === axes[i - 1]! + 1);
  const [first, last] = [axes[0] ?? 0, (axes.at(-1) ?? -1) + 1];
  const [out, reduced] = backend_util.computeOutAndReduceShapes(shape, axes);
  return {
    outer: numelOf(isAdjacent ? shape.slice(0, first) : out),
    n: numelOf(reduced),
    inner: isAdjacent ? numelOf(shape.slice(last)) : 1,
    shape: keepDims === true ? backend_util.expandShapeToKeepDim(out, axes) : out,
    axes,
    isAdjacent,
  };
}

// The values of a tensor with these dimensions moved to the end.
function withAxesLast(x: Float32Array, shape: readonly number[], axes: readonly number[]): Float32Array {
  const order = [...shape.keys()].filter((d) => !axes.includes(d)).concat(axes);
  const sizes = order.map((d) => shape[d]!);
  const strides = stridesOf(shape);
  const out = pooled(x.length);
  const layout = layoutOf('tfjs', sizes, { strides: stridesOf(sizes) }, { strides: order.map((d) => strides[d]!) });
  if (out.length > 0) calls.copyStrided({ out, x, layout });
  return out;
}

function sum(backend: Backend, x: TensorInfo, axis: unknown, keepDims: unknown, mean: boolean): TensorInfo | null {
  const values = floatsOf(backend, x);
  if (values === null) return sumInts(backend, x, axis, keepDims, mean);
  const { outer, n, inner, shape, axes, isAdjacent } = reductionOf(x, axis, keepDims);
  const out = pooled(outer * inner);
  const ordered = isAdjacent ? values : withAxesLast(values, x.shape, axes);
  calls.sum({ out, x: ordered, outer, n, inner, scale: mean ? 1 / n : 1 });
  if (!isAdjacent) giveBack(ordered);
  return backend.info(out, shape, 'float32');
}

// A sum of integers or booleans is int32, a mean float32.
function sumInts(backend: Backend, x: TensorInfo, axis: unknown, keepDims: unknown, mean: boolean): TensorInfo | null {
  const values = intsOf(backend, x);
  if (values === null || values.length === 0) return null;
  if (mean) {
    const floats = pooled(values.length);
    calls.intToFloat({ out: floats, x: values, n: values.length });
    const cast = backend.info(floats, x.shape, 'float32');
    const result = sum(backend, cast, axis, keepDims, true);
    backend.disposeIntermediateTensorInfo(cast);
    return result;
  }
  const { outer, n, inner, shape, isAdjacent } = reductionOf(x, axis, keepDims);
  if (!isAdjacent) return null;
  const out = allocateInt(outer * inner);
  calls.sumInt({ out, x: values, outer, n, inner });
  return backend.info(out, shape, 'int32');
}

// Replaces NaN, because argMax and argMin pass over it.
function replaceNaN(x: Float32Array, replacement: number): Float32Array {
  const n = x.length;
  const [isNumber, others, out] = [allocateInt(n), pooled(n), pooled(n)];
  calls.eq({ out: isNumber, a: x, b: x, layout: flatLayout(n) });
  calls.fill({ out: others, n, value: replacement });
  calls.where({ out, condition: isNumber, a: x, b: others, n });
  giveBack(others);
  return out;
}

interface Extremum {
  floats: typeof calls.max;
  ints: typeof calls.maxInt;
  /** The bound of all numbers, which replaces NaN. */
  bound: number;
}

const largest: Extremum = { floats: calls.max, ints: calls.maxInt, bound: -Infinity };
const smallest: Extremum = { floats: calls.min, ints: calls.minInt, bound: Infinity };

function defineExtremum(
  name: string,
  { floats, ints, bound }: Extremum,
  result: 'values' | 'indices',
  axisName: 'reductionIndices' | 'axis',
): void {
  define(name, (backend, { x }, attributes) => {
    const values = floatsOf(backend, x!);
    const integers = x!.dtype === 'int32' ? intsOf(backend, x!) : null;
    if (values === null && integers === null) return null;
    const { outer, n, inner, shape, isAdjacent } = reductionOf(x!, attributes[axisName], attributes['keepDims']);
    if (!isAdjacent || n === 0) return null;
    if (values === null) {
      const out = { values: allocateInt(outer * inner), indices: allocateInt(outer * inner) };
      ints({ ...out, x: integers!, outer, n, inner });
      return backend.info(out[result], shape, 'int32');
    }
    const ordered = result === 'indices' ? replaceNaN(values, bound) : values;
    const out = { values: pooled(outer * inner), indices: allocateInt(outer * inner) };
    floats({ ...out, x: ordered, outer, n, inner });
    if (ordered !== values) giveBack(ordered);
    return backend.info(out[result], shape, result === 'values' ? 'float32' : 'int32');
  });
}

// Whether any, or all, of the booleans hold: the largest, or the smallest, of 0 and 1.
function defineTruth(name: string, extremum: typeof calls.maxInt): void {
  define(name, (backend, { x }, { axis, keepDims }) => {
    const values = x!.dtype === 'bool' ? intsOf(backend, x!) : null;
    if (values === null) return null;
    const { outer, n, inner, shape, isAdjacent } = reductionOf(x!, axis, keepDims);
    if (!isAdjacent || n === 0) return null;
    const out = { values: allocateInt(outer * inner), indices: allocateInt(outer * inner) };
    extremum({ ...out, x: values, outer, n, inner });
    return backend.info(out.values, shape, 'bool');
  });
}

function softmax(backend: Backend, logits: TensorInfo, axis: number): TensorInfo | null {
  const values = floatsOf(backend, logits);
  const rank = logits.shape.length;
  const classes = logits.shape[rank - 1] ?? 0;
  if (values === null || classes === 0 || (axis !== -1 && axis !== rank - 1)) return null;
  const y = pooled(values.length);
  calls.softmax({ y, x: values, rows: y.length / classes, classes });
  return backend.info(y, logits.shape, 'float32');
}

// Cumulative sums from the first element on, or from the last.
function cumsum(backend: Backend, x: TensorInfo, given: number, exclusive: unknown, reverse: boolean): TensorInfo | null {
  const values = floatsOf(backend, x);
  if (values === null || values.length === 0 || exclusive === true) return null;
  const axis = util.parseAxisParam(given, x.shape)[0]!;
  const [outer, n, inner] = [numelOf(x.shape.slice(0, axis)), x.shape[axis]!, numelOf(x.shape.slice(axis + 1))];
  const out = pooled(values.length);
  calls.cumsum({ out, x: values, outer, n, inner, reverse });
  return backend.info(out, x.shape, 'float32');
}

/** Defines the kernels of reductions. */
export function defineReductions(): void {
  define('Sum', (backend, { x }, { axis, keepDims }) => sum(backend, x!, axis, keepDims, false));
  define('Mean', (backend, { x }, { axis, keepDims }) => sum(backend, x!, axis, keepDims, true));
  defineExtremum('Max', largest, 'values', 'reductionIndices');
  defineExtremum('Min', smallest, 'values', 'axis');
  defineExtremum('ArgMax', largest, 'indices', 'axis');
  defineExtremum('ArgMin', smallest, 'indices', 'axis');
  defineTruth('Any', calls.maxInt);
  defineTruth('All', calls.minInt);
  define('Cumsum', (backend, { x }, { axis, exclusive, reverse }) => cumsum(backend, x!, axis as number, exclusive, reverse === true));
  define('Softmax', (backend, { logits }, { dim }) => softmax(backend, logits!, dim as number));
}
