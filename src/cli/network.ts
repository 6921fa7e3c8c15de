// The networks that the command line trains: layers one after another, of numbers that were prepared.
import { data, nn, optim, type Tensor } from '../index';

export const activations = { relu: nn.ReLU, gelu: nn.GELU, silu: nn.SiLU, tanh: nn.Tanh } as const;
export const optimizers = { adamw: optim.AdamW, adam: optim.Adam, sgd: optim.SGD } as const;

/** What is to be known of a network before it is made. */
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

/** What a table's columns go through before a network: gaps filled and numbers scaled, a column of zeros and ones for each text. */
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

/** The rows of a batch where nothing is said: enough to be fast, few enough for steps in a small file. */
export const usualBatch = (rows: number): number => (rows < 4000 ? 32 : rows < 40_000 ? 128 : 512);

/** How many numbers a model has learned. */
export const countParameters = (model: nn.Module): number => model.parameters().reduce((sum, { numel }) => sum + numel, 0);
