// The networks that the command line trains: sequences of layers for preprocessed numbers.
import { data, nn, optim, type Tensor } from '../index';

export const activations = { relu: nn.ReLU, gelu: nn.GELU, silu: nn.SiLU, tanh: nn.Tanh } as const;
export const optimizers = { adamw: optim.AdamW, adam: optim.Adam, sgd: optim.SGD } as const;

/** The options of a network. */
export interface NetworkOptions {
  hidden: readonly number[];
  activation: keyof typeof activations;
  dropout: number;
}

/** A multilayer perceptron; without hidden layers a linear model. */
export function makeNetwork(inputs: number, outputs: number, { hidden, activation, dropout }: NetworkOptions): nn.Sequential {
  const layers: (nn.Module & { forward(x: Tensor): Tensor })[] = [];
  let width = inputs;
  for (const size of hidden) {
    layers.push(new nn.Linear(width, size), new activations[activation]());
    if (dropout > 0) layers.push(new nn.Dropout(dropout));
    width = size;
  }
  layers.push(new nn.Linear(width, outputs));
  return new nn.Sequential(...layers);
}

/** The preprocessing of a table's columns: missing values are filled in, numbers scaled, and texts one-hot encoded. */
export function makeInputs(numbers: readonly string[], texts: readonly string[]): data.ColumnTransformer {
  const parts: data.Part[] = [];
  const filled = [
    ['gaps', new data.SimpleImputer({ strategy: 'median' })],
    ['scale', new data.StandardScaler()],
  ] as const;
  if (numbers.length > 0) parts.push(['numbers', new data.Pipeline(filled), numbers]);
  if (texts.length > 0) parts.push(['texts', new data.OneHotEncoder({ handleUnknown: 'ignore' }), texts]);
  return new data.ColumnTransformer(parts);
}

/** The default batch size: large enough to be fast, small enough for several steps an epoch in a small file. */
export const usualBatch = (rows: number): number => (rows < 4000 ? 32 : rows < 40_000 ? 128 : 512);

/** The number of learned parameters of a model. */
export const countParameters = (model: nn.Module): number => model.parameters().reduce((sum, { numel }) => sum + numel, 0);
