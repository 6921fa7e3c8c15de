// Products of matrices, with a bias and an activation after them.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import type { Unary } from '../kernels.generated';
import { numelOf } from '../shape';
import { pairwise } from './elementwise';
import { pooled } from './pool';
import { define } from './registry';
import { type Backend, floatsOf } from './storage';

interface Transposition {
  transposeA: boolean;
  transposeB: boolean;
}

function product(backend: Backend, a: TensorInfo, b: TensorInfo, { transposeA, transposeB }: Transposition): TensorInfo | null {
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

/** The kernels of the activations that may follow a product. The product kernel knows them by the same names. */
const activations: Partial<Record<Unary, Activation>> = {
  relu: calls.reluForward,
  relu6: calls.relu6Forward,
  elu: calls.eluForward,
  sigmoid: calls.sigmoidForward,
};

/**
 * The activation after a product or a convolution: its name and parameter for the product kernel, and its own kernel, which is null for none. Returns null for activations that
 * we do not have.
 */
export function activationOf({
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

function applyActivation(backend: Backend, x: TensorInfo, activation: Activation): TensorInfo {
  const values = floatsOf(backend, x)!;
  const y = pooled(values.length);
  activation({ y, x: values, n: y.length });
  backend.disposeIntermediateTensorInfo(x);
  return backend.info(y, x.shape, 'float32');
}

/** Applies the bias and the activation to the result of `product`. Returns null if our kernels do not support one of the three. */
export function withBiasAndActivation(
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
  return after.kernel === null ? result : applyActivation(backend, result, after.kernel);
}

const isMatrix = ({ shape }: TensorInfo): boolean => shape.slice(0, -2).every((size) => size === 1);

// Does the same by one kernel, with the same bits, for a product of two matrices without transposes and a bias with a number for each column. Returns null for
// all others.
function fusedMatmul(backend: Backend, inputs: Record<string, TensorInfo>, attributes: Record<string, unknown>): TensorInfo | null {
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

/** Defines the kernels of products. */
export function defineProducts(): void {
  define('BatchMatMul', (backend, { a, b }, attributes) => product(backend, a!, b!, attributes as unknown as Transposition));
  define(
    '_FusedMatMul',
    (backend, inputs, attributes) =>
      fusedMatmul(backend, inputs, attributes) ??
      withBiasAndActivation(backend, inputs, attributes, () =>
        product(backend, inputs['a']!, inputs['b']!, attributes as unknown as Transposition),
      ),
  );
}
