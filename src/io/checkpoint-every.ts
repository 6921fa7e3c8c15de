// Checkpoints during a fit.
import { join, parse } from 'node:path';
import { checkInteger, checkOneOf, describe, rangeError, typeError, withDefaults } from '../errors';
import { type SaveCheckpointOptions, writeCheckpoint } from './checkpoint';
import { readDocument } from './document';
import { type Given, noParts, partNames, partsOf } from './parts';
import { pathOf } from './paths';

/** The figure that determines the best epoch. */
export interface BestOptions {
  /** `"loss"`, `"validationLoss"`, or the name of a metric. */
  monitor: string;
  /** Whether smaller or larger is better; by default smaller for losses, and the metric's `higherIsBetter` for a metric. */
  mode?: 'min' | 'max';
}

/** The options of `checkpointEvery`: what it writes, and when. */
export interface CheckpointEveryOptions extends Omit<SaveCheckpointOptions, 'epoch'> {
  /** The file, overwritten each time. */
  path: string | URL;
  /** The number of epochs between two checkpoints (1). */
  every?: number;
  /**
   * Whether, and by which figure, the best epoch is also written to a file of its own: `run.best.safetensors` beside `run.safetensors` (false). true: by the
   * validation loss if there is one, else the loss.
   */
  best?: boolean | string | BestOptions;
  /** The number of epochs done before this fit, whose reports count from 1 (0). */
  epochsBefore?: number;
}

/** The part of a fit's report of an epoch that is used here. */
export interface EpochFigures {
  /** The epoch that has ended. */
  epoch: number;
  /** The mean loss. */
  loss: number;
  /** The loss over the validation loader, where there is one. */
  validationLoss?: number;
  /** The metrics. */
  metrics?: Readonly<Record<string, number>>;
}

/** Writes checkpoints as the epochs end. */
export interface CheckpointCallback {
  /** Writes what is due; for `onEpoch` of `train.fit`. */
  onEpoch(report: EpochFigures): Promise<void>;
}

const where = 'io.checkpointEvery';

function bestPath(path: string): string {
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}.best${ext}`);
}

type Best = { monitor: string | null; mode: 'min' | 'max' | undefined };

function bestOf(best: unknown): Best | null {
  if (best === false) return null;
  if (best === true) return { monitor: null, mode: undefined };
  if (typeof best === 'string') return { monitor: best, mode: undefined };
  const o = withDefaults<{ monitor: string | undefined; mode: 'min' | 'max' | undefined }>(`${where}: best`, best as BestOptions, {
    monitor: undefined,
    mode: undefined,
  });
  if (typeof o.monitor !== 'string') throw typeError(where, `expected best.monitor to be a name, got ${describe(o.monitor)}`);
  if (o.mode !== undefined) checkOneOf(where, 'best.mode', o.mode, ['min', 'max']);
  return { monitor: o.monitor, mode: o.mode };
}

interface Watched {
  monitor: string;
  mode: 'min' | 'max';
  value: number;
}

class Saver implements CheckpointCallback {
  private bestValue: number | undefined;

  constructor(
    private readonly path: string,
    private readonly every: number,
    private readonly best: Best | null,
    private readonly epochsBefore: number,
    private readonly what: SaveCheckpointOptions,
  ) {
    this.onEpoch = this.onEpoch.bind(this);
  }

  async onEpoch(report: EpochFigures): Promise<void> {
    const epoch = this.epochsBefore + checkInteger(where, 'the epoch of the report', report?.epoch);
    const better = this.best === null ? null : await this.isBetter(this.best, report, epoch);
    // The files are written one after the other; both have the same state, because the fit waits meanwhile.
    if (epoch % this.every === 0) await writeCheckpoint(where, this.path, { ...this.what, epoch }, {});
    if (better === null) return;
    await writeCheckpoint(where, bestPath(this.path), { ...this.what, epoch }, { best: { ...better } });
    this.bestValue = better.value;
  }

  // The figure's name and value if it is better than all that were written; NaN never is.
  private async isBetter({ monitor, mode }: Best, report: EpochFigures, epoch: number): Promise<Watched | null> {
    const name = monitor ?? (report.validationLoss === undefined ? 'loss' : 'validationLoss');
    const figures: Record<string, number | undefined> = { ...report.metrics, loss: report.loss, validationLoss: report.validationLoss };
    const value = Object.hasOwn(figures, name) ? figures[name] : undefined;
    if (typeof value !== 'number')
      throw rangeError(where, `best cannot monitor ${describe(name)} (known: ${Object.keys(figures).join(', ')})`);
    const watched = { monitor: name, mode: mode ?? this.modeOf(name), value };
    const sign = watched.mode === 'min' ? 1 : -1;
    this.bestValue ??= (epoch > 1 ? await this.savedBest(watched) : null) ?? sign * Infinity;
    return sign * value < sign * this.bestValue ? watched : null;
  }

  private modeOf(name: string): 'min' | 'max' {
    if (name === 'loss' || name === 'validationLoss') return 'min';
    const higher = this.what.metrics?.[name]?.higherIsBetter;
    if (typeof higher === 'boolean') return higher ? 'max' : 'min';
    throw rangeError(
      where,
      `best cannot know whether ${describe(name)} is to become smaller or larger`,
      `best: { monitor: ${describe(name)}, mode: "min" } or "max"`,
    );
  }

  // A resumed run reads the best figure of the run before from its file, if that used the same figure.
  private async savedBest({ monitor, mode }: Watched): Promise<number | null> {
    try {
      const { document } = await readDocument(where, bestPath(this.path), 'checkpoint');
      const best = document['best'] as Partial<Watched> | null | undefined;
      return best?.monitor === monitor && best.mode === mode && typeof best.value === 'number' ? best.value : null;
    } catch {
      return null;
    }
  }
}

/**
 * Writes a checkpoint as epochs end: `train.fit(model, { ..., onEpoch: io.checkpointEvery({ path, model, optimizer, loader }).onEpoch })`.
 *
 * After every `every` epochs the file is written as by `saveCheckpoint`. With `best` the epoch with the best figure so far also has a file of its own; a resumed run
 * reads the best figure so far from it.
 *
 * A TypeError or RangeError for invalid options; `onEpoch` rejects if the figure is not reported, and if the file cannot be written.
 *
 * @example
 * const model = new nn.Linear(2, 1);
 * const optimizer = new optim.Adam(model.parameters());
 * const loader = new data.DataLoader(new data.TensorDataset(randn([8, 2]), zeros([8, 1])), { batchSize: 4 });
 * const { onEpoch } = io.checkpointEvery({ path: "build/fit.safetensors", best: "loss", model, optimizer, loader });
 * await train.fit(model, { criterion: new nn.MSELoss(), optimizer, loader, epochs: 3, progress: false, onEpoch });
 * (await io.loadCheckpoint("build/fit.safetensors", { model, optimizer, loader })).epoch; // 3
 */
export function checkpointEvery(options: CheckpointEveryOptions): CheckpointCallback {
  const { path, every, best, epochsBefore, ...what } = withDefaults<Given<CheckpointEveryOptions>>(where, options, {
    path: undefined,
    every: 1,
    best: false,
    epochsBefore: 0,
    ...noParts,
    extra: undefined,
  });
  const given = what as SaveCheckpointOptions;
  if (partsOf(where, what).length === 0) throw typeError(where, `expected something to be saved: ${partNames.join(', ')}`);
  return new Saver(
    pathOf(where, path),
    checkInteger(where, 'every', every, 1),
    bestOf(best),
    checkInteger(where, 'epochsBefore', epochsBefore),
    given,
  );
}
