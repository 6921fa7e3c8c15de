// A trained model together with its preprocessing, as modules that can be exported.
import { cat, type data, nn, type Tensor, tensor, where } from '../index';
import type { TrainedModel } from './model-file';
import { categoriesOf } from './predict';

interface Affine {
  fill: number[];
  mean: number[];
  scale: number[];
}

/** The value that replaces missing values in each column of numbers, and the column's scale. */
export function affineOf({ inputs }: TrainedModel): Affine {
  const part = inputs.transformers.find(([name]) => name === 'numbers');
  if (part === undefined) return { fill: [], mean: [], scale: [] };
  const [[, gaps], [, scaler]] = (part[1] as data.Pipeline).steps as unknown as [
    [string, data.SimpleImputer],
    [string, data.StandardScaler],
  ];
  return { fill: gaps.statistics.map(Number), mean: [...scaler.mean], scale: [...scaler.scale] };
}

const row = (values: readonly number[]): Tensor => tensor([[...values]]);

/**
 * From rows as a file has them to probabilities, or to values in the target's own unit. Numbers are float32 `[n, columns]`, with NaN for missing values. Texts
 * are int32 `[n, columns]`: their indices in the lists of categories, or any other number for an unknown text.
 */
export class WholeModel extends nn.Module {
  network: nn.Sequential;
  private readonly affine: { fill: Tensor; mean: Tensor; scale: Tensor } | null;
  private readonly codes: Tensor[];
  private readonly unit: { mean: number; std: number } | null;

  constructor(model: TrainedModel) {
    super();
    this.network = model.network;
    const { fill, mean, scale } = affineOf(model);
    this.affine = fill.length === 0 ? null : { fill: row(fill), mean: row(mean), scale: row(scale) };
    this.codes = model.description.texts.map((name) => tensor([categoriesOf(model, name).map((_, code) => code)], { dtype: 'int32' }));
    this.unit = model.description.scale;
  }

  override forward(...inputs: Tensor[]): Tensor {
    const numbers = this.affine === null ? [] : [this.prepared(inputs[0]!, this.affine)];
    const texts = this.codes.map((codes, c) => inputs.at(-1)!.narrow(1, c, 1).eq(codes).float());
    const parts = [...numbers, ...texts];
    const outputs = this.network.forward(parts.length === 1 ? parts[0]! : cat(parts, 1));
    return this.unit === null ? outputs.softmax(1) : outputs.mul(this.unit.std).add(this.unit.mean);
  }

  private prepared(x: Tensor, { fill, mean, scale }: { fill: Tensor; mean: Tensor; scale: Tensor }): Tensor {
    return where(x.isnan(), fill, x).sub(mean).div(scale);
  }
}

/** The same as a sequence of layers, for rows whose texts are one-hot encoded already: the scales are folded into the first and the last layer. */
export function layersOf(model: TrainedModel): nn.Sequential {
  const { mean, scale } = affineOf(model);
  const network = model.network.clone();
  const linear = [...network].filter((layer) => layer instanceof nn.Linear);
  const [first, last] = [linear[0]!, linear.at(-1)!];
  const [weight, bias] = [first.weight, first.bias!];
  const width = weight.shape[1]!;
  const weights = Float64Array.from(weight.data);
  const offsets = Float64Array.from(bias.data);
  for (let out = 0; out < bias.numel; out++) {
    for (let c = 0; c < scale.length; c++) {
      weights[out * width + c]! /= scale[c]!;
      offsets[out]! -= weights[out * width + c]! * mean[c]!;
    }
  }
  write(weight, weights);
  write(bias, offsets);
  const unit = model.description.scale;
  if (unit === null) return new nn.Sequential(...network, new nn.Softmax({ dim: 1 }));
  write(
    last.weight,
    Float64Array.from(last.weight.data, (value) => value * unit.std),
  );
  write(
    last.bias!,
    Float64Array.from(last.bias!.data, (value) => value * unit.std + unit.mean),
  );
  return network;
}

const write = (t: Tensor, values: Float64Array): void => (t.data as Float32Array).set(values);
