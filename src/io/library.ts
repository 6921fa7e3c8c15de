// The classes of modules that a file may name, and the types of their fields.
import * as nn from '../nn';
import { Keyed } from '../nn/keyed';
import { Numbered } from '../nn/numbered';
import { atRandomPosition, randomPosition } from '../random';
import { Tensor } from '../tensor';

/** A class of modules. */
export type ModuleClass = abstract new (...args: never[]) => nn.Module;

const isModuleClass = (value: unknown): value is ModuleClass => typeof value === 'function' && value.prototype instanceof nn.Module;

/** The modules of this library by name. */
export const library: ReadonlyMap<string, ModuleClass> = new Map(
  Object.entries(nn).filter((entry): entry is [string, ModuleClass] => isModuleClass(entry[1])),
);

export { isModuleClass };

const containers = [nn.Sequential, nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict] as unknown as ModuleClass[];

/** The container class of this library that a class is or extends; undefined for a class whose submodules are in fields. */
export const containerOf = (of: ModuleClass): ModuleClass | undefined =>
  containers.find((one) => of === one || of.prototype instanceof one);

/** An empty module of a class, without its fields and submodules; no constructor runs. */
export const blankOf = (of: ModuleClass): nn.Module => Reflect.construct(containerOf(of) ?? nn.Module, [], of) as nn.Module;

/** The submodules of a container with their names; null if the module is not a container. */
export function partsIn(module: nn.Module): [string, unknown][] | null {
  if (module instanceof Numbered) return [...(module as Iterable<unknown>)].map((part, i) => [String(i), part]);
  if (module instanceof Keyed) return [...(module as Iterable<[string, unknown]>)];
  return null;
}

/** Adds a submodule to a container. */
export function addPart(container: nn.Module, name: string, part: unknown): void {
  if (container instanceof Numbered) container.append(part as never);
  else (container as nn.ModuleDict).set(name, part as never);
}

// Arguments for the constructors that need some, to find out which fields their objects have.
const examples: Record<string, () => nn.Module> = {
  AdaptiveLogSoftmaxWithLoss: () => new nn.AdaptiveLogSoftmaxWithLoss(1, 2, [1]),
  BatchNorm1d: () => new nn.BatchNorm1d(1),
  Bilinear: () => new nn.Bilinear(1, 1, 1),
  Embedding: () => new nn.Embedding(1, 1),
  EmbeddingBag: () => new nn.EmbeddingBag(1, 1),
  GroupNorm: () => new nn.GroupNorm(1, 1),
  LayerNorm: () => new nn.LayerNorm(1),
  LazyBatchNorm1d: () => new nn.LazyBatchNorm1d(),
  LazyLinear: () => new nn.LazyLinear(1),
  Linear: () => new nn.Linear(1, 1),
  LinearCrossEntropyLoss: () => new nn.LinearCrossEntropyLoss(1, 1),
  LogSoftmax: () => new nn.LogSoftmax({ dim: 0 }),
  RMSNorm: () => new nn.RMSNorm(1),
  Softmax: () => new nn.Softmax({ dim: 0 }),
  Softmin: () => new nn.Softmin({ dim: 0 }),
  SparseLinear: () => new nn.SparseLinear(1, 1),
  Threshold: () => new nn.Threshold(0, 0),
  Unflatten: () => new nn.Unflatten(0, [1]),
};

/** The kinds of values that the fields of modules have. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof Tensor) return 'tensor';
  if (value instanceof nn.Module) return 'module';
  return Array.isArray(value) ? 'list' : typeof value;
}

const known = new Map<string, ReadonlyMap<string, string>>();

/** The fields of a class of this library, with the kinds of their values. */
export function fieldsOf(name: string): ReadonlyMap<string, string> {
  let fields = known.get(name);
  if (fields === undefined) {
    // The constructor's random numbers are not used, so the generator's state is restored.
    const made = atRandomPosition(
      randomPosition(),
      () => examples[name]?.() ?? new (library.get(name) as unknown as new () => nn.Module)(),
    );
    fields = new Map(Object.entries(made).map(([field, value]) => [field, kindOf(value)]));
    known.set(name, fields);
  }
  return fields;
}
