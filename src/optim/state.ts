// Optimizer states in PyTorch's layout: state by the number of the parameter, options under PyTorch's names.
import * as calls from '../calls.generated';
import { checkAttached, checkNumber, describe, rangeError, typeError } from '../errors';
import { numelOf, sameShape, shapeText } from '../shape';
import { Tensor } from '../tensor';
import type { Slot } from './flat-parameters';
import type { Stepped } from './groups';
import type { Definition } from './optimizer';

/** What `Optimizer.stateDict()` returns. */
export interface OptimizerStateDict {
  /** The state of each parameter that was stepped, by the parameter's number. */
  state: Record<number, Record<string, Tensor>>;
  /** The options of each group and the numbers of its parameters. */
  param_groups: Record<string, unknown>[];
}

/** PyTorch's spelling of an option. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const copyOf = (value: unknown): unknown => (Array.isArray(value) ? [...value] : value);

// The shape of the state with a key; null if there is none.
const shapeIn = <O extends object>({ shapeOf }: Definition<O>, { parameter }: Slot, key: string): number[] | null =>
  shapeOf === undefined ? parameter.shape.slice() : shapeOf(key, parameter.shape);

const memoryOf = ({ span, position }: Slot, key: string, shape: readonly number[]): Float32Array =>
  span.state(key, position, numelOf(shape));

const wholeFloats = 2 ** 24; // float32 represents all integers up to this one
const half = 2 ** 31;

// A parameter's step count, as float32 as in PyTorch if that is exact.
function stepTensor(steps: number): Tensor {
  if (steps <= wholeFloats) return new Tensor(Float32Array.of(steps), []);
  return steps < half ? new Tensor(Int32Array.of(steps), []) : new Tensor(Int32Array.of(Math.floor(steps / half), steps % half), [2]);
}

/** The state of all parameters; `taken` is what the dict has of the memory of a state. */
export function writeStateDict<O extends object>(
  definition: Definition<O>,
  all: readonly Stepped<O>[],
  taken: (memory: Float32Array) => Float32Array,
): OptimizerStateDict {
  const dict: OptimizerStateDict = { state: {}, param_groups: [] };
  let number = 0;
  for (const { group, slots } of all) {
    const options = Object.keys(definition.defaults).map((name) => [snakeCase(name), copyOf(group[name as keyof O])]);
    const initial = group.initialLr === undefined ? {} : { initial_lr: group.initialLr };
    dict.param_groups.push({ ...Object.fromEntries(options), ...initial, params: slots.map((_, i) => number + i) });
    for (const slot of slots) {
      if (slot.steps > 0) {
        const kept = definition.allKeys.flatMap((key): [string, Tensor][] => {
          const shape = slot.kept.has(key) ? shapeIn(definition, slot, key) : null;
          return shape === null ? [] : [[key, new Tensor(taken(memoryOf(slot, key, shape)), shape)]];
        });
        const count: Record<string, Tensor> = definition.countsSteps ? { step: stepTensor(slot.steps) } : {};
        const scalar = definition.scalar && { [definition.scalar.key]: new Tensor(Float32Array.of(slot.scalar), []) };
        const { derived } = definition;
        const said: Record<string, Tensor> =
          derived === undefined ? {} : { [derived.key]: new Tensor(Float32Array.of(derived.at(group, slot.steps)), []) };
        dict.state[number] = { ...count, ...scalar, ...said, ...Object.fromEntries(kept) };
      }
      number++;
    }
  }
  return dict;
}

/** The part of a state dict about one parameter. */
interface Loaded {
  slot: Slot;
  steps: number;
  scalar: number;
  tensors: Map<string, Tensor>;
}

const foreign = 'the state is that of another kind of optimizer';

function readCount(where: string, number: unknown, step: unknown): number {
  let count = step;
  if (step instanceof Tensor && step.numel === 1) count = step.values[0];
  else if (step instanceof Tensor && step.numel === 2) count = step.values[0]! * half + step.values[1]!;
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) {
    throw rangeError(where, `expected step of parameter ${number} to be a whole number, got ${describe(count)}`);
  }
  return count;
}

function readScalar(where: string, key: string, number: unknown, value: unknown): number {
  const scalar: unknown = value instanceof Tensor && value.numel === 1 ? value.values[0] : value;
  if (typeof scalar !== 'number') throw typeError(where, `expected ${key} of parameter ${number} to be a number, got ${describe(value)}`);
  return Math.fround(scalar);
}

function readSlot<O extends object>(
  where: string,
  definition: Definition<O>,
  options: O,
  slot: Slot,
  number: unknown,
  saved: unknown,
): Loaded {
  const loaded: Loaded = { slot, steps: 0, scalar: definition.scalar?.first ?? 0, tensors: new Map() };
  const entries = (saved ?? {}) as Record<string, unknown>;
  const shapes = new Map(definition.allKeys.map((key) => [key, shapeIn(definition, slot, key)]));
  const numbers = [
    ...(definition.countsSteps ? ['step'] : []),
    ...[definition.scalar, definition.derived].flatMap((one) => one?.key ?? []),
  ];
  const known = [...definition.allKeys.filter((key) => shapes.get(key) !== null), ...numbers];
  const unknown = Object.keys(entries).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    throw rangeError(where, `the state of parameter ${number} has ${unknown.join(', ')}, which ${definition.name} does not keep`, foreign);
  }
  for (const [key, shape] of shapes) {
    const value = entries[key] ?? null;
    if (value === null || shape === null) continue;
    if (!(value instanceof Tensor) || value.dtype !== 'float32') {
      throw typeError(where, `expected ${key} of parameter ${number} to be a float32 tensor, got ${describe(value)}`);
    }
    if (!sameShape(value.shape, shape)) {
      throw rangeError(where, `expected ${key} of parameter ${number} to be ${shapeText(shape)}, got ${shapeText(value.shape)}`);
    }
    checkAttached(where, value.values);
    loaded.tensors.set(key, value);
  }
  if (loaded.tensors.size === 0 && (entries['step'] ?? null) === null) return loaded;
  for (const key of definition.stateKeys(options)) {
    if (!loaded.tensors.has(key) && shapes.get(key) !== null) throw rangeError(where, `the state of parameter ${number} has no ${key}`);
  }
  loaded.steps = definition.countsSteps ? readCount(where, number, entries['step']) : 1;
  if (definition.scalar !== undefined) loaded.scalar = readScalar(where, definition.scalar.key, number, entries[definition.scalar.key]);
  return loaded;
}

// The options that distinguish PyTorch's optimizers.
const telling = new Set(
  (
    'alpha amsgrad beta2_decay betas centered d dampening etas history_size initial_accumulator_value lambd lr_decay max_iter momentum momentum_decay ' +
    'nesterov ns_steps rho step_sizes t0 tolerance_change'
  ).split(' '),
);

// A group whose parameters were never stepped has no state that would tell.
function refuseForeign<O extends object>(
  where: string,
  { name, defaults, decoupled }: Definition<O>,
  saved: Record<string, unknown>,
): void {
  const own = new Set(Object.keys(defaults).map(snakeCase));
  const others = Object.keys(saved).filter((key) => telling.has(key) && !own.has(key));
  if (others.length > 0) throw rangeError(where, `a group has ${others.join(', ')}, which ${name} does not know`, foreign);
  const decay = saved['decoupled_weight_decay'];
  if (decoupled !== undefined && typeof decay === 'boolean' && decay !== decoupled)
    throw rangeError(where, `expected decoupled_weight_decay of a group to be ${decoupled}, got ${decay}`, foreign);
}

function readOptions<O extends object>(where: string, definition: Definition<O>, present: O, saved: Record<string, unknown>): O {
  refuseForeign(where, definition, saved);
  const options = Object.fromEntries(
    Object.keys(definition.defaults).map((name) => [name, copyOf(saved[snakeCase(name)] ?? present[name as keyof O])]),
  ) as O;
  definition.check(where, options);
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

function restore<O extends object>(definition: Definition<O>, { slot, steps, scalar, tensors }: Loaded): void {
  slot.steps = steps;
  slot.scalar = scalar;
  slot.counted = null;
  for (const key of definition.allKeys) {
    const source = tensors.get(key);
    const shape = shapeIn(definition, slot, key);
    if ((source === undefined && !slot.kept.has(key)) || shape === null) continue;
    const memory = memoryOf(slot, key, shape);
    if (source === undefined) {
      calls.fill({ out: memory, n: memory.length, value: 0 });
      slot.kept.delete(key);
    } else {
      calls.copyStrided({ out: memory, x: source.values, layout: Int32Array.of(1, memory.length, 1, 0, 1, 0) });
      slot.kept.add(key);
    }
  }
}

/** Checks a state dict, and returns a function that loads it. */
export function readStateDict<O extends object>(
  definition: Definition<O>,
  all: readonly Stepped<O>[],
  dict: OptimizerStateDict,
): () => void {
  const where = `${definition.name}.loadStateDict`;
  checkLayout(where, all, dict);
  const state = dict.state as Record<string, unknown>;
  const read = all.map(({ group, slots }, i) => {
    const saved = dict.param_groups[i]!;
    const options = readOptions(where, definition, group, saved);
    const numbers = saved['params'] as unknown[];
    return { options, loaded: slots.map((slot, k) => readSlot(where, definition, options, slot, numbers[k], state[String(numbers[k])])) };
  });
  return () => {
    read.forEach(({ options, loaded }, i) => {
      const stepped = all[i]!;
      Object.assign(stepped.group, options);
      for (const one of loaded) restore(definition, one);
      stepped.flatParameters = null;
    });
  };
}
