// Products of matrices, with what TensorFlow.js lets follow them.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import type { Unary } from '../kernels.generated';
import { numelOf } from '../shape';
import { pairwise } from './elementwise';
import { pooled } from './pool';
import { define } from './registry';
import { type Backend, floatsOf } from './storage';

interface Transposes {
  transposeA: boolean;
  transposeB: boolean;
}

function product(backend: Backend, a: TensorInfo, b: TensorInfo, { transposeA, transposeB }: Transposes): TensorInfo | null {
  const [x, y] = [floatsOf(backend, a), floatsOf(backend, b)];
  const [rank, rankB] = [a.shape.length, b.shape.length];
  const lead = a.shape.slice(0, -2);
  const batch = numelOf(lead);
  if (x === null || y === null || rank < 2 || rank !== rankB || batch !== numelOf(b.shape.slice(0, -2))) return null;
  const [m, k] = transposeA ? [a.shape[rank - 1]!, a.shape[rank - 2]!] : [a.shape[rank - 2]!, a.shape[rank - 1]!];
  const [inner, n] = transposeB ? [b.shape[rank - 1]!, b.shape[rank - 2]!] : [b.shape[rank - 2]!, b.shape[rank - 1]!];
  if (inner !== k || a.shape.some((size, d) => d < rank - 2 && size !== b.shape[d])) return null;
  const c = pooled(batch * m * n);
  if (batch === 1) calls.matmul({ c, a: x, b: y, m, n, k, transposeA, transposeB });
  else calls.batchedMatmul({ c, a: x, b: y, batch, m, n, k, transposeA, transposeB });
  return backend.info(c, [...lead, m, n], 'float32');
}

type Activation = (c: { y: Float32Array; x: Float32Array; n: number }) => void;

/** Those that may follow a product, as kernels of their own. By the same names a product applies them itself. */
const activations: Partial<Record<Unary, Activation>> = {
  relu: calls.reluForward,
  relu6: calls.relu6Forward,
  elu: calls.eluForward,
  sigmoid: calls.sigmoidForward,
};

/** An activation that follows a product: its name, its kernel and its parameter, as the product takes them. Null where it is not for our kernels. */
function activationOf({
  activation,
  leakyreluAlpha,
}: Record<string, unknown>): { name: Unary; kernel: Activation | null; a: number } | null {
  if (activation === 'linear' || activation === null || activation === undefined) return { name: 'none', kernel: null, a: 0 };
  if (activation === 'leakyrelu') {
    const a = (leakyreluAlpha as number | undefined) ?? 0.2;
    return { name: 'leakyRelu', kernel: (c) => calls.leakyReluForward({ ...c, negativeSlope: a }), a };
  }
  const kernel = activations[activation as Unary];
  return kernel === undefined ? null : { name: activation as Unary, kernel, a: activation === 'elu' ? 1 : 0 };
}

function activated(backend: Backend, x: TensorInfo, activation: Activation): TensorInfo {
  const values = floatsOf(backend, x)!;
  const y = pooled(values.length);
  activation({ y, x: values, n: y.length });
  backend.disposeIntermediateTensorInfo(x);
  return backend.info(y, x.shape, 'float32');
}

/** What `product` gives, with the bias and the activation that may follow it; null where these, or it, are not for our kernels. */
export function finished(
  backend: Backend,
  { bias }: Record<string, TensorInfo>,
  attributes: Record<string, unknown>,
  product: () => TensorInfo | null,
): TensorInfo | null {
  const after = activationOf(attributes);
  if (after === null || (bias !== undefined && floatsOf(backend, bias) === null)) return null;
  let result = product();
  if (result === null) return null;
  if (bias !== undefined) {
    const sum = pairwise(backend, result, bias, calls.add)!;
    backend.disposeIntermediateTensorInfo(result);
    result = sum;
  }
  return after.kernel === null ? result : activated(backend, result, after.kernel);
}

const isMatrix = ({ shape }: TensorInfo): boolean => shape.slice(0, -2).every((size) => size === 1);

// The same as one kernel, bit for bit: a product of two matrices as they lie, with a number of the bias for each column. Null where it is none.
function dense(backend: Backend, inputs: Record<string, TensorInfo>, attributes: Record<string, unknown>): TensorInfo | null {
  const [a, b, bias] = [inputs['a']!, inputs['b']!, inputs['bias']];
  if (attributes['transposeA'] || attributes['transposeB'] || a.shape.length < 2 || a.shape.length !== b.shape.length) return null;
  const [x, weight, sums, after] = [floatsOf(backend, a), floatsOf(backend, b), bias && floatsOf(backend, bias), activationOf(attributes)];
  const [rows, inner] = a.shape.slice(-2) as [number, number];
  const [in_, out] = b.shape.slice(-2) as [number, number];
  if (x === null || weight === null || sums === null || after === null || inner !== in_ || !isMatrix(a) || !isMatrix(b)) return null;
  if (bias !== undefined && (bias.shape.at(-1) !== out || sums!.length !== out || bias.shape.length > a.shape.length)) return null;
  const y = pooled(rows * out);
  calls.denseForward({ y, x, weight, bias: sums ?? null, rows, in: in_, out, activation: after.name, a: after.a });
  return backend.info(y, [...a.shape.slice(0, -1), out], 'float32');
}

/** Defines them. */
export function defineProducts(): void {
  define('BatchMatMul', (backend, { a, b }, attributes) => product(backend, a!, b!, attributes as unknown as Transposes));
  define(
    '_FusedMatMul',
    (backend, inputs, attributes) =>
      dense(backend, inputs, attributes) ??
      finished(backend, inputs, attributes, () => product(backend, inputs['a']!, inputs['b']!, attributes as unknown as Transposes)),
  );
}
