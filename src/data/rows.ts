// Datasets whose items are rows of tensors. A kernel gathers their batches, in train.fit on its own thread.
import { refuseHeld } from '../holders';
import { cat } from '../ops';
import { sameShape } from '../shape';
import { empty, type Tensor } from '../tensor';
import type { Collated } from './collate';
import { ConcatDataset } from './concat-dataset';
import { type Dataset, gatherRows, Subset, TensorDataset } from './dataset';
import { StackDataset } from './stack-dataset';

/** Rows of tensors. */
export interface Rows {
  tensors: readonly Tensor[];
  /** The numbers of the rows that are items; null: all. */
  subset: Int32Array | null;
}

// Whether a dataset is of this class and no subclass has overridden `get`.
const isPlain = <T extends Dataset<unknown>>(dataset: unknown, kind: abstract new (...args: never[]) => T): dataset is T =>
  dataset instanceof kind && dataset.get === kind.prototype.get;

const through = (indices: Int32Array, subset: Int32Array | null): Int32Array =>
  subset === null ? indices : indices.map((i) => subset[i]!);

const alike = (a: readonly Tensor[], b: readonly Tensor[]): boolean =>
  a.length === b.length && a.every((t, i) => t.dtype === b[i]!.dtype && sameShape(t.shape.slice(1), b[i]!.shape.slice(1)));

/** The rows that are a dataset's items, without copies; null if there are none, or they are in several datasets. */
function ownRows(dataset: Dataset<unknown>): Rows | null {
  if (isPlain(dataset, TensorDataset)) return { tensors: dataset.tensors, subset: null };
  if (isPlain(dataset, StackDataset)) {
    const tensors = Array.isArray(dataset.datasets) ? dataset.parts.map(([, part]) => (part as TensorDataset).tensors?.[0]) : [];
    const all = tensors.length > 0 && (dataset.datasets as unknown[]).every((part, i) => part === tensors[i]);
    return all ? { tensors: tensors as Tensor[], subset: null } : null;
  }
  if (!isPlain(dataset, Subset)) return null;
  const inner = ownRows(dataset.dataset);
  return inner && { tensors: inner.tensors, subset: through(dataset.indices, inner.subset) };
}

const found = new WeakMap<ConcatDataset, Rows[] | null>();

// The rows of each of several datasets, if their tensors agree.
function rowsOfEach(dataset: ConcatDataset): Rows[] | null {
  let each = found.get(dataset);
  if (each === undefined) {
    const all = dataset.datasets.map(ownRows);
    each = all.every((rows) => rows !== null && alike(rows.tensors, all[0]!.tensors)) ? (all as Rows[]) : null;
    found.set(dataset, each);
  }
  return each;
}

// Concatenates the rows of several datasets. If several are subsets of the same dataset, its tensors are copied once.
function concatRows(each: readonly Rows[], count: number): Rows {
  const distinct: { tensors: readonly Tensor[]; begin: number }[] = [];
  const subset = new Int32Array(count);
  let length = 0;
  let at = 0;
  for (const { tensors, subset: some } of each) {
    const rows = tensors[0]!.shape[0]!;
    let known = distinct.find((one) => one.tensors.every((t, i) => t === tensors[i]));
    if (known === undefined) {
      known = { tensors, begin: length };
      distinct.push(known);
      length += rows;
    }
    const items = some?.length ?? rows;
    for (let i = 0; i < items; i++) subset[at++] = known.begin + (some === null ? i : some[i]!);
  }
  const copies = each[0]!.tensors.map((like, t) => {
    const out = empty([length, ...like.shape.slice(1)], like.dtype);
    let begin = 0;
    for (const { tensors } of distinct) {
      refuseHeld('DataLoader', tensors[t]!);
      out.values.set(tensors[t]!.values, begin);
      begin += tensors[t]!.numel;
    }
    return out;
  });
  return { tensors: copies, subset };
}

/** The rows that are a dataset's items; null if JavaScript makes the items. Rows of several datasets are copied. */
export function rowsOf(dataset: Dataset<unknown>): Rows | null {
  const own = ownRows(dataset);
  if (own !== null) return own;
  if (isPlain(dataset, Subset)) {
    const inner = rowsOf(dataset.dataset);
    return inner && { tensors: inner.tensors, subset: through(dataset.indices, inner.subset) };
  }
  if (!isPlain(dataset, ConcatDataset)) return null;
  const each = rowsOfEach(dataset);
  return each && concatRows(each, dataset.length);
}

// Gathers the rows of each dataset at once, then puts all into their order.
function concatBatch(dataset: ConcatDataset, each: readonly Rows[], index: Int32Array): Tensor[] {
  const lists: number[][] = each.map(() => []);
  const places: number[][] = each.map(() => []);
  index.forEach((i, place) => {
    const [number, item] = dataset.placeOf(i);
    lists[number]!.push(item);
    places[number]!.push(place);
  });
  const used = [...lists.keys()].filter((number) => lists[number]!.length > 0);
  const back = new Int32Array(index.length);
  used
    .flatMap((number) => places[number]!)
    .forEach((place, i) => {
      back[place] = i;
    });
  return each[0]!.tensors.map((like, t) => {
    if (used.length === 0) return gatherRows(like, index);
    const parts = used.map((number) =>
      gatherRows(each[number]!.tensors[t]!, through(Int32Array.from(lists[number]!), each[number]!.subset)),
    );
    return parts.length === 1 ? parts[0]! : gatherRows(cat(parts), back);
  });
}

/** The batch of the items that `index` lists if a kernel can gather it; undefined if the items have to be made. */
export function gathered<Item>(dataset: Dataset<Item>, index: Int32Array): Collated<Item> | undefined {
  // Not by `isPlain`: a test with the class as an argument is too slow for small batches.
  if (dataset instanceof TensorDataset && dataset.get === TensorDataset.prototype.get)
    return dataset.gather(index) as unknown as Collated<Item>;
  if (isPlain(dataset, Subset)) return gathered(dataset.dataset as Dataset<Item>, through(index, dataset.indices));
  if (isPlain(dataset, ConcatDataset)) {
    const each = rowsOfEach(dataset as ConcatDataset);
    return each === null ? undefined : (concatBatch(dataset as ConcatDataset, each, index) as unknown as Collated<Item>);
  }
  if (!isPlain(dataset, StackDataset)) return undefined;
  const parts = (dataset as StackDataset<readonly Tensor[]>).parts.map(([, part]) => gathered(part, index));
  if (parts.includes(undefined)) return undefined;
  let next = 0;
  return (dataset as StackDataset<readonly Tensor[]>).together((_, isTensor) => {
    const part = parts[next++];
    return isTensor ? (part as unknown as Tensor[])[0] : part;
  });
}
