// Shared by the tests of training: data, models, and the loop that a fit must equal.
import { createHash } from 'node:crypto';
import { data, nn, noGrad, type optim, randn, type Tensor, tensor } from '../../src';

export const quiet = { progress: false } as const;

/** Rows with labels. */
export function students(rows: number, features = 13, labels = 5): data.TensorDataset<[Tensor, Tensor]> {
  return new data.TensorDataset(randn([rows, features]), tensor(Int32Array.from({ length: rows }, (_, i) => (i * 7) % labels)));
}

/** The rows of two tensors as a user's own dataset, whose batches JavaScript makes. */
export class OwnRows extends data.Dataset<[Tensor, Tensor]> {
  constructor(
    private readonly x: Tensor,
    private readonly y: Tensor,
  ) {
    super();
  }
  get length(): number {
    return this.x.shape[0]!;
  }
  get(i: number): [Tensor, Tensor] {
    return [this.x.select(0, i), this.y.select(0, i)];
  }
}

/** 1 if the product of the two features is positive. */
export const classes = (x: Tensor): Tensor =>
  noGrad(() =>
    x
      .narrow(1, 0, 1)
      .mul(x.narrow(1, 1, 1))
      .gt(0)
      .reshape([x.shape[0]!]),
  );

/** Linear layers with ReLU between them, and dropout after the first. */
export function makeModel(widths: number[], { dropout = 0 } = {}): nn.Sequential {
  const layers: nn.Layer[] = [];
  for (let i = 1; i < widths.length; i++) {
    layers.push(new nn.Linear(widths[i - 1]!, widths[i]!));
    if (i + 1 < widths.length) layers.push(new nn.ReLU());
    if (i === 1 && dropout > 0) layers.push(new nn.Dropout(dropout));
  }
  return new nn.Sequential(...layers);
}

export interface FitRun {
  model: nn.Sequential;
  criterion: { forward(output: Tensor, target: Tensor): Tensor };
  optimizer: optim.Adam | optim.AdamW | optim.SGD;
  loader: Iterable<Tensor[]> & { length: number };
  epochs: number;
}

/** One training step. */
export function eagerStep({ model, criterion, optimizer }: FitRun, [x, y]: readonly Tensor[]): number {
  optimizer.zeroGrad();
  const loss = criterion.forward(model.forward(x!), y!);
  loss.backward();
  optimizer.step();
  return loss.item();
}

/** The loop; returns the mean loss of each epoch. */
export function eagerFit(run: FitRun, afterEpoch: (epoch: number) => void = () => {}): number[] {
  return Array.from({ length: run.epochs }, (_, e) => {
    let total = 0;
    for (const batch of run.loader) total += eagerStep(run, batch);
    const loss = total / run.loader.length;
    afterEpoch(e + 1);
    return loss;
  });
}

/** The loss over a loader's rows, in evaluation mode, as one batch of all rows would have it. */
export function eagerEvaluate(model: nn.Module, loader: Iterable<Tensor[]>, criterion: FitRun['criterion']): number {
  const { training } = model;
  model.eval();
  let [total, rows] = [0, 0];
  for (const [x, y] of loader) {
    const output = noGrad(() => (model as nn.Sequential).forward(x!));
    total += x!.shape[0]! * noGrad(() => criterion.forward(output, y!)).item();
    rows += x!.shape[0]!;
  }
  model.train(training);
  return total / rows;
}

/** A hash of the bits of a tensor. */
export const digest = (t: Tensor): string => createHash('sha1').update(new Uint8Array(t.data.slice().buffer)).digest('hex');

/** A hash of an optimizer's state. */
export const stateOf = (optimizer: FitRun['optimizer']): unknown =>
  Object.values(optimizer.stateDict().state).map((entries) =>
    Object.entries(entries).map(([key, value]) => [key, value === null ? null : digest(value as Tensor)]),
  );

/** A hash of the bits of all parameters. */
export const bitsOf = (model: nn.Module): string[] => model.parameters().map(digest);
