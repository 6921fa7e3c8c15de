// What all optimizers share: parameter groups, the step over flat parameters, and state dicts. An optimizer itself is a definition: its options, its state of each
// parameter, and the kernel that steps a flat parameter.
import { describe, markOwn, rangeError, SimdnnError, typeError, withDefaults } from '../errors';
import { refuseHeld } from '../holders';
import { refusePythonNames } from '../nn/absent';
import { clearingOf, type ZeroGradOptions } from '../nn/zero-grad';
import { type Recorder, recorder } from '../recorder';
import { Tensor } from '../tensor';
import { lossOf } from './closure';
import { type FlatParameter, flatParametersOf, inStep, joinsOverPadding, refuseDetached, Slots } from './flat-parameters';
import { areOf, checkGroups, hasGetter, isAsTaken, lookedAt, type Stepped } from './groups';
import { type OptimizerStateDict, readStateDict, writeStateDict } from './state';

/** Parameters with options of their own; options that are not given are the optimizer's. */
export type ParamGroupInit<O> = {
  /** The parameters of the group. */
  params: Iterable<Tensor>;
} & Partial<O>;

/** The first argument of an optimizer: a list of parameters, or of groups. */
export type Params<O> = Iterable<Tensor> | Iterable<ParamGroupInit<O>>;

/** A group of an optimizer: its parameters and its options, which may be changed between steps. */
export type ParamGroup<O> = {
  /** The parameters of the group. */
  params: readonly Tensor[];
  /** The initial learning rate, set by the first scheduler; further schedulers start from it. */
  initialLr?: number;
} & O;

/** The definition of an optimizer. */
export interface Definition<O extends object> {
  readonly name: string;
  readonly defaults: O;
  /** Throws a RangeError or TypeError unless every option is usable. */
  check(where: string, options: O): void;
  /** The names, as in PyTorch's state dicts, of all state that a parameter may have. */
  readonly allKeys: readonly string[];
  /** The names of the state under these options; always the same array for the same names. */
  stateKeys(options: O): readonly string[];
  /** Whether the step number matters, so that PyTorch saves it with the state; if not, only the first step is distinguished. */
  readonly countsSteps: boolean;
  /**
   * Declares that the kernel calls of later steps differ only in `count`, which they get unchanged, so that a fit runs steps without asking. Without it a fit
   * asks for the numbers of each step, as a loop does.
   */
  readonly linear?: true;
  /** PyTorch's `decoupled_weight_decay`, which distinguishes AdamW from Adam; absent if groups have no such field. */
  readonly decoupled?: boolean;
  /**
   * A number that is kept for each parameter beside its state: its name in PyTorch's state dicts, what it begins with, and what it is after step `count`,
   * rounded to a float32 as PyTorch's tensor of it is, so that a state dict has all of it.
   */
  readonly scalar?: { readonly key: string; readonly first: number; next(before: number, options: O, count: number): number };
  /** A number that PyTorch saves too, but that follows from the number of steps: it is written to state dicts, and not read. */
  readonly derived?: { readonly key: string; at(options: O, steps: number): number };
  /**
   * The shape of the state with a key for a parameter of a shape, null for no state; absent if it is always the parameter's shape. It has at most as many
   * elements.
   */
  shapeOf?(key: string, shape: readonly number[]): number[] | null;
  /** Throws a RangeError unless the optimizer can step such a parameter. */
  checkParameter?(where: string, parameter: Tensor): void;
  /** Steps one flat parameter; `count` is the step number, from 1; without `countsSteps` it is 2 for all but the first. */
  step(flat: FlatParameter, options: O, count: number): void;
}

// Options can be lists (betas), so every group gets lists of its own.
const ownCopy = <O extends object>(options: O): O =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value])) as O;

// Makes the flat parameters of the present gradients; usually those of the last step are still valid.
function planGroup<O extends object>(definition: Definition<O>, stepped: Stepped<O>): void {
  const { group, slots } = stepped;
  const keys = definition.stateKeys(group);
  const padded = joinsOverPadding();
  let changed = keys !== stepped.keys || padded !== stepped.padded || stepped.flatParameters === null;
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i]!;
    if (recorder !== null) recorder.gradient(slot.parameter, 'use');
    const { gradient, rowSet } = slot.parameter;
    if (slot.gradient === gradient && slot.rowSet === rowSet) continue;
    slot.gradient = gradient;
    slot.rowSet = rowSet;
    changed = true;
  }
  if (!changed) return;
  stepped.flatParameters = null; // so that they are made anew even if the following throws
  stepped.keys = keys;
  stepped.padded = padded;
  stepped.flatParameters = flatParametersOf(definition.name, slots, keys);
}

/** A parameter group as it was when the step was recorded. */
interface RecordedGroup<O> {
  readonly stepped: Stepped<O>;
  readonly keys: readonly string[];
  readonly flatParameters: readonly FlatParameter[];
}

/**
 * The base of all optimizers: `torch.optim.Optimizer`.
 *
 * @example
 * const w = new nn.Parameter(tensor([1, 2]));
 * const optimizer = new optim.SGD([w], { lr: 0.5 });
 * optimizer instanceof optim.Optimizer; // true
 * optimizer.zeroGrad();
 * w.sum().backward();
 * optimizer.step();
 * w.toArray(); // [0.5, 1.5]
 */
export abstract class Optimizer<O extends object> {
  /**
   * The groups with their options: `optimizer.paramGroups[0].lr = 1e-4` holds from the next step on. Groups and their `params` may be
   * replaced, added and removed as well; what is kept for a parameter stays with it. A field that is no option is a TypeError at the next step.
   */
  paramGroups: ParamGroup<O>[] = [];
  /** The options that a group has unless it has its own. */
  readonly defaults: Readonly<O>;

  readonly #definition: Definition<O>;
  readonly #slots: Slots;
  // The number of fields of a group, without `initialLr`.
  readonly #fields: number;
  // The last contents of `paramGroups`: a new array whenever a parameter was added, removed or moved to another group.
  #stepped: readonly Stepped<O>[] = [];
  readonly #madeIn = recorder;
  // The recording that was last told to check the groups.
  #guardedIn: WeakRef<Recorder> | null = null;

  /** @internal */
  constructor(definition: Definition<O>, params: Params<O>, options: Partial<O> | undefined) {
    this.#definition = definition;
    this.#slots = new Slots(definition.scalar?.first ?? 0);
    this.#fields = Object.keys(definition.defaults).length + 1;
    this.defaults = ownCopy(withDefaults(definition.name, options, definition.defaults));
    definition.check(definition.name, this.defaults);
    const list = this.#listOf(params, 'params');
    if (list.length === 0) throw rangeError(definition.name, 'got an empty list of parameters');
    if (list[0] instanceof Tensor) this.addParamGroup({ params: list } as unknown as ParamGroupInit<O>);
    else for (const group of list) this.addParamGroup(group as ParamGroupInit<O>);
  }

  /**
   * Adds a group of parameters with options of its own.
   *
   * A TypeError for what is not a group of float32 tensors; a RangeError for a parameter that is already in a group, for one that an
   * operation made, and for options out of range.
   *
   * @example
   * const body = new nn.Linear(4, 3);
   * const head = new nn.Linear(3, 2);
   * const optimizer = new optim.SGD(body.parameters(), { lr: 0.1 });
   * optimizer.addParamGroup({ params: head.parameters(), lr: 0.01 });
   * optimizer.paramGroups.map((group) => group.lr); // [0.1, 0.01]
   */
  addParamGroup(init: ParamGroupInit<O>): void {
    const { name, check } = this.#definition;
    this.#refuseHeld(this.#current(), 'addParamGroup');
    if (init === null || typeof init !== 'object' || init instanceof Tensor || !('params' in init)) {
      const hint = `new optim.${name}(model.parameters()) or new optim.${name}([{ params: model.parameters(), lr: 0.01 }])`;
      throw typeError(name, `expected a parameter or a group { params, ... }, got ${describe(init)}`, hint);
    }
    const { params, ...own } = init;
    const options = ownCopy(withDefaults(name, own as unknown as Partial<O>, this.defaults as O));
    check(name, options);
    const list = params instanceof Tensor ? [params as Tensor] : (this.#listOf(params, 'the params of a group') as Tensor[]);
    const group: ParamGroup<O> = { params: Object.freeze(list), ...options };
    this.#take([...this.paramGroups, group]);
    this.paramGroups.push(group);
  }

  /** Changes every parameter that has a gradient by one step of the method. A `closure` is called before; its result, the loss, is returned, else null. */
  step(closure?: () => Tensor): Tensor | null {
    const definition = this.#definition;
    const loss = lossOf(`${definition.name}.step`, closure);
    const stepped = this.#current();
    this.#refuseHeld(stepped, 'step');
    // A getter among the options runs here, before anything is written.
    for (let i = 0; i < stepped.length; i++) definition.check(definition.name, stepped[i]!.group);
    for (let i = 0; i < stepped.length; i++) planGroup(definition, stepped[i]!);
    for (let i = 0; i < stepped.length; i++) refuseDetached(definition.name, stepped[i]!.flatParameters!);
    if (recorder !== null) {
      this.#record(recorder, stepped);
      return loss;
    }
    for (let i = 0; i < stepped.length; i++) {
      const { flatParameters, group, keys } = stepped[i]!;
      this.#issue(flatParameters!, group);
      this.#count(flatParameters!, keys, group, 1);
    }
    return loss;
  }

  /** Sets the gradient of every parameter to null, or with `setToNone: false` existing gradients to zeros, so that these parameters are stepped. */
  zeroGrad(options?: ZeroGradOptions): void {
    const stepped = this.#current();
    const clear = clearingOf(`${this.#definition.name}.zeroGrad`, options);
    for (const { slots } of stepped) for (const { parameter } of slots) clear(parameter);
    if (recorder !== null) this.#guardGroups(recorder, stepped);
  }

  /**
   * The state in PyTorch's layout and with its keys: `{ state: { 0: { step, exp_avg, ... } }, param_groups: [{ lr, ..., params: [0] }] }`.
   *
   * Parameters are numbered through all groups; those that were never stepped have no state. All of it is copied, so that later steps leave it as
   * it is. `step` is a float32 as in PyTorch up to 2^24, where float32 ends to count; then an int32, and from 2^31 on two, `[step / 2^31, step % 2^31]`.
   *
   * An error inside a compiled function.
   */
  stateDict(): OptimizerStateDict {
    return this.#written(`${this.#definition.name}.stateDict`, (memory) => memory.slice());
  }

  /** @internal `stateDict()` on the optimizer's own memory, for a file that is written at once; that of a class which has its own `stateDict`. */
  stateInPlace(): OptimizerStateDict {
    if (this.stateDict !== Optimizer.prototype.stateDict) return this.stateDict();
    return this.#written(`${this.#definition.name}.stateDict`, (memory) => memory);
  }

  #written(where: string, taken: (memory: Float32Array) => Float32Array): OptimizerStateDict {
    recorder?.reading(where);
    const stepped = this.#current();
    for (const { slots } of stepped) for (const { parameter } of slots) parameter.version.holder?.sync();
    return writeStateDict(this.#definition, stepped, taken);
  }

  /**
   * Loads the options and the state of a dict that `stateDict()` made here or in PyTorch, in the order of the parameters.
   *
   * Options that only control PyTorch's execution (`foreach`, `fused`, ...) are ignored. A RangeError if groups, their sizes, shapes or options do
   * not fit, and for the state of another kind of optimizer; a TypeError for values of a wrong type; nothing is changed then.
   */
  loadStateDict(dict: OptimizerStateDict): void {
    this.read(dict)();
  }

  /** @internal Checks a state dict, and returns a function that loads it. */
  read(dict: OptimizerStateDict): () => void {
    const { name } = this.#definition;
    if (recorder !== null) {
      throw new SimdnnError(
        'SIMDNN_NOT_RECORDABLE',
        `[${name}.loadStateDict] a state cannot be loaded inside a compiled function: only the first call would load it\n  hint: load it before the call`,
      );
    }
    const stepped = this.#current();
    this.#refuseHeld(stepped, 'loadStateDict');
    return readStateDict(this.#definition, stepped, dict);
  }

  // The present groups, checked anew if anything has changed.
  #current(): readonly Stepped<O>[] {
    const { paramGroups } = this;
    const stepped = this.#stepped;
    if (paramGroups?.length !== stepped.length) return this.#take(paramGroups);
    for (let i = 0; i < stepped.length; i++) {
      if (!isAsTaken(stepped[i]!, paramGroups[i], this.#fields)) return this.#take(paramGroups);
    }
    return stepped;
  }

  #take(given: unknown): readonly Stepped<O>[] {
    const groups = checkGroups(this.#definition, given);
    const before = this.#stepped;
    if (groups.length !== before.length || !groups.every(({ params }, i) => areOf(params, before[i]!.slots))) {
      this.#stepped = groups.map((group) => ({
        ...lookedAt(group),
        slots: this.#slots.of(group.params),
        keys: [],
        flatParameters: null,
        padded: true,
      }));
    } else {
      groups.forEach((group, i) => void Object.assign(before[i]!, lookedAt(group)));
    }
    return this.#stepped;
  }

  #refuseHeld(stepped: readonly Stepped<O>[], method: string): void {
    for (let i = 0; i < stepped.length; i++) {
      const { slots } = stepped[i]!;
      for (let k = 0; k < slots.length; k++) {
        const { parameter } = slots[k]!;
        if (parameter.version.holder !== null) refuseHeld(`${this.#definition.name}.${method}`, parameter);
      }
    }
  }

  #issue(flatParameters: readonly FlatParameter[], options: O): void {
    for (let i = 0; i < flatParameters.length; i++)
      this.#definition.step(flatParameters[i]!, options, flatParameters[i]!.slots[0]!.steps + 1);
  }

  // Counts steps that were done.
  #count(flatParameters: readonly FlatParameter[], keys: readonly string[], options: O, steps: number): void {
    const { countsSteps, scalar } = this.#definition;
    for (let i = 0; i < flatParameters.length; i++) {
      const { slots } = flatParameters[i]!;
      for (let k = 0; k < slots.length; k++) {
        const slot = slots[k]!;
        slot.parameter.version.count += steps;
        if (keys.length === 0) continue;
        if (slot.counted !== keys) {
          for (const key of keys) slot.kept.add(key);
          slot.counted = keys;
        }
        if (scalar !== undefined) for (let t = 1; t <= steps; t++) slot.scalar = scalar.next(slot.scalar, options, slot.steps + t);
        slot.steps = countsSteps ? slot.steps + steps : 1;
      }
    }
  }

  #record(to: Recorder, stepped: readonly Stepped<O>[]): void {
    const definition = this.#definition;
    const parts: RecordedGroup<O>[] = stepped.map((one) => ({ stepped: one, keys: one.keys, flatParameters: one.flatParameters! }));
    if (to === this.#madeIn && parts.some(({ keys }) => keys.length > 0)) {
      throw new SimdnnError(
        'SIMDNN_NOT_RECORDABLE',
        `[${definition.name}.step] an optimizer that is made inside a compiled function cannot keep a state: each call would go on from the last\n  hint: make it outside`,
      );
    }
    const count = (steps: number): void => {
      for (let i = 0; i < parts.length; i++) this.#count(parts[i]!.flatParameters, parts[i]!.keys, parts[i]!.stepped.group, steps);
    };
    // If the options need another state no call is made, and the recording becomes invalid. Whether the memory still exists is checked by the
    // replay, once all numbers are read.
    to.live(() => {
      for (let i = 0; i < parts.length; i++) {
        const { group } = parts[i]!.stepped;
        definition.check(definition.name, group);
        if (definition.stateKeys(group) !== parts[i]!.keys) return;
      }
      for (let i = 0; i < parts.length; i++) this.#issue(parts[i]!.flatParameters, parts[i]!.stepped.group);
    });
    to.operation(`${definition.name}.step`);
    for (const { values, gradient, state } of parts.flatMap(({ flatParameters }) => flatParameters)) {
      to.memory(values, 'parameter');
      to.memory(gradient, 'gradient');
      for (const one of state) to.memory(one, 'state');
    }
    to.after({
      commit: count,
      keep() {
        const slots = parts.flatMap(({ flatParameters }) => flatParameters.flatMap((flat) => flat.slots));
        const before = slots.map((slot) => ({
          slot,
          steps: slot.steps,
          scalar: slot.scalar,
          kept: slot.kept.size,
          version: slot.parameter.version.count,
        }));
        return () => {
          for (const { slot, steps, scalar, kept, version } of before) {
            slot.steps = steps;
            slot.scalar = scalar;
            if (slot.kept.size > kept) {
              for (const key of [...slot.kept].slice(kept)) slot.kept.delete(key);
              slot.counted = null;
            }
            slot.parameter.version.count = version;
          }
        };
      },
      steady: () => definition.linear === true && !parts.some((part) => hasGetter(part.stepped.group)),
      counter: this,
    });
    this.#guardGroups(to, stepped);
    const counting = parts.filter(({ keys }) => keys.length > 0).map(({ flatParameters }) => flatParameters);
    if (counting.length === 0) return;
    to.guard(() => {
      for (let i = 0; i < counting.length; i++) if (!inStep(counting[i]!)) return false;
      return true;
    });
  }

  // A recording is valid for the parameters of these groups: if one is added, removed or moved to another group, the step is recorded anew.
  #guardGroups(to: Recorder, stepped: readonly Stepped<O>[]): void {
    if (this.#guardedIn?.deref() === to) return;
    this.#guardedIn = new WeakRef(to);
    to.guard(() => this.#current() === stepped);
  }

  #listOf(params: unknown, what: string): unknown[] {
    const { name } = this.#definition;
    if (params instanceof Tensor || typeof (params as Iterable<unknown> | null | undefined)?.[Symbol.iterator] !== 'function') {
      const hint = typeof (params as { parameters?: unknown } | null)?.parameters === 'function' ? 'give it model.parameters()' : undefined;
      throw typeError(name, `expected ${what} to be a list of parameters or of groups, got ${describe(params)}`, hint);
    }
    return [...(params as Iterable<unknown>)];
  }
}

markOwn(Optimizer);
refusePythonNames(Optimizer.prototype, ['addParamGroup', 'loadStateDict', 'paramGroups', 'stateDict', 'zeroGrad']);
