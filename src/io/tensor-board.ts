// Writes what TensorBoard shows of a fit.
import { checkInteger, describe, typeError, withDefaults } from '../errors';
import { readsReport } from '../report-readers';
import type { EpochFigures } from './checkpoint-every';
import { EventFile } from './event-file';
import { pathOf } from './paths';

/** The options of `tensorBoard`. */
export interface TensorBoardOptions {
  /** The number of epochs done before this fit, whose reports count from 1 (0). */
  epochsBefore?: number;
}

/** The part of a fit's report of an epoch that TensorBoard shows. */
export interface BoardFigures extends EpochFigures {
  /** The metrics over the training rows. */
  trainMetrics?: Readonly<Record<string, number>>;
  /** The learning rate. */
  lr?: number;
  /** The learning rates of the parameter groups. */
  lrs?: readonly number[];
  /** The duration of the epoch in seconds. */
  seconds?: number;
}

/** Writes what TensorBoard reads, after each epoch. */
export interface TensorBoardCallback {
  /** Writes the figures of an epoch; for `callbacks` or `onEpoch` of `train.fit`. */
  onEpoch(report: BoardFigures): Promise<void>;
}

const where = 'io.tensorBoard';

function scalarsOf(report: BoardFigures): [string, number][] {
  const scalars: [string, number][] = [];
  const add = (tag: string, value: unknown): void => {
    if (value === undefined) return;
    if (typeof value !== 'number') throw typeError(where, `expected ${tag} to be a number, got ${describe(value)}`);
    scalars.push([tag, value]);
  };
  add('loss/train', report.loss);
  add('loss/validation', report.validationLoss);
  for (const [name, value] of Object.entries(report.metrics ?? {})) add(`metrics/${name}`, value);
  for (const [name, value] of Object.entries(report.trainMetrics ?? {})) add(`trainMetrics/${name}`, value);
  if (report.lrs !== undefined && report.lrs.length > 1) for (const [i, lr] of report.lrs.entries()) add(`lr/${i}`, lr);
  else add('lr', report.lr);
  add('epochSeconds', report.seconds);
  return scalars;
}

class Board implements TensorBoardCallback {
  private readonly file: EventFile;

  constructor(
    folder: string,
    private readonly epochsBefore: number,
  ) {
    this.file = new EventFile(folder);
    this.onEpoch = readsReport(this.onEpoch.bind(this));
  }

  async onEpoch(report: BoardFigures): Promise<void> {
    if (report === null || typeof report !== 'object') throw typeError(where, `expected the report of an epoch, got ${describe(report)}`);
    const epoch = this.epochsBefore + checkInteger(where, 'the epoch of the report', report.epoch);
    await this.file.write(epoch, scalarsOf(report), epoch > 1);
  }
}

/**
 * Writes what TensorBoard shows of a fit: `train.fit(model, { ..., callbacks: [io.tensorBoard('runs/a')] })`, then `tensorboard --logdir runs`.
 *
 * Each epoch is a step with its time: `loss/train` and `loss/validation`, `metrics/` and `trainMetrics/` with the names of the metrics, `lr` (`lr/0`, `lr/1` if
 * there are several parameter groups), and `epochSeconds`, as float32. The folder is created, and in it one file for each callback. A resumed run marks where
 * it begins: what an earlier run has written about the same epochs in that folder is not shown.
 *
 * A TypeError or RangeError for an invalid path or options; `onEpoch` rejects with the system's error if the file cannot be written. As
 * `torch.utils.tensorboard.SummaryWriter`, for scalars.
 *
 * @example
 * import { readdirSync } from 'node:fs';
 * const model = new nn.Linear(2, 1);
 * const optimizer = new optim.Adam(model.parameters());
 * const loader = new data.DataLoader(new data.TensorDataset(randn([8, 2]), zeros([8, 1])), { batchSize: 4 });
 * const callbacks = [io.tensorBoard('build/runs/a')];
 * await train.fit(model, { criterion: new nn.MSELoss(), optimizer, loader, epochs: 3, progress: false, callbacks });
 * readdirSync('build/runs/a')[0].startsWith('events.out.tfevents.'); // true
 */
export function tensorBoard(folder: string | URL, options?: TensorBoardOptions): TensorBoardCallback {
  const path = pathOf(where, folder);
  const o = withDefaults<{ epochsBefore: number }>(where, options, { epochsBefore: 0 });
  return new Board(path, checkInteger(where, 'epochsBefore', o.epochsBefore));
}
