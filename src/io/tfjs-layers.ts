// Layers as Keras layers, which tfjs loads: the class, its configuration, its weights.
import {
  BatchNorm1d,
  Dropout,
  ELU,
  Embedding,
  Flatten,
  GELU,
  Identity,
  LayerNorm,
  LeakyReLU,
  Linear,
  LogSoftmax,
  Mish,
  type Module,
  ReLU,
  ReLU6,
  SELU,
  Sequential,
  Sigmoid,
  SiLU,
  Softmax,
  Softplus,
  Softsign,
  Tanh,
} from '../nn';
import type { Tensor } from '../tensor';

/** A weight under its name in tfjs. */
export interface LayerWeight {
  name: string;
  shape: number[];
  values: Float32Array;
}

export interface KerasLayer {
  className: string;
  config: Record<string, unknown>;
  weights: LayerWeight[];
}

type Made = KerasLayer | 'nothing' | { refused: string };

const layer = (className: string, config: Record<string, unknown> = {}, weights: LayerWeight[] = []): KerasLayer => ({
  className,
  config,
  weights,
});
const activation = (name: string): KerasLayer => layer('Activation', { activation: name });
const weight = (name: string, t: Tensor): LayerWeight => ({ name, shape: t.shape.slice(), values: t.floats });

function dense({ weight: w, bias }: Linear): KerasLayer {
  const [out, into] = w.shape as [number, number];
  const kernel = new Float32Array(w.numel);
  for (let o = 0; o < out; o++) for (let i = 0; i < into; i++) kernel[i * out + o] = w.floats[o * into + i]!;
  const weights = [{ name: 'kernel', shape: [into, out], values: kernel }, ...(bias === null ? [] : [weight('bias', bias)])];
  return layer('Dense', { units: out, activation: 'linear', use_bias: bias !== null }, weights);
}

function batchNorm({ eps, weight: gamma, bias: beta, runningMean, runningVar }: BatchNorm1d): Made {
  if (runningMean === null || runningVar === null) return { refused: 'it keeps no running statistics' };
  const affine = [...(gamma === null ? [] : [weight('gamma', gamma)]), ...(beta === null ? [] : [weight('beta', beta)])];
  const config = { axis: -1, epsilon: eps, center: beta !== null, scale: gamma !== null };
  return layer('BatchNormalization', config, [...affine, weight('moving_mean', runningMean), weight('moving_variance', runningVar)]);
}

function layerNorm({ normalizedShape, eps, weight: gamma, bias: beta }: LayerNorm): Made {
  if (normalizedShape.length !== 1) return { refused: 'it normalises over more than one dimension' };
  const affine = [...(gamma === null ? [] : [weight('gamma', gamma)]), ...(beta === null ? [] : [weight('beta', beta)])];
  return layer('LayerNormalization', { axis: -1, epsilon: eps, center: beta !== null, scale: gamma !== null }, affine);
}

const overLast = (dim: number | null | undefined, rank: number): boolean => dim === -1 || dim === rank - 1;

const translations = new Map<unknown, (module: never, rank: number) => Made>([
  [Linear, (m: Linear) => dense(m)],
  [BatchNorm1d, (m: BatchNorm1d, rank: number) => (rank === 2 ? batchNorm(m) : { refused: 'its input has more than two dimensions' })],
  [LayerNorm, (m: LayerNorm) => layerNorm(m)],
  [
    Embedding,
    ({ weight: table }: Embedding) =>
      layer('Embedding', { input_dim: table.shape[0], output_dim: table.shape[1] }, [weight('embeddings', table)]),
  ],
  [
    Flatten,
    ({ startDim, endDim }: Flatten, rank: number) =>
      startDim === 1 && overLast(endDim, rank) ? layer('Flatten') : { refused: 'it does not flatten all but the batch' },
  ],
  [
    Softmax,
    ({ dim }: Softmax, rank: number) => (overLast(dim, rank) ? layer('Softmax', { axis: -1 }) : { refused: 'its dim is not the last' }),
  ],
  [
    LogSoftmax,
    ({ dim }: LogSoftmax, rank: number) => (overLast(dim, rank) ? activation('logSoftmax') : { refused: 'its dim is not the last' }),
  ],
  [GELU, ({ approximate }: GELU) => (approximate === 'none' ? activation('gelu') : { refused: 'tfjs does not load its approximation' })],
  [LeakyReLU, ({ negativeSlope }: LeakyReLU) => layer('LeakyReLU', { alpha: negativeSlope })],
  [ELU, ({ alpha }: ELU) => (alpha === 1 ? layer('ELU', { alpha }) : { refused: 'tfjs knows no alpha but 1' })],
  [
    Softplus,
    ({ beta, threshold }: Softplus) =>
      beta === 1 && threshold === 20 ? activation('softplus') : { refused: 'its beta or threshold is not the default' },
  ],
  ...(
    [
      [ReLU, 'relu'],
      [ReLU6, 'relu6'],
      [SELU, 'selu'],
      [Sigmoid, 'sigmoid'],
      [SiLU, 'swish'],
      [Softsign, 'softsign'],
      [Tanh, 'tanh'],
      [Mish, 'mish'],
    ] as const
  ).map(([kind, name]): [unknown, () => Made] => [kind, () => activation(name)]),
  [Dropout, () => 'nothing'],
  [Identity, () => 'nothing'],
]);

/** The layers of a sequence, including those of nested sequences, with their paths. */
export function sequence(module: Module, path = ''): { path: string; module: Module }[] {
  const isSequence = (module.constructor as unknown) === Sequential; // a derived class may have a forward of its own
  if (!isSequence) return [{ path, module }];
  return module.namedChildren().flatMap(([name, child]) => sequence(child, path === '' ? name : `${path}.${name}`));
}

/** A module as a Keras layer, or null if none does the same; `rank` is the number of dimensions of its input. */
export const layerOf = (module: Module, rank: number): Made | null => translations.get(module.constructor)?.(module as never, rank) ?? null;
