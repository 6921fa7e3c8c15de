// The metrics of a fit or an evaluation, which are updated with the outputs of each segment.
import { noGrad } from '../autograd';
import { isRangeError } from '../brands';
import { checkInteger, describe, rangeError, typeError, withDefaults } from '../errors';
import { Metric, MetricCollection } from '../metrics';
import { takesValues } from '../metrics/aggregator';
import { totals } from '../metrics/totals';
import type { RecordedStep } from '../recording';
import { type NestedArray, Tensor } from '../tensor';
import type { Figures } from './figure-types';
import { ignoreRejection } from './promises';
import type { Ranks } from './ranks';
import { batchesOf, type Segment } from './segment';
import { countedClasses } from './task';
import type { OutputSelector } from './tasks';

// Up to this many classes the thread returns counts instead of predictions. Their matrix of doubles has a quarter of a megabyte.
const mostCounted = 181;

/** A run ends when the outputs for metrics reach this many bytes. */
export const outputBytes = 4 << 20;

/** A metric as a plain function of a batch. The mean over all rows is reported. */
export type MetricFunction = (preds: Tensor, target: Tensor) => number | Tensor;

/** A metric with the output and the target that it is given. This is needed if the model returns several outputs, or a batch has several targets. */
export interface RoutedMetric {
  metric: Metric | MetricFunction;
  /** The output: its index in a list, or its name in an object. */
  output?: number | string;
  /** The target's index. By default it is that of the output, or 0 if there is only one target. */
  target?: number;
}

/** Metrics by name, as given by the user. */
export type GivenMetrics = Readonly<Record<string, Metric | MetricFunction | RoutedMetric>>;

class RowMean extends Metric {
  /** The sum of the figures, each times its rows, and the sum of the rows. */
  private readonly sums = new Float64Array(2);
  constructor(
    private readonly where: string,
    private readonly fn: MetricFunction,
  ) {
    super();
  }
  override get [totals](): readonly Float64Array[] {
    return [this.sums];
  }
  update(preds: Tensor, target: Tensor): void {
    const value = noGrad((): number => {
      const figure: unknown = this.fn(preds, target);
      ignoreRejection(figure);
      if (figure instanceof Tensor && figure.numel === 1) return figure.item();
      if (typeof figure === 'number') return figure;
      throw typeError(this.where, `expected the metric's function to give a number, got ${describe(figure)}`);
    });
    const rows = target.shape[0] ?? 1;
    this.sums[0]! += value * rows;
    this.sums[1]! += rows;
  }
  /** The result in double precision. */
  get mean(): number {
    return this.sums[0]! / this.sums[1]!;
  }
  compute(): Tensor {
    return new Tensor(Float32Array.of(this.mean), []);
  }
  reset(): void {
    this.sums.fill(0);
  }
}

// A metric, and which output and target it gets. `output` is null if the model returns a single tensor.
interface Measure {
  name: string;
  metric: Metric;
  output: number | string | null;
  target: number;
}

function checkMetric(where: string, option: string, name: string, metric: unknown): Metric {
  if (takesValues(metric)) {
    throw typeError(
      where,
      `${option}.${name} takes values, and metrics are given predictions and targets`,
      'the mean loss is reported anyway; of anything else update it in a loop of your own, or write a Metric',
    );
  }
  if (metric instanceof MetricCollection) {
    throw typeError(
      where,
      `${option}.${name} is a collection of metrics`,
      'metrics: collection.metrics, or { ...collection.metrics, other }',
    );
  }
  const isClass = typeof metric === 'function' && (metric as { prototype?: unknown }).prototype instanceof Metric;
  if (!(metric instanceof Metric) && (typeof metric !== 'function' || isClass)) {
    throw typeError(where, `expected ${option}.${name} to be a metric or a function, got ${describe(metric)}`, 'new metrics.R2Score()');
  }
  return metric instanceof Metric ? metric : new RowMean(`${where}: ${option}.${name}`, metric as MetricFunction);
}

const isRouted = (given: unknown): given is RoutedMetric =>
  typeof given === 'object' && given !== null && !(given instanceof Metric) && !(given instanceof MetricCollection) && 'metric' in given;

function routed(where: string, option: string, name: string, given: RoutedMetric, targets: number): Measure {
  const o = withDefaults(`${where}: ${option}.${name}`, given, {
    metric: given.metric,
    output: null as number | string | null,
    target: undefined as number | undefined,
  });
  const metric = checkMetric(where, option, name, o.metric);
  const output = o.output === null || typeof o.output === 'string' ? o.output : checkInteger(where, `${option}.${name}.output`, o.output);
  const natural = targets === 1 ? 0 : typeof output === 'number' && output < targets ? output : undefined;
  const target = o.target ?? natural;
  if (target === undefined) {
    throw rangeError(where, `${option}.${name} needs to know which of the ${targets} targets it is given`, `{ metric, output, target: 0 }`);
  }
  return { name, metric, output, target: checkInteger(where, `${option}.${name}.target`, target, 0, targets - 1) };
}

function checkNames(where: string, name: string): void {
  if (name !== 'loss' && name !== 'validationLoss') return;
  throw rangeError(where, `a metric cannot be called "${name}": that is the criterion's figure`, `metrics: { ${name}Metric: ... }`);
}

function measuresOf(where: string, option: string, metrics: GivenMetrics | undefined, targets: number): Measure[] {
  if (metrics === undefined) return [];
  if (typeof metrics !== 'object' || metrics === null || metrics instanceof Metric) {
    const hint = metrics instanceof MetricCollection ? 'metrics: collection.metrics' : undefined;
    throw typeError(where, `expected ${option} by their names, got ${describe(metrics)}`, hint);
  }
  return Object.entries(metrics).map(([name, given]) => {
    checkNames(where, name);
    return routed(where, option, name, isRouted(given) ? given : { metric: given as Metric }, targets);
  });
}

// An output that metrics get. If all of them need only the class with the highest score, a step returns one number for each row instead of the whole row.
interface Slot {
  output: Measure['output'];
  /** The number of classes; 0: whole rows are returned. */
  asClasses: number;
}

/** An element of a batch's targets or predictions; batch and element are counted from 0. */
interface Place {
  position: number;
  batch: number;
  /** From batches that ranks have sent to each other. */
  rank?: number;
}

/** A set of metrics, and the tensors that each batch must return for them. */
export class Measures {
  private readonly list: readonly Measure[];
  private readonly slots: readonly Slot[];
  /** The targets that are returned, after the outputs. */
  private readonly targets: readonly number[];
  /** The number of batches of the epoch that metrics were updated with. */
  private batches = 0;
  /** The ranks over whose rows the metrics are computed. Each rank updates its metrics with its own rows, and keeps the rows for metrics whose totals cannot be summed. */
  private ranks: Ranks | null = null;
  private readonly keptBatches: (readonly Tensor[])[] = [];

  constructor(
    private readonly where: string,
    given: GivenMetrics | undefined,
    private readonly option = 'metrics',
    targets = 1,
  ) {
    this.list = measuresOf(where, option, given, targets);
    this.slots = [...new Set(this.list.map(({ output }) => output))].map((output) => {
      const [first, ...others] = this.list.filter((measure) => measure.output === output).map(({ metric }) => metric.takesClasses);
      return { output, asClasses: others.every((classes) => classes === first) ? first! : 0 };
    });
    this.targets = [...new Set(this.list.map(({ target }) => target))];
  }

  get isEmpty(): boolean {
    return this.list.length === 0;
  }
  get names(): string[] {
    return this.list.map(({ name }) => name);
  }
  get all(): readonly Metric[] {
    return this.list.map(({ metric }) => metric);
  }

  /** Computes the metrics over the rows of all ranks, from now on. */
  over(ranks: Ranks): void {
    if (ranks.isDistributed) this.ranks = ranks;
  }

  reset(): void {
    this.batches = 0;
    this.keptBatches.length = 0;
    for (const { metric } of this.list) metric.reset();
  }

  /** The tensors that a batch returns for the metrics. */
  readonly selectOutputs: OutputSelector = (output, targets) => [
    ...this.slots.map((slot) => outputFor(this.pick(slot, output), slot.asClasses)),
    ...this.targets.map((i) => targets[i]!),
  ];

  private pick({ output: key }: Slot, output: unknown): Tensor {
    const found = key === null ? output : (output as Record<number | string, unknown>)[key];
    if (found instanceof Tensor) return found;
    const { name } = this.list.find((measure) => measure.output === key)!;
    if (key !== null) throw rangeError(this.where, `${this.option}.${name} is given output ${describe(key)}, and the model returns none`);
    throw typeError(
      this.where,
      `${this.option}.${name} is given one tensor, and the model returns ${describe(output)}`,
      `${this.option}: { ${name}: { metric, output: ${Array.isArray(output) ? 0 : '"name"'} } }`,
    );
  }

  /** The number of classes, if counting predictions and targets on the thread is enough for all metrics; else 0. */
  get classes(): number {
    const [first, ...others] = this.all.map(({ countedClasses }) => countedClasses);
    const isPair = this.slots.length === 1 && this.targets.length === 1;
    return isPair && first! <= mostCounted && others.every((classes) => classes === first) ? first! : 0;
  }

  /** Updates the metrics with the batches of a segment. */
  update({ outputs, kinds, counted, batch }: Segment): void {
    if (this.isEmpty) return;
    const isCounted = (kind: RecordedStep): boolean => countedClasses(this, kind) > 0;
    if (counted !== undefined) {
      const [predictions, targets] = [new Int32Array(counted.predictions), new Int32Array(counted.targets)];
      const tensorOf = (values: Int32Array): Tensor => new Tensor(values, [values.length]);
      for (const metric of this.all) {
        // Samples whose label or prediction is not a class: the metric throws or ignores them.
        if (targets.length > 0) {
          this.withBatchPosition(
            () => metric.update(tensorOf(predictions), tensorOf(targets)),
            (at) => this.placeOf(kinds, isCounted, new Float64Array(counted.positions)[at]!),
          );
        }
        if (counted.counts.byteLength > 0) metric.takeCounts(new Float64Array(counted.counts));
      }
    }
    if (outputs.length > 0) this.updateEach(outputs, kinds, (kind) => !isCounted(kind));
    this.batches = batch;
  }

  private updateEach(outputs: readonly ArrayBuffer[], kinds: readonly RecordedStep[], isGiven: (kind: RecordedStep) => boolean): void {
    const { width } = this;
    const given = kinds.filter(isGiven);
    const give = (batch: readonly Tensor[], place: (at: number) => Place): void => {
      const [own, apart] = [this.list.filter((measure) => !this.isOfAll(measure)), this.list.some((measure) => this.isOfAll(measure))];
      this.give(own, batch, place);
      if (apart) this.keptBatches.push(batch);
    };
    if (this.list.every(({ metric }) => metric.takesClasses > 0) && given.every(({ results }) => results.outputs.every(isList))) {
      // Counts of classes do not depend on how rows are divided into batches, and one call costs less than one per batch.
      const most = given.reduce((a, b) => (b.results.outputs.length > a.results.outputs.length ? b : a));
      const all = most.results.outputs.map((output, i) => gathered(outputs[i], output));
      // If steps have several batches, the rows of all their first batches come first, then those of their second ones.
      for (let i = 0; i < all.length; i += width) {
        give(all.slice(i, i + width), (at) => this.placeOf(kinds, isGiven, at, i / width));
      }
      return;
    }
    const at = outputs.map(() => 0);
    let number = this.batches;
    for (const kind of kinds) {
      if (isGiven(kind)) {
        const batches = kind.results.outputs.map((output, i) => {
          const part = partOf(outputs[i]!, at[i]!, output);
          at[i]! += part.values.byteLength;
          return part;
        });
        for (let i = 0; i < batches.length; i += width) {
          const batch = number + i / width;
          give(batches.slice(i, i + width), (position) => ({ position, batch }));
        }
      }
      number += batchesOf(kind);
    }
  }

  private isOfAll({ metric }: Measure): boolean {
    return this.ranks !== null && metric[totals] === null;
  }

  private give(list: readonly Measure[], batch: readonly Tensor[], place: (at: number) => Place): void {
    for (const { metric, output, target } of list) {
      const slot = this.slots.findIndex((one) => one.output === output);
      this.withBatchPosition(() => metric.update(batch[slot]!, batch[this.slots.length + this.targets.indexOf(target)]!), place);
    }
  }

  // Metrics that are totals are added up. Other metrics are updated with the batches of all ranks, beginning with rank 0.
  private join(ranks: Ranks): void {
    ranks.sum(this.all.flatMap((metric) => metric[totals] ?? []));
    const others = this.list.filter((measure) => this.isOfAll(measure));
    if (others.length === 0) return;
    let rank = 0;
    for (const batches of ranks.gather(this.keptBatches)) {
      for (const [batch, tensors] of batches.entries()) this.give(others, tensors, (position) => ({ position, batch, rank }));
      rank++;
    }
    this.keptBatches.length = 0;
  }

  // The results of one batch.
  private get width(): number {
    return this.slots.length + this.targets.length;
  }

  // The position of a row of the `at`th batch; `nth` is the index of that batch within its step.
  private placeOf(kinds: readonly RecordedStep[], isGiven: (kind: RecordedStep) => boolean, at: number, nth?: number): Place {
    let [position, batch] = [at, this.batches];
    for (const kind of kinds) {
      const ofStep = batchesOf(kind);
      for (let i = 0; i < ofStep; i++, batch++) {
        if (!isGiven(kind) || (nth !== undefined && i !== nth)) continue;
        const rows = kind.results.outputs[i * this.width]!.numel;
        if (position < rows) return { position, batch };
        position -= rows;
      }
    }
    return { position, batch };
  }

  // A metric that is given several batches at once counts their rows as one batch: its error must be corrected to name the batch and the position there.
  private withBatchPosition(update: () => void, place: (at: number) => Place): void {
    try {
      update();
    } catch (error) {
      const found = isRangeError(error) ? / at position (\d+)$/.exec(error.message) : null;
      if (found === null) throw error;
      const { position, batch, rank } = place(Number(found[1]));
      const before = (error as RangeError).message.slice(0, found.index);
      throw new RangeError(`${before} at position ${position} of batch ${batch + 1}${rank === undefined ? '' : ` of rank ${rank}`}`, {
        cause: error,
      });
    }
  }

  /** Computes the result of each metric. */
  compute(): Figures {
    const { where, option, ranks } = this;
    const isOwn = ranks !== null && !ranks.joins && !this.isEmpty;
    if (isOwn) this.join(ranks);
    const figures: Figures = { metrics: {}, arrays: {} };
    const set = (to: object, name: string, value: NestedArray): void => {
      Object.defineProperty(to, name, { value, enumerable: true, writable: true, configurable: true }); // also "__proto__"
    };
    for (const { name, metric } of this.list) {
      if (metric instanceof RowMean) {
        set(figures.metrics, name, metric.mean);
        continue;
      }
      const figure: unknown = metric.compute();
      if (!(figure instanceof Tensor)) throw typeError(where, `${option}.${name} gives ${describe(figure)}, expected a tensor`);
      if (figure.numel === 1) set(figures.metrics, name, figure.item());
      else set(figures.arrays, name, figure.toArray());
    }
    if (isOwn) figures.metrics = ranks.broadcastFigures(figures.metrics);
    return figures;
  }
}

const isList = ({ shape }: Tensor): boolean => shape.length === 1;

function outputFor(output: Tensor, asClasses: number): Tensor {
  return output.dtype === 'float32' && output.shape.length === 2 && output.shape[1] === asClasses
    ? noGrad(() => output.argmax(1))
    : output.detach();
}

/** Whether a figure is better if it is smaller or larger; null if the metric does not say. */
export type Direction = 'min' | 'max' | null;

/** The better direction of each metric, by name. */
export const directionsOf = (measures: Measures): [string, Direction][] =>
  measures.names.map((name, i) => {
    const { higherIsBetter } = measures.all[i]!;
    return [name, higherIsBetter === null ? null : higherIsBetter ? 'max' : 'min'];
  });

/** A tensor of the rows that were collected, each of the shape that it has in `batch`. */
export function gathered(buffer: ArrayBuffer | undefined, batch: Tensor): Tensor {
  const shape = batch.shape.slice(1);
  const width = shape.reduce((a, b) => a * b, 1);
  const memory = buffer ?? new ArrayBuffer(0);
  const values = batch.dtype === 'float32' ? new Float32Array(memory) : new Int32Array(memory);
  return new Tensor(values, [width === 0 ? 0 : values.length / width, ...shape]);
}

// The part of a segment's memory that belongs to one batch.
function partOf(buffer: ArrayBuffer, offset: number, { dtype, shape, numel }: Tensor): Tensor {
  const values = dtype === 'float32' ? new Float32Array(buffer, offset, numel) : new Int32Array(buffer, offset, numel);
  return new Tensor(values.slice(), shape.slice());
}
