// The loaders that the random programs of train-programs.test.ts train over, and their batches.
import { cat, data, rand, randn, type Tensor, tensor } from '../src';
import type { Loss } from './compile-programs';
import { type LoaderSpec, type Program, sameWidth } from './train-programs';

export type Loader = (Iterable<Tensor[]> | AsyncIterable<Tensor[]>) & { readonly length?: number };

export interface Made {
  loader: Loader;
  /** How often it was begun, and how often it ended, which includes being closed early. */
  ends: { begun: number; ended: number };
  /** The inputs that it reads. */
  inputs: Tensor[];
}

/** The contents of batches: the width of the inputs, and the targets of a loss. */
interface Rows {
  p: Program;
  loss: Loss;
  series: { tensor: Tensor };
}

export const needsSameWidth = (p: Program): boolean => sameWidth(p.loader) || (typeof p.validation === 'object' && sameWidth(p.validation));

/** Whether batches end with weights of their rows. */
export const isSampled = (p: Program, loss: Loss): boolean => p.sampled && loss.rows !== null && !needsSameWidth(p);

const stacked = (items: readonly Tensor[][]): Tensor[] =>
  items[0]!.map((first, i) =>
    first.shape.length === 0
      ? tensor(
          items.map((item) => item[i]!.item()),
          { dtype: first.dtype },
        )
      : cat(
          items.map((item) => item[i]!.reshape([1, ...item[i]!.shape])),
          0,
        ),
  );

class Own extends data.Dataset<Tensor[]> {
  constructor(
    private readonly dataset: data.TensorDataset<Tensor[]>,
    private readonly draws: boolean,
  ) {
    super();
  }
  get length(): number {
    return this.dataset.length;
  }
  get(i: number): Tensor[] {
    const [x, ...rest] = this.dataset.get(i);
    return [this.draws ? x!.add(rand(x!.shape)) : x!, ...rest];
  }
}

const pauses = [() => null, () => Promise.resolve(), () => new Promise((resolve) => setImmediate(resolve))];
/** What is awaited: nothing, a few turns of the microtask queue, or a few of the event loop. */
const pause = (pattern: readonly number[], i: number): unknown => pauses[pattern[i % pattern.length]!]!();

// Items of which most are promises; they draw random numbers when they are requested.
class Waited extends Own {
  constructor(
    dataset: data.TensorDataset<Tensor[]>,
    draws: boolean,
    private readonly pattern: readonly number[],
  ) {
    super(dataset, draws);
  }
  override get(i: number): Tensor[] {
    const item = super.get(i);
    const late = async (): Promise<Tensor[]> => {
      await pause(this.pattern, i);
      return item;
    };
    return i % 4 === 3 ? item : (late() as unknown as Tensor[]);
  }
}

class Stream extends data.IterableDataset<Tensor[]> {
  constructor(
    private readonly dataset: data.TensorDataset<Tensor[]>,
    private readonly pattern: readonly number[],
    private readonly ends: { begun: number; ended: number },
  ) {
    super();
  }
  override async *[Symbol.asyncIterator](): AsyncGenerator<Tensor[]> {
    this.ends.begun++;
    try {
      for (let i = 0; i < this.dataset.length; i++) {
        await pause(this.pattern, i);
        yield this.dataset.get(i);
      }
    } finally {
      this.ends.ended++;
    }
  }
}

export function makeLoader(spec: LoaderSpec, { p, loss, series }: Rows): Made {
  const ends = { begun: 0, ended: 0 };
  const inputs: Tensor[] = [];
  const inputsOf = (rows: number): Tensor[] => {
    const made = Array.from({ length: p.inputs }, () => randn([rows, p.width]));
    inputs.push(...made);
    return made;
  };
  const targetsOf = (rows: number): Tensor[] => Array.from({ length: p.outputs }, () => loss.target(rows));
  const batch = (rows: number): Tensor[] => [...inputsOf(rows), ...targetsOf(rows), ...(isSampled(p, loss) ? [rand([rows])] : [])];
  const width = p.inputs + p.outputs;
  const { rows, batchSize, shuffle, seed, dropLast, pattern } = spec;
  const options = { batchSize, shuffle, dropLast, ...(seed !== undefined && { seed }) };
  const of = (loader: unknown): Made => ({ loader: loader as Loader, ends, inputs });
  const batches = Math.ceil(rows / batchSize);
  switch (spec.kind) {
    case 'rows':
      return of(new data.DataLoader(new data.TensorDataset(...batch(rows)), options));
    case 'subset': {
      const indices = Array.from({ length: rows }, (_, i) => (i * 7 + 1) % (rows + 3));
      return of(new data.DataLoader(new data.Subset(new data.TensorDataset(...batch(rows + 3)), indices), options));
    }
    case 'own':
    case 'drawing':
      return of(
        new data.DataLoader(new Own(new data.TensorDataset(...batch(rows)), spec.kind === 'drawing'), { ...options, collate: stacked }),
      );
    case 'collate': {
      const collate = (items: Tensor[][]): Tensor[] => {
        const [x, ...rest] = stacked(items);
        return [x!.mul(rand([1]).add(0.5)), ...rest];
      };
      return of(new data.DataLoader(new data.TensorDataset(...batch(rows)) as data.Dataset<Tensor[]>, { ...options, collate }));
    }
    case 'arrays':
      return of(Array.from({ length: batches }, (_, i) => batch(1 + ((i * batchSize) % 3))));
    case 'shapes':
      return of(Array.from({ length: Math.min(20, rows) }, (_, i) => batch(1 + i)));
    case 'aliases': {
      const pool = [0, 1, 2].map(() => randn([batchSize, p.width]));
      inputs.push(...pool);
      const at = (i: number): Tensor => pool[pattern[i % pattern.length]!]!;
      return of(Array.from({ length: batches }, (_, i) => Array.from({ length: width }, (_, k) => at(i * width + k))));
    }
    case 'views': {
      const long = batchSize + width - 1;
      const view = (begin: number): Tensor => series.tensor.narrow(0, begin % (series.tensor.shape[0]! - long), batchSize);
      return of({
        length: batches,
        *[Symbol.iterator]() {
          for (let i = 0; i < batches; i++) yield Array.from({ length: width }, (_, k) => view(i + k));
        },
      });
    }
    case 'waited items': {
      const dataset = new Waited(new data.TensorDataset(...batch(rows)), pattern[1] === 0, pattern);
      return of(new data.DataLoader(dataset, { ...options, collate: stacked, prefetch: pattern[0]! }));
    }
    case 'waited batches': {
      const collate = async (items: Tensor[][]): Promise<Tensor[]> => {
        const [x, ...rest] = stacked(items);
        await pause(pattern, items.length);
        return [x!.mul(rand([1]).add(0.5)), ...rest];
      };
      return of(new data.DataLoader(new data.TensorDataset(...batch(rows)) as data.Dataset<Tensor[]>, { ...options, collate }));
    }
    case 'stream':
      return of(
        new data.DataLoader(new Stream(new data.TensorDataset(...batch(rows)), pattern, ends), {
          batchSize,
          dropLast,
          collate: stacked,
          prefetch: pattern[0]!,
        }),
      );
    case 'promises': {
      const known = Array.from({ length: batches }, (_, i) => batch(1 + (i % 2)));
      return of({
        length: batches,
        *[Symbol.iterator]() {
          for (const [i, [x, ...rest]] of known.entries()) {
            yield (async () => {
              await pause(pattern, i);
              return [shuffle ? x!.add(rand(x!.shape)) : x!, ...rest];
            })();
          }
        },
      });
    }
    case 'waited generator': {
      const known = Array.from({ length: batches }, (_, i) => batch(1 + (i % 2)));
      return of({
        async *[Symbol.asyncIterator]() {
          ends.begun++;
          try {
            for (const [i, [x, ...rest]] of known.entries()) {
              await pause(pattern, i);
              yield [shuffle ? x!.add(rand(x!.shape)) : x!, ...rest];
              if (pattern[0] === 0) rand([3]);
            }
          } finally {
            ends.ended++;
          }
        },
      });
    }
    case 'generator': {
      const known = Array.from({ length: batches }, (_, i) => batch(1 + (i % 2)));
      return of({
        *[Symbol.iterator]() {
          ends.begun++;
          try {
            for (const [x, ...rest] of known) {
              yield [shuffle ? x!.add(rand(x!.shape)) : x!, ...rest];
              if (pattern[0] === 0) rand([3]);
            }
          } finally {
            ends.ended++;
          }
        },
      });
    }
  }
}
