// Products of matrices, with what TensorFlow.js lets follow them.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import { allocateFloat } from '../memory';
import { numelOf } from '../shape';
import { pairwise } from './elementwise';
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
  const c = allocateFloat(batch * m * n);
  if (batch === 1) calls.matmul({ c, a: x, b: y, m, n, k, transposeA, transposeB });
  else calls.batchedMatmul({ c, a: x, b: y, batch, m, n, k, transposeA, transposeB });
  return backend.info(c, [...lead, m, n], 'float32');
}

type InPlace = (c: { y: Float32Array; x: Float32Array; n: number }) => void;

const activations: Record<string, InPlace> = {
  relu: calls.reluForward,
  relu6: calls.relu6Forward,
  elu: calls.eluForward,
  sigmoid: calls.sigmoidForward,
};

function activated(backend: Backend, x: TensorInfo, activation: InPlace): TensorInfo {
  const values = floatsOf(backend, x)!;
  const y = allocateFloat(values.length);
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
  const { activation, leakyreluAlpha } = attributes as { activation: string | null; leakyreluAlpha?: number };
  const after =
    activation === 'leakyrelu'
      ? (c: Parameters<InPlace>[0]) => calls.leakyReluForward({ ...c, negativeSlope: leakyreluAlpha ?? 0.2 })
      : activations[activation ?? ''];
  if (after === undefined && activation !== 'linear' && activation !== null && activation !== undefined) return null;
  if (bias !== undefined && floatsOf(backend, bias) === null) return null;
  let result = product();
  if (result === null) return null;
  if (bias !== undefined) {
    const sum = pairwise(backend, result, bias, calls.add)!;
    backend.disposeIntermediateTensorInfo(result);
    result = sum;
  }
  return after === undefined ? result : activated(backend, result, after);
}

/** Defines them. */
export function defineProducts(): void {
  define('BatchMatMul', (backend, { a, b }, attributes) => product(backend, a!, b!, attributes as unknown as Transposes));
  define('_FusedMatMul', (backend, inputs, attributes) =>
    finished(backend, inputs, attributes, () => product(backend, inputs['a']!, inputs['b']!, attributes as unknown as Transposes)),
  );
}
