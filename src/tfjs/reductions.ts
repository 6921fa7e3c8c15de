// Sums, means and extremes over dimensions; softmax and its kin over the last.
import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import { allocateFloat, allocateInt } from '../memory';
import { flatLayout } from '../ops/broadcast';
import { layoutOf, numelOf, stridesOf } from '../shape';
import { giveBack, pooled } from './pool';
import { define } from './registry';
import { type Backend, floatsOf, intsOf } from './storage';

interface Reduced {
  outer: number;
  n: number;
  inner: number;
  shape: number[];
}

// x as [outer, n, inner] over neighbouring dimensions; null where they are none.
function reduced({ shape }: TensorInfo, given: unknown, keepDims: unknown): Reduced | null {
  const axes = util.parseAxisParam(given as number[], shape).sort((a, b) => a - b);
  if (axes.some((axis, i) => i > 0 && axis !== axes[i - 1]! + 1)) return null;
  const [first, last] = [axes[0] ?? 0, (axes.at(-1) ?? -1) + 1];
  const [out, ones] = backend_util.computeOutAndReduceShapes(shape, axes);
  return {
    outer: numelOf(shape.slice(0, first)),
    n: numelOf(ones),
    inner: numelOf(shape.slice(last)),
    shape: keepDims === true ? backend_util.expandShapeToKeepDim(out, axes) : out,
  };
}

// The same with the dimensions that are reduced brought to the end.
function movedLast(backend: Backend, x: TensorInfo, given: unknown): { x: TensorInfo; axes: number[] } {
  const axes = util.parseAxisParam(given as number[], x.shape);
  const order = [...x.shape.keys()].filter((d) => !axes.includes(d)).concat(axes);
  const shape = order.map((d) => x.shape[d]!);
  const strides = stridesOf(x.shape);
  const out = pooled(numelOf(shape));
  const layout = layoutOf('tfjs', shape, { strides: stridesOf(shape) }, { strides: order.map((d) => strides[d]!) });
  if (out.length > 0) calls.copyStrided({ out, x: floatsOf(backend, x)!, layout });
  return { x: backend.info(out, shape, 'float32'), axes: axes.map((_, i) => x.shape.length - axes.length + i) };
}

// Of whole numbers and of booleans: a sum is one of int32, a mean of float32.
function summedWhole(backend: Backend, x: TensorInfo, axis: unknown, keepDims: unknown, mean: boolean): TensorInfo | null {
  const values = intsOf(backend, x);
  if (values === null || values.length === 0) return null;
  if (mean) {
    const floats = allocateFloat(values.length);
    calls.intToFloat({ out: floats, x: values, n: values.length });
    const cast = backend.info(floats, x.shape, 'float32');
    const result = summed(backend, cast, axis, keepDims, true);
    backend.disposeIntermediateTensorInfo(cast);
    return result;
  }
  const place = reduced(x, axis, keepDims);
  if (place === null) return null;
  const { outer, n, inner, shape } = place;
  const out = allocateInt(outer * inner);
  calls.sumInt({ out, x: values, outer, n, inner });
  return backend.info(out, shape, 'int32');
}

function summed(backend: Backend, x: TensorInfo, axis: unknown, keepDims: unknown, mean: boolean): TensorInfo | null {
  const values = floatsOf(backend, x);
  if (values === null) return summedWhole(backend, x, axis, keepDims, mean);
  const place = reduced(x, axis, keepDims);
  if (place === null) {
    const moved = movedLast(backend, x, axis);
    const { outer, n } = reduced(moved.x, moved.axes, false)!;
    const all = util.parseAxisParam(axis as number[], x.shape);
    const shape = x.shape.flatMap((size, d) => (!all.includes(d) ? [size] : keepDims === true ? [1] : []));
    const out = allocateFloat(outer);
    calls.sum({ out, x: floatsOf(backend, moved.x)!, outer, n, inner: 1, scale: mean ? 1 / n : 1 });
    backend.disposeIntermediateTensorInfo(moved.x);
    return backend.info(out, shape, 'float32');
  }
  const { outer, n, inner, shape } = place;
  const out = pooled(outer * inner);
  calls.sum({ out, x: values, outer, n, inner, scale: mean ? 1 / n : 1 });
  return backend.info(out, shape, 'float32');
}

// The place of an extreme is never that of a NaN.
export function withoutNaN(x: Float32Array, instead: number): Float32Array {
  const n = x.length;
  const [isNumber, others, out] = [allocateInt(n), pooled(n), pooled(n)];
  calls.eq({ out: isNumber, a: x, b: x, layout: flatLayout(n) });
  calls.fill({ out: others, n, value: instead });
  calls.where({ out, condition: isNumber, a: x, b: others, n });
  giveBack(others);
  return out;
}

interface Extreme {
  floats: typeof calls.max;
  ints: typeof calls.maxInt;
  /** What no number goes beyond. */
  least: number;
}

const largest: Extreme = { floats: calls.max, ints: calls.maxInt, least: -Infinity };
const smallest: Extreme = { floats: calls.min, ints: calls.minInt, least: Infinity };

function extreme(name: string, { floats, ints, least }: Extreme, gives: 'values' | 'indices', keyed: 'reductionIndices' | 'axis'): void {
  define(name, (backend, { x }, attributes) => {
    const values = floatsOf(backend, x!);
    const wholes = x!.dtype === 'int32' ? intsOf(backend, x!) : null;
    const place = (values ?? wholes) && reduced(x!, attributes[keyed], attributes['keepDims']);
    if (place === null || place.n === 0) return null;
    const { outer, n, inner, shape } = place;
    if (values === null) {
      const out = { values: allocateInt(outer * inner), indices: allocateInt(outer * inner) };
      ints({ ...out, x: wholes!, outer, n, inner });
      return backend.info(out[gives], shape, 'int32');
    }
    const ordered = gives === 'indices' ? withoutNaN(values, least) : values;
    const out = { values: allocateFloat(outer * inner), indices: allocateInt(outer * inner) };
    floats({ ...out, x: ordered, outer, n, inner });
    if (ordered !== values) giveBack(ordered);
    return backend.info(out[gives], shape, gives === 'values' ? 'float32' : 'int32');
  });
}

function overRows(name: string, kernel: typeof calls.softmax, axisName: string): void {
  define(name, (backend, { logits }, attributes) => {
    const values = floatsOf(backend, logits!);
    const rank = logits!.shape.length;
    const axis = attributes[axisName] as number;
    const classes = logits!.shape[rank - 1] ?? 0;
    if (values === null || classes === 0 || (axis !== -1 && axis !== rank - 1)) return null;
    const y = pooled(values.length);
    kernel({ y, x: values, rows: y.length / classes, classes });
    return backend.info(y, logits!.shape, 'float32');
  });
}

// Sums from the first on, or from the last.
function cumulated(backend: Backend, x: TensorInfo, given: number, exclusive: unknown, reverse: boolean): TensorInfo | null {
  const values = floatsOf(backend, x);
  if (values === null || values.length === 0 || exclusive === true) return null;
  const axis = util.parseAxisParam(given, x.shape)[0]!;
  const [outer, n, inner] = [numelOf(x.shape.slice(0, axis)), x.shape[axis]!, numelOf(x.shape.slice(axis + 1))];
  const out = allocateFloat(values.length);
  calls.cumsum({ out, x: values, outer, n, inner, reverse });
  return backend.info(out, x.shape, 'float32');
}

/** Defines them. */
export function defineReductions(): void {
  define('Sum', (backend, { x }, { axis, keepDims }) => summed(backend, x!, axis, keepDims, false));
  define('Mean', (backend, { x }, { axis, keepDims }) => summed(backend, x!, axis, keepDims, true));
  extreme('Max', largest, 'values', 'reductionIndices');
  extreme('Min', smallest, 'values', 'axis');
  extreme('ArgMax', largest, 'indices', 'axis');
  extreme('ArgMin', smallest, 'indices', 'axis');
  define('Cumsum', (backend, { x }, { axis, exclusive, reverse }) => cumulated(backend, x!, axis as number, exclusive, reverse === true));
  overRows('Softmax', calls.softmax, 'dim');
}
