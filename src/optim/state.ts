// Optimizer states in PyTorch's layout: state by the parameters' numbers, options with PyTorch's names.
import { checkNumber, describe, rangeError, typeError } from '../errors';
import { kernels } from '../native';
import { sameShape, shapeText } from '../shape';
import { Tensor } from '../tensor';
import type { Recipe, Stepped } from './optimizer';
import type { Slot } from './runs';

/** What `Optimizer.stateDict()` returns. */
export interface OptimizerStateDict {
  /** What is kept for each parameter that was stepped, by the parameter's number. */
  state: Record<number, Record<string, Tensor>>;
  /** The options of each group and the numbers of its parameters. */
  param_groups: Record<string, unknown>[];
}

/** PyTorch's spelling of an option. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const copyOf = (value: unknown): unknown => (Array.isArray(value) ? [...value] : value);

const stateOf = (slot: Slot, key: string): Tensor =>
  new Tensor(slot.span.state(key, slot.position, slot.parameter.numel), slot.parameter.shape.slice());

export function writeStateDict<O extends object>(recipe: Recipe<O>, all: readonly Stepped<O>[]): OptimizerStateDict {
  const dict: OptimizerStateDict = { state: {}, param_groups: [] };
  let number = 0;
  for (const { group, slots } of all) {
    const options = Object.keys(recipe.defaults).map((name) => [snakeCase(name), copyOf(group[name as keyof O])]);
    const initial = group.initialLr === undefined ? {} : { initial_lr: group.initialLr };
    dict.param_groups.push({ ...Object.fromEntries(options), ...initial, params: slots.map((_, i) => number + i) });
    for (const slot of slots) {
      if (slot.steps > 0) {
        const kept = recipe.allKeys.filter((key) => slot.span.has(key)).map((key) => [key, stateOf(slot, key)]);
        const count = recipe.countsSteps ? { step: new Tensor(Float32Array.of(slot.steps), []) } : {};
        dict.state[number] = { ...count, ...Object.fromEntries(kept) };
      }
      number++;
    }
  }
  return dict;
}

/** What a dict says of one parameter. */
interface Loaded {
  slot: Slot;
  steps: number;
  tensors: Map<string, Tensor>;
}

function readCount(where: string, number: unknown, step: unknown): number {
  const count = step instanceof Tensor && step.numel === 1 ? step.values[0] : step;
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 0) {
    throw rangeError(where, `expected step of parameter ${number} to be a whole number, got ${describe(count)}`);
  }
  return count;
}

function readSlot<O extends object>(where: string, recipe: Recipe<O>, options: O, slot: Slot, number: unknown, saved: unknown): Loaded {
  const loaded: Loaded = { slot, steps: 0, tensors: new Map() };
  const entries = (saved ?? {}) as Record<string, unknown>;
  for (const key of recipe.allKeys) {
    const value = entries[key] ?? null;
    if (value === null) continue;
    if (!(value instanceof Tensor) || value.dtype !== 'float32') {
      throw typeError(where, `expected ${key} of parameter ${number} to be a float32 tensor, got ${describe(value)}`);
    }
    if (!sameShape(value.shape, slot.parameter.shape)) {
      throw rangeError(
        where,
        `expected ${key} of parameter ${number} to be ${shapeText(slot.parameter.shape)}, got ${shapeText(value.shape)}`,
      );
    }
    loaded.tensors.set(key, value);
  }
  if (loaded.tensors.size === 0) return loaded;
  for (const key of recipe.stateKeys(options)) {
    if (!loaded.tensors.has(key)) throw rangeError(where, `the state of parameter ${number} has no ${key}`);
  }
  loaded.steps = recipe.countsSteps ? readCount(where, number, entries['step']) : 1;
  return loaded;
}

function readOptions<O extends object>(where: string, recipe: Recipe<O>, present: O, saved: Record<string, unknown>): O {
  const options = Object.fromEntries(
    Object.keys(recipe.defaults).map((name) => [name, copyOf(saved[snakeCase(name)] ?? present[name as keyof O])]),
  ) as O;
  recipe.check(where, options);
  const initial = saved['initial_lr'];
  return initial === undefined ? options : { ...options, initialLr: checkNumber(where, 'initial_lr', initial) };
}

function checkLayout<O extends object>(where: string, all: readonly Stepped<O>[], dict: OptimizerStateDict): void {
  if (
    dict === null ||
    typeof dict !== 'object' ||
    typeof dict.state !== 'object' ||
    dict.state === null ||
    !Array.isArray(dict.param_groups)
  ) {
    throw typeError(where, `expected { state, param_groups }, got ${describe(dict)}`, 'stateDict() makes one');
  }
  if (dict.param_groups.length !== all.length)
    throw rangeError(where, `expected ${all.length} parameter groups, got ${dict.param_groups.length}`);
  all.forEach(({ slots }, i) => {
    const params = dict.param_groups[i]?.['params'];
    if (!Array.isArray(params)) throw typeError(where, `expected params of group ${i} to be an array, got ${describe(params)}`);
    if (params.length !== slots.length) throw rangeError(where, `expected ${slots.length} parameters in group ${i}, got ${params.length}`);
  });
}

function restore<O extends object>(recipe: Recipe<O>, { slot, steps, tensors }: Loaded): void {
  slot.steps = steps;
  for (const key of recipe.allKeys) {
    const source = tensors.get(key);
    if (source === undefined && !slot.span.has(key)) continue;
    const { floats, numel } = stateOf(slot, key);
    if (source === undefined) kernels.fill(floats, numel, 0);
    else kernels.copyStrided(floats, source.values, Int32Array.of(1, numel, 1, 0, 1, 0));
  }
}

export function readStateDict<O extends object>(recipe: Recipe<O>, all: readonly Stepped<O>[], dict: OptimizerStateDict): void {
  const where = `${recipe.name}.loadStateDict`;
  checkLayout(where, all, dict);
  const state = dict.state as Record<string, unknown>;
  const read = all.map(({ group, slots }, i) => {
    const saved = dict.param_groups[i]!;
    const options = readOptions(where, recipe, group, saved);
    const numbers = saved['params'] as unknown[];
    return { options, loaded: slots.map((slot, k) => readSlot(where, recipe, options, slot, numbers[k], state[String(numbers[k])])) };
  });
  read.forEach(({ options, loaded }, i) => {
    const stepped = all[i]!;
    Object.assign(stepped.group, options);
    for (const one of loaded) restore(recipe, one);
    stepped.runs = null;
  });
}
