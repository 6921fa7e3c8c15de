// The classifier of service.ts: it collects rows of numbers with classes, trains one fit at a time, and predicts at any time.
import { data, metrics, nn, optim, type Tensor, tensor, train } from 'simdnn';

/** The progress of a fit. `loss` and `accuracy` are those of the last complete epoch. */
export interface Fit {
  id: number;
  state: 'running' | 'done' | 'cancelled' | 'failed';
  epoch: number;
  epochs: number;
  loss: number | null;
  accuracy: number | null;
  error?: string;
}

interface Learned {
  fit: Fit;
  model: nn.Module;
  scaler: data.StandardScaler;
  controller: AbortController;
  ended: Promise<void>;
}

/** Classifies rows of `width` numbers, which the first rows that are added determine. */
export class Classifier {
  width = 0;
  private readonly rows: number[][] = [];
  private readonly labels: number[] = [];
  private readonly fits: Fit[] = [];
  private latest: Learned | null = null;

  get count(): number {
    return this.rows.length;
  }

  /** The current fit. */
  get running(): Fit | null {
    return this.latest?.fit.state === 'running' ? this.latest.fit : null;
  }

  add(rows: number[][], labels: number[]): void {
    this.width = rows[0]!.length;
    for (const row of rows) this.rows.push(row);
    for (const label of labels) this.labels.push(label);
  }

  fit(id: number): Fit | undefined {
    return this.fits[id - 1];
  }

  /** Starts a fit of a new model over all rows so far. */
  start(epochs: number): Fit {
    const scaler = new data.StandardScaler();
    const x = scaler.fitTransform(tensor(this.rows));
    const y = tensor(Int32Array.from(this.labels));
    const classes = this.labels.reduce((a, b) => Math.max(a, b)) + 1;
    const model = new nn.Sequential(new nn.Linear(this.width, 64), new nn.ReLU(), new nn.Linear(64, classes));
    const fit: Fit = { id: this.fits.length + 1, state: 'running', epoch: 0, epochs, loss: null, accuracy: null };
    const controller = new AbortController();
    const running = train.fit(model, {
      criterion: new nn.CrossEntropyLoss(),
      optimizer: new optim.Adam(model.parameters()),
      loader: new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 32, shuffle: true }),
      metrics: { accuracy: new metrics.Accuracy({ task: 'multiclass', numClasses: classes }) },
      epochs,
      signal: controller.signal,
      progress: false,
      onEpoch: ({ epoch, loss, metrics: { accuracy } }) => void Object.assign(fit, { epoch, loss, accuracy }),
    });
    const ended = running.then(
      () => void Object.assign(fit, { state: 'done' }),
      (error: Error) =>
        void Object.assign(fit, controller.signal.aborted ? { state: 'cancelled' } : { state: 'failed', error: error.message }),
    );
    this.fits.push(fit);
    this.latest = { fit, model, scaler, controller, ended };
    return fit;
  }

  /** Ends the current fit, if any, after its current step. */
  async cancel(): Promise<void> {
    this.latest?.controller.abort();
    await this.latest?.ended;
  }

  /** The class of each row by the latest model; while that is in training, with the weights after its last step. Null before the first fit. */
  async predict(rows: number[][]): Promise<{ fit: number; classes: number[]; probabilities: number[][] } | null> {
    if (this.latest === null) return null;
    const { fit, model, scaler } = this.latest;
    const logits: Tensor = await train.predict(model, scaler.transform(tensor(rows)));
    return {
      fit: fit.id,
      classes: [...logits.argmax(1).data],
      probabilities: logits.softmax(1).toArray() as number[][],
    };
  }
}
