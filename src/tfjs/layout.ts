// Kernels that copy, select or create values without arithmetic: transposes, slices, concatenation, gathers, fills, casts.
import { backend_util, slice_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { isRangeError } from '../brands';
import * as calls from '../calls.generated';
import { allocateInt, type TensorData } from '../memory';
import { repeatStrides } from '../ops/broadcast';
import { layoutOf, numelOf, type Strided, stridesOf } from '../shape';
import { pooled } from './pool';
import { define } from './registry';
import { arrayOf, type Backend, type DataType, floatsOf, intsOf } from './storage';

const allocate = (dtype: DataType, n: number): TensorData => (dtype === 'float32' ? pooled(n) : allocateInt(n));

// Copies an array of shape `sizes` from its places in x to its places in out.
function copyStrided(out: TensorData, x: TensorData, sizes: readonly number[], to: Strided, from: Strided): void {
  if (numelOf(sizes) > 0) calls.copyStrided({ out, x, layout: layoutOf('tfjs', sizes, to, from) });
}

function strided(backend: Backend, x: TensorInfo, shape: readonly number[], from: Strided): TensorInfo | null {
  const values = arrayOf(backend, x);
  if (values === null) return null;
  const out = allocate(x.dtype, numelOf(shape));
  copyStrided(out, values, shape, { strides: stridesOf(shape) }, from);
  return backend.info(out, shape, x.dtype);
}

function transpose(backend: Backend, x: TensorInfo, order: readonly number[]): TensorInfo | null {
  if (new Set(order).size < x.shape.length) return null; // not a permutation: the cpu backend returns a result for it too
  const strides = stridesOf(x.shape);
  return strided(
    backend,
    x,
    order.map((d) => x.shape[d]!),
    { strides: order.map((d) => strides[d]!) },
  );
}

function slice(backend: Backend, x: TensorInfo, begin: number[], size: number[]): TensorInfo | null {
  const [first, sizes] = slice_util.parseSliceParams(x as never, begin, size) as [number[], number[]];
  slice_util.assertParamsValid(x as never, first, sizes);
  const strides = stridesOf(x.shape);
  return strided(backend, x, sizes, { strides, offset: first.reduce((offset, at, d) => offset + at * strides[d]!, 0) });
}

function split(backend: Backend, x: TensorInfo, given: number | number[], along: number): TensorInfo[] | null {
  if (arrayOf(backend, x) === null) return null;
  const axis = util.parseAxisParam(along, x.shape)[0]!;
  let at = 0;
  return backend_util.prepareSplitSize(x as never, given, axis).map((size) => {
    const [begin, sizes] = [x.shape.map(() => 0), x.shape.slice()];
    [begin[axis], sizes[axis]] = [at, size];
    at += size;
    return slice(backend, x, begin, sizes)!;
  });
}

// The parts of x along an axis, which they no longer have.
function unpack(backend: Backend, x: TensorInfo, along: number): TensorInfo[] | null {
  const axis = util.parseAxisParam(along, x.shape)[0]!;
  const parts = x.shape[axis] === 0 ? null : split(backend, x, x.shape[axis]!, axis);
  return parts?.map((part) => ({ ...part, shape: x.shape.toSpliced(axis, 1) })) ?? null;
}

function pad(backend: Backend, x: TensorInfo, around: readonly [number, number][], value: number): TensorInfo | null {
  const values = floatsOf(backend, x);
  if (values === null || around.flat().some((n) => n < 0)) return null;
  const shape = x.shape.map((size, d) => size + around[d]![0] + around[d]![1]);
  const strides = stridesOf(shape);
  const out = pooled(numelOf(shape));
  calls.fill({ out, n: out.length, value });
  const offset = around.reduce((sum, [before], d) => sum + before * strides[d]!, 0);
  copyStrided(out, values, x.shape, { strides, offset }, { strides: stridesOf(x.shape) });
  return backend.info(out, shape, 'float32');
}

// Reverses the order along one axis, by a gather.
function reverse(backend: Backend, x: TensorInfo, dims: number | number[]): TensorInfo | null {
  const axes = util.parseAxisParam(dims, x.shape);
  if (axes.length !== 1 || numelOf(x.shape) === 0 || arrayOf(backend, x) === null) return null;
  const n = x.shape[axes[0]!]!;
  const [filled, places, out] = [allocateInt(n), allocateInt(n), allocateInt(n)];
  calls.fillInt({ out: filled, n, value: 1 });
  calls.cumsumInt({ out: places, x: filled, outer: 1, n, inner: 1 }); // the numbers from 1 to n
  calls.fillInt({ out: filled, n, value: n });
  calls.subInt({ out, a: filled, b: places, layout: layoutOf('tfjs', [n], { strides: [1] }, { strides: [1] }) });
  const index = backend.info(out, [n], 'int32');
  const reversed = gather(backend, x, index, axes[0]!);
  backend.disposeIntermediateTensorInfo(index);
  return reversed;
}

function concat(backend: Backend, xs: readonly TensorInfo[], given: number): TensorInfo | null {
  const axis = util.parseAxisParam(given, xs[0]!.shape)[0]!;
  const arrays = xs.map((x) => arrayOf(backend, x));
  const fits = ({ dtype, shape }: TensorInfo): boolean =>
    dtype === xs[0]!.dtype && shape.length === xs[0]!.shape.length && shape.every((size, d) => d === axis || size === xs[0]!.shape[d]);
  if (arrays.includes(null) || !xs.every(fits)) return null;
  const shape = xs[0]!.shape.map((size, d) => (d === axis ? xs.reduce((sum, x) => sum + x.shape[d]!, 0) : size));
  const out = allocate(xs[0]!.dtype, numelOf(shape));
  const strides = stridesOf(shape);
  let offset = 0;
  for (const [i, x] of xs.entries()) {
    copyStrided(out, arrays[i]!, x.shape, { strides, offset }, { strides: stridesOf(x.shape) });
    offset += x.shape[axis]! * strides[axis]!;
  }
  return backend.info(out, shape, xs[0]!.dtype);
}

function gather(backend: Backend, x: TensorInfo, indices: TensorInfo, given: number): TensorInfo | null {
  const [values, index] = [arrayOf(backend, x), intsOf(backend, indices)];
  const axis = util.parseAxisParam(given, x.shape)[0]!;
  if (values === null || index === null || indices.dtype !== 'int32') return null;
  const [outer, rows, columns] = [numelOf(x.shape.slice(0, axis)), x.shape[axis]!, numelOf(x.shape.slice(axis + 1))];
  const out = allocate(x.dtype, outer * index.length * columns);
  try {
    calls.gatherRows({ out, x: values, index, outer, rows, columns, count: index.length });
  } catch (error) {
    if (isRangeError(error)) return null; // an index is out of range: the cpu backend throws the error of TensorFlow.js
    throw error;
  }
  return backend.info(out, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)], x.dtype);
}

function filled(backend: Backend, shape: readonly number[], value: number, dtype: DataType): TensorInfo {
  const n = numelOf(shape);
  if (dtype === 'float32') {
    const out = pooled(n);
    calls.fill({ out, n, value });
    return backend.info(out, shape, dtype);
  }
  const out = allocateInt(n);
  calls.fillInt({ out, n, value });
  return backend.info(out, shape, dtype);
}

// Row i has 1 in the column that index i names, if that column exists, and 0 elsewhere.
function oneHot(backend: Backend, indices: TensorInfo, depth: number, dtype: DataType): TensorInfo | null {
  const index = intsOf(backend, indices);
  if (index === null || indices.dtype !== 'int32' || index.length === 0 || depth === 0) return null;
  const n = index.length * depth;
  const [ones, places, out] = [allocateInt(depth), allocateInt(depth), allocateInt(n)];
  calls.fillInt({ out: ones, n: depth, value: 1 });
  calls.cumsumInt({ out: places, x: ones, outer: 1, n: depth, inner: 1 }); // the numbers from 1 to depth
  const next = allocateInt(index.length);
  calls.addInt({ out: next, a: index, b: ones, layout: layoutOf('tfjs', [next.length], { strides: [1] }, { strides: [0] }) });
  const layout = layoutOf('tfjs', [next.length, depth], { strides: [1, 0] }, { strides: [0, 1] });
  calls.eqInt({ out, a: next, b: places, layout });
  const hot = backend.info(out, [...indices.shape, depth], 'int32');
  if (dtype !== 'float32') return { ...hot, dtype };
  const floats = cast(backend, hot, 'float32')!;
  backend.disposeIntermediateTensorInfo(hot);
  return floats;
}

function cast(backend: Backend, x: TensorInfo, dtype: DataType): TensorInfo | null {
  const [floats, ints] = [floatsOf(backend, x), intsOf(backend, x)];
  const n = numelOf(x.shape);
  if (ints !== null && dtype === 'float32') {
    const out = pooled(n);
    calls.intToFloat({ out, x: ints, n });
    return backend.info(out, x.shape, dtype);
  }
  if (floats !== null && dtype === 'int32') {
    const out = allocateInt(n);
    calls.floatToInt({ out, x: floats, n });
    return backend.info(out, x.shape, dtype);
  }
  if (ints !== null && x.dtype === 'bool' && dtype === 'int32') {
    const copied = strided(backend, x, x.shape, { strides: stridesOf(x.shape) })!;
    return { ...copied, dtype };
  }
  return null;
}

// Sums the rows that have the same segment id.
function segmentSum(backend: Backend, x: TensorInfo, ids: TensorInfo, count: number): TensorInfo | null {
  const [dy, index] = [floatsOf(backend, x), intsOf(backend, ids)];
  if (dy === null || index === null || ids.shape.length !== 1 || index.length !== x.shape[0]) return null;
  const shape = [count, ...x.shape.slice(1)];
  const dx = pooled(numelOf(shape));
  calls.fill({ out: dx, n: dx.length, value: 0 });
  try {
    calls.scatterAddRows({ dx, dy, index, outer: 1, rows: count, columns: numelOf(x.shape.slice(1)), count: index.length });
  } catch (error) {
    if (isRangeError(error)) return null; // an id is out of range: the cpu backend skips its rows
    throw error;
  }
  return backend.info(dx, shape, 'float32');
}

function defineFills(): void {
  define('Fill', (backend, _, { shape, value, dtype }) => {
    const type = (dtype ?? (typeof value === 'number' ? 'float32' : 'string')) as DataType;
    const whole = type === 'int32' && Number.isInteger(value) && Math.abs(value as number) < 2 ** 31;
    return typeof value === 'number' && (type === 'float32' || whole) ? filled(backend, shape as number[], value, type) : null;
  });
  for (const [name, value] of [
    ['ZerosLike', 0],
    ['OnesLike', 1],
  ] as const) {
    define(name, (backend, { x }) => (x!.dtype === 'float32' || x!.dtype === 'int32' ? filled(backend, x!.shape, value, x!.dtype) : null));
  }
  define('Tile', (backend, { x }, { reps }) => {
    const times = reps as number[];
    if (times.length > 4) return null; // a layout has at most eight dimensions, and each repetition adds one
    const between = x!.shape.flatMap((size, d) => [times[d]!, size]);
    const strides = stridesOf(x!.shape).flatMap((stride) => [0, stride]);
    const tiled = strided(backend, x!, between, { strides });
    return tiled && { ...tiled, shape: x!.shape.map((size, d) => size * times[d]!) };
  });
  define('BroadcastTo', (backend, { x }, { shape }) =>
    strided(backend, x!, shape as number[], { strides: repeatStrides(x!.shape, shape as number[]) }),
  );
}

/** Defines these kernels. */
export function defineLayout(): void {
  define('Transpose', (backend, { x }, { perm }) => transpose(backend, x!, perm as number[]));
  define('Slice', (backend, { x }, { begin, size }) => slice(backend, x!, begin as number[], size as number[]));
  define('SplitV', (backend, { x }, { numOrSizeSplits, axis }) => split(backend, x!, numOrSizeSplits as number | number[], axis as number));
  define('Unpack', (backend, { value }, { axis }) => unpack(backend, value!, axis as number));
  define('PadV2', (backend, { x }, { paddings, constantValue }) =>
    pad(backend, x!, paddings as [number, number][], constantValue as number),
  );
  define('Reverse', (backend, { x }, { dims }) => reverse(backend, x!, dims as number));
  define('Concat', (backend, inputs, { axis }) => concat(backend, Object.values(inputs), axis as number));
  define('GatherV2', (backend, { x, indices }, { axis, batchDims }) => (batchDims ? null : gather(backend, x!, indices!, axis as number)));
  define('Cast', (backend, { x }, { dtype }) => cast(backend, x!, dtype as DataType));
  define('OneHot', (backend, { indices }, { depth, onValue, offValue, dtype }) =>
    onValue === 1 && offValue === 0 ? oneHot(backend, indices!, depth as number, dtype as DataType) : null,
  );
  define('UnsortedSegmentSum', (backend, { x, segmentIds }, { numSegments }) =>
    segmentSum(backend, x!, segmentIds!, numSegments as number),
  );
  define('Pack', (backend, inputs, { axis }) => {
    const xs = Object.values(inputs);
    const at = util.parseAxisParam(axis as number, [...xs[0]!.shape, 1])[0]!;
    const widened = xs.map((x) => ({ ...x, shape: [...x.shape.slice(0, at), 1, ...x.shape.slice(at)] }));
    return xs.some((x) => util.arraysEqual(x.shape, xs[0]!.shape) === false) ? null : concat(backend, widened, at);
  });
  defineFills();
}
