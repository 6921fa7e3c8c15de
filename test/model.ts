// Tensors as a simple float64 model, with which the tests compare operations.
import fc from 'fast-check';
import { Tensor } from '../src/tensor';

/** Numbers in row-major order. */
export interface Model {
  shape: number[];
  data: number[];
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, size) => n * size, 1);

/** The index along each dimension at a flat position. */
export function indexAt(shape: readonly number[], position: number): number[] {
  const index = new Array<number>(shape.length);
  for (let d = shape.length - 1, rest = position; d >= 0; d--) {
    index[d] = rest % shape[d]!;
    rest = Math.floor(rest / shape[d]!);
  }
  return index;
}

/** The model whose elements are those of `at`, by index and by flat position. */
export function build(shape: readonly number[], at: (index: number[], position: number) => number): Model {
  return { shape: [...shape], data: Array.from({ length: sizeOf(shape) }, (_, i) => at(indexAt(shape, i), i)) };
}

/** The element at an index; broadcast dimensions repeat, leading ones may be missing. */
export function get(m: Model, index: readonly number[]): number {
  const own = index.slice(index.length - m.shape.length);
  return m.data[own.reduce((position, i, d) => position * m.shape[d]! + (m.shape[d] === 1 ? 0 : i), 0)]!;
}

export const map = (m: Model, f: (value: number) => number): Model => build(m.shape, (_, i) => f(m.data[i]!));

/** f of two models over the broadcast of their shapes. */
export function zip(a: Model, b: Model, f: (a: number, b: number) => number): Model {
  const rank = Math.max(a.shape.length, b.shape.length);
  const padded = (m: Model): number[] => [...new Array<number>(rank - m.shape.length).fill(1), ...m.shape];
  const [left, right] = [padded(a), padded(b)];
  const shape = left.map((size, d) => (size === 1 ? right[d]! : size));
  return build(shape, (index) => f(get(a, index), get(b, index)));
}

/** f applied to each list of values along dimension `dim`, which gets the size of f's result. */
export function along(m: Model, dim: number, f: (values: number[]) => number[]): Model {
  const without = m.shape.with(dim, 1);
  const lines = build(without, (_, i) => i).data.map((i) => {
    const index = indexAt(without, i);
    return f(Array.from({ length: m.shape[dim]! }, (_, k) => get(m, index.with(dim, k))));
  });
  const size = lines.length > 0 ? lines[0]!.length : 0;
  const strides = without.map((_, d) => sizeOf(without.slice(d + 1)));
  return build(
    m.shape.with(dim, size),
    (index) => lines[index.reduce((p, i, d) => p + (d === dim ? 0 : i * strides[d]!), 0)]![index[dim]!]!,
  );
}

export const total = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0);

/** The model with another shape. */
export const shaped = (m: Model, shape: readonly number[]): Model => ({ shape: [...shape], data: m.data });

export function permuted(m: Model, order: readonly number[]): Model {
  return build(
    order.map((d) => m.shape[d]!),
    (index) => {
      const from = new Array<number>(order.length);
      order.forEach((d, k) => {
        from[d] = index[k]!;
      });
      return get(m, from);
    },
  );
}

/** [..., m, k] times [..., k, n], batches broadcast. */
export function product(a: Model, b: Model): Model {
  const [m, k, n] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!];
  const lead = zip(
    build(a.shape.slice(0, -2), () => 0),
    build(b.shape.slice(0, -2), () => 0),
    () => 0,
  ).shape;
  return build([...lead, m, n], (index) => {
    const [batch, i, j] = [index.slice(0, -2), index.at(-2)!, index.at(-1)!];
    return total(Array.from({ length: k }, (_, l) => get(a, [...batch, i, l]) * get(b, [...batch, l, j])));
  });
}

export function softmax(m: Model, dim: number): Model {
  return along(m, dim, (values) => {
    const most = Math.max(...values);
    const terms = values.map((v) => Math.exp(v - most));
    return terms.map((t) => t / total(terms));
  });
}

export function toTensor(m: Model, requiresGrad = false): Tensor {
  const t = Tensor.fromTypedArray(Float32Array.from(m.data), m.shape);
  return t.requiresGrad_(requiresGrad);
}

/** Reproducible float32 numbers between low and high. */
export function numbers(shape: readonly number[], low = -2, high = 2, seed = 1): Model {
  let state = seed * 2654435761;
  return build(shape, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return Math.fround(low + ((state >>> 8) / 2 ** 24) * (high - low));
  });
}

/** Shapes of up to `maxRank` dimensions, sizes 0 to 5. */
export const shapes = (maxRank = 4, minRank = 0, minSize = 0): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: minSize, max: 5 }), { minLength: minRank, maxLength: maxRank });

/** Models of a shape with float32 numbers, zeros and tiny ones among them. */
export const models = (shape: readonly number[]): fc.Arbitrary<Model> =>
  fc
    .array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: sizeOf(shape), maxLength: sizeOf(shape) })
    .map((data) => ({ shape: [...shape], data }));

/** Two shapes that broadcast. */
export const broadcastable: fc.Arbitrary<[number[], number[]]> = shapes().chain((shape) => {
  const one = fc
    .tuple(fc.integer({ min: 0, max: shape.length }), fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }))
    .map(([from, ones]) => shape.map((size, d) => (ones[d] ? 1 : size)).slice(from));
  return fc.tuple(one, one);
});
