// A function recorded to be run on another thread: nothing is calculated while it is recorded, and its plan touches no memory of
// JavaScript's. What lasts from step to step is copied in and out by whoever runs it.
import { rangeError } from '../errors';
import { liveArguments } from '../kernels.generated';
import { liesIn, type TensorData } from '../memory';
import { createPlan, type Plan } from '../native';
import { ownersOf } from '../nn/registry';
import { atRandomPosition, type RandomPosition, randomPosition } from '../random';
import type { Progress } from '../recorder';
import { ignoringHolders, type Tensor } from '../tensor';
import { withColumns } from './columns';
import { renewals } from './constants';
import { type FusedCall, fuse } from './fusion';
import { isArray, Listener, writtenArrays } from './listener';
import { LiveNumbers } from './live';
import { namesOf, type Row, rowOf } from './table';

/** What the recorded function gives out for a batch. */
export interface Results {
  /** One number, or null. */
  loss: Tensor | null;
  /** What is gathered batch by batch, or null. */
  output: Tensor | null;
}

/** Where a result lies: which input of the plan, and bytes in it. */
export interface ResultPlace {
  input: number;
  offset: number;
  bytes: number;
}

/** A leaf's gradient, field by field: recording leaves it as it was. */
type GradientState = Pick<Tensor, 'gradient' | 'gradientShared' | 'gradientHidden' | 'gradientSeen' | 'gradientHome'>;

const gradientState = ({ gradient, gradientShared, gradientHidden, gradientSeen, gradientHome }: Tensor): GradientState => ({
  gradient,
  gradientShared,
  gradientHidden,
  gradientSeen,
  gradientHome,
});

class DryListener extends Listener {
  readonly before = new Map<Tensor, GradientState>();

  constructor() {
    super(true);
  }
  override gradient(leaf: Tensor, event: 'clear' | 'use'): void {
    if (!this.before.has(leaf)) this.before.set(leaf, gradientState(leaf));
    super.gradient(leaf, event);
  }
}

/** The stretches of memory that these arrays cover, each one array. */
export function stretchesOf(arrays: Iterable<TensorData>): Float32Array[] {
  const byBuffer = new Map<ArrayBufferLike, [begin: number, end: number][]>();
  for (const { buffer, byteOffset, byteLength } of new Set(arrays)) {
    if (byteLength === 0) continue;
    const ranges = byBuffer.get(buffer) ?? [];
    ranges.push([byteOffset, byteOffset + byteLength]);
    byBuffer.set(buffer, ranges);
  }
  return [...byBuffer].flatMap(([buffer, ranges]) => {
    ranges.sort((a, b) => a[0] - b[0]);
    const joined: [number, number][] = [];
    for (const [begin, end] of ranges) {
      const last = joined.at(-1);
      if (last !== undefined && begin <= last[1]) last[1] = Math.max(last[1], end);
      else joined.push([begin, end]);
    }
    return joined.map(([begin, end]) => new Float32Array(buffer, begin, (end - begin) / 4));
  });
}

export class Detached {
  /** Memory that lasts from step to step. */
  readonly lasting: ReadonlySet<TensorData>;
  /** Those parts of it that a step changes. */
  readonly written: ReadonlySet<TensorData>;
  /** The same without gradients. */
  readonly changed: ReadonlySet<TensorData>;
  /** The leaves that the function used or sent a gradient to. */
  readonly leaves: readonly Tensor[];
  /** Philox counters that a step uses. */
  readonly draws: number;

  private readonly fused: FusedCall[];
  private readonly names: string[];
  private readonly temporaries: ReadonlySet<TensorData>;
  private readonly own: TensorData[];
  private readonly gradients: { leaf: Tensor; after: Tensor }[];
  private readonly needsGrad: [Tensor, boolean][];
  private readonly guards: (() => boolean)[];
  private readonly live: LiveNumbers;
  private readonly liveRows: [call: number, argument: number, counter: boolean][];
  private readonly redraws: (() => void)[];
  private readonly progresses: Progress[];
  private readonly results: Results;

  /** Records what `fn` does with tensors like `args`. The state of tensors, optimizers and random numbers stays as it was. */
  constructor(
    where: string,
    fn: (...args: Tensor[]) => Results,
    private readonly args: readonly Tensor[],
  ) {
    const heard = new DryListener();
    const start = randomPosition();
    try {
      this.results = ignoringHolders(() => atRandomPosition(start, () => heard.run(() => fn(...args))));
      this.gradients = [...heard.before.keys()].flatMap((leaf) => (leaf.gradient === null ? [] : [{ leaf, after: leaf.gradient }]));
    } finally {
      for (const [leaf, state] of heard.before) Object.assign(leaf, state);
    }
    const { loss } = this.results;
    if (loss !== null && (loss.dtype !== 'float32' || loss.numel !== 1)) {
      throw rangeError(where, `expected the loss to be one float32, got ${loss.dtype} [${loss.shape.join(', ')}]`);
    }
    const { calls, temporaries } = heard;
    const results = Object.values(this.results as unknown as Record<string, Tensor | null>).flatMap((t) => (t === null ? [] : [t.values]));
    const front = renewals(heard, results);
    const gradientMemory = new Set<TensorData>(this.gradients.map(({ after }) => after.values));
    for (const memory of gradientMemory) temporaries.delete(memory);

    const isArgument = (array: TensorData): boolean => args.some(({ values }) => liesIn(values, array));
    const made = [...temporaries];
    const returned = Object.values(this.results as unknown as Record<string, Tensor | null>).flatMap((t) => {
      const region = t === null || isArgument(t.values) ? undefined : made.find((r) => liesIn(r, t.values));
      if (region !== undefined) temporaries.delete(region);
      return region === undefined ? [] : [region];
    });
    this.own = [...args.map(({ values }) => values), ...new Set(returned)];
    this.temporaries = temporaries;

    const isPassing = (array: TensorData): boolean => isArgument(array) || made.some((r) => liesIn(r, array));
    const arrays = new Set([...calls, ...front.map(({ call }) => call)].flatMap((call) => call.filter(isArray)));
    this.lasting = new Set(
      [...arrays, ...Object.values(this.results).flatMap((t) => (t === null ? [] : [(t as Tensor).values]))].filter((a) => !isPassing(a)),
    );
    const isGradient = (array: TensorData): boolean => [...gradientMemory].some((memory) => liesIn(memory, array) || liesIn(array, memory));
    this.written = new Set(calls.flatMap(writtenArrays).filter((array) => this.lasting.has(array)));
    this.changed = new Set([...this.written].filter((array) => !isGradient(array)));

    this.fused = [...front, ...withColumns(fuse(calls, temporaries), temporaries)];
    this.names = calls.map(([name]) => name);
    this.live = new LiveNumbers(heard.liveCalls, calls);
    this.liveRows = heard.liveCalls.flatMap(({ first, end }) =>
      calls.slice(first, end).flatMap(([name], i) => {
        const call = this.fused.findIndex(({ from }) => from.includes(first + i));
        return liveArguments[name].map(({ index, counter }): [number, number, boolean] => [call, index, counter]);
      }),
    );
    this.needsGrad = [...heard.leaves].filter(([t]) => !isPassing(t.values));
    this.leaves = [...new Set([...this.needsGrad.map(([t]) => t), ...heard.before.keys()])];
    this.guards = [...heard.guards, ...this.needsGrad.flatMap(([t]) => ownersOf(t, heard.guarded))];
    this.redraws = heard.redraws;
    this.progresses = heard.progresses;
    this.draws = atRandomPosition({ seed: 0, offset: 0 }, () => {
      for (const redraw of this.redraws) redraw();
      return randomPosition().offset;
    });
  }

  /** The number of tensors in a batch. */
  get argumentCount(): number {
    return this.args.length;
  }

  /** Whether these tensors are like those it was recorded with. */
  takes(batch: readonly Tensor[]): boolean {
    return (
      batch.length === this.args.length &&
      batch.every((t, i) => t.dtype === this.args[i]!.dtype && String(t.shape) === String(this.args[i]!.shape))
    );
  }

  /** Whether the function would still do what was recorded. */
  holds(random: RandomPosition): boolean {
    return (
      this.needsGrad.every(([t, needed]) => t.needsGrad === needed) &&
      this.guards.every((guard) => guard()) &&
      this.numbers(random) !== null
    );
  }

  /** A plan whose inputs are the batch, the results' memory, and `pieces`, which together hold all that lasts. */
  plan(pieces: readonly Float32Array[]): Plan {
    const calls = this.fused.map(({ call }) => call);
    return createPlan(calls, [...this.temporaries], [...this.own, ...pieces], this.liveRows);
  }

  /** Where a result lies among the inputs of such a plan. */
  place(result: keyof Results, pieces: readonly Float32Array[]): ResultPlace | null {
    const t = this.results[result];
    if (t === null) return null;
    const inputs = [...this.own, ...pieces];
    const input = inputs.findIndex((memory) => liesIn(memory, t.values));
    return { input, offset: t.values.byteOffset - inputs[input]!.byteOffset, bytes: t.values.byteLength };
  }

  /** A tensor like the last one of a batch. */
  get target(): Tensor {
    return this.args.at(-1)!;
  }

  /** The shape and type of a batch's output. */
  get output(): Tensor | null {
    return this.results.output;
  }

  /** The live numbers of the next step when the random numbers stand at `random`; null when they are no longer as recorded. */
  numbers(random: RandomPosition): number[] | null {
    return atRandomPosition(random, () => {
      for (const redraw of this.redraws) redraw();
      return ignoringHolders(() => this.live.read()) ? Array.from(this.live.table) : null;
    });
  }

  /** What `read` returns as if one more step had been done. */
  peek<T>(read: () => T): T {
    return this.progresses.reduceRight<() => T>((inner, progress) => () => progress.peek(inner), read)();
  }

  /** Counts steps that were done. */
  commit(steps: number): void {
    if (steps === 0) return;
    for (const progress of this.progresses) progress.commit(steps);
  }

  /** Leaves the gradients as a compiled step does: there, and hidden. */
  leaveGradients(): void {
    for (const { leaf, after } of this.gradients) {
      leaf.gradient = after;
      leaf.gradientHome = after;
      leaf.gradientSeen = false;
      leaf.gradientShared = false;
      leaf.gradientHidden = true;
    }
  }

  /** The calls of the plan, for people. */
  rows(): Row[] {
    const places = new Map<unknown, string>([
      ...[...this.temporaries].map((t, i): [unknown, string] => [t, `t${i}`]),
      ...this.args.map((t, i): [unknown, string] => [t.values, `in${i}`]),
    ]);
    const place = namesOf(places);
    return this.fused.map((call) => rowOf(call, this.names, place));
  }

  /** A call of the plan in words: kernel, shapes, numbers. */
  callText(call: number): string {
    const { kernel, buffers, numbers, fused } = rowOf(this.fused[call]!, this.names, () => 'array');
    return `${kernel}${fused === '' ? '' : ` ${fused}`} (${buffers}; ${numbers})`;
  }
}
