// What all optimizers share: parameter groups, the step over runs of parameters, state dicts. An optimizer itself is a
// recipe: its options, the state it keeps for each parameter, and the kernel that steps a run.
import { describe, rangeError, SimdnnError, typeError, withDefaults } from '../errors';
import { live, recorder } from '../recorder';
import { refuseHeld, Tensor } from '../tensor';
import { inStep, planRuns, type Run, type Slot, slotsOf } from './runs';
import { type OptimizerStateDict, readStateDict, writeStateDict } from './state';

/** Parameters with options of their own; an option that is left out is the optimizer's. */
export type ParamGroupInit<O> = {
  /** The parameters of the group. */
  params: Iterable<Tensor>;
} & Partial<O>;

/** What an optimizer is given: a list of parameters, or of groups. */
export type Params<O> = Iterable<Tensor> | Iterable<ParamGroupInit<O>>;

/** A group of an optimizer: its parameters and its options, which may be changed between steps. */
export type ParamGroup<O> = {
  /** The parameters of the group. */
  readonly params: readonly Tensor[];
  /** The first rate, once there is a scheduler: what further schedulers start from. */
  initialLr?: number;
} & O;

/** What makes an optimizer. */
export interface Recipe<O extends object> {
  readonly name: string;
  readonly defaults: O;
  /** Throws a RangeError or TypeError unless every option is usable. */
  check(where: string, options: O): void;
  /** The names, as in PyTorch's state dicts, of all that may be kept for a parameter. */
  readonly allKeys: readonly string[];
  /** Those of them that are kept under these options: always the same array for the same ones. */
  stateKeys(options: O): readonly string[];
  /** Whether the number of the step matters, so that PyTorch keeps it beside the state; if not, only the first step is told apart. */
  readonly countsSteps: boolean;
  /** Steps one run; `count` is the number of this step, 1 for the first; without `countsSteps` 2 for all others. */
  step(run: Run, options: O, count: number): void;
}

/** A group with its slots, and the runs that were made of them last. */
export interface Stepped<O> {
  readonly group: ParamGroup<O>;
  readonly slots: readonly Slot[];
  keys: readonly string[];
  runs: Run[] | null;
}

// Options hold lists (betas): every group has lists of its own.
const ownCopy = <O extends object>(options: O): O =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value])) as O;

// The runs of the present gradients: mostly those of the last step.
function runsOf<O>(stepped: Stepped<O>, keys: readonly string[]): readonly Run[] {
  const { slots } = stepped;
  let changed = keys !== stepped.keys;
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i]!;
    if (recorder !== null) recorder.gradient(slot.parameter, 'use');
    const { gradient } = slot.parameter;
    if (slot.gradient === gradient) continue;
    slot.gradient = gradient;
    changed = true;
  }
  if (stepped.runs !== null && !changed) return stepped.runs;
  stepped.keys = keys;
  stepped.runs = planRuns(slots, keys);
  return stepped.runs;
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
  /** The groups with their options: `optimizer.paramGroups[0].lr = 1e-4` holds from the next step on. */
  readonly paramGroups: ParamGroup<O>[] = [];
  /** The options that a group has unless it brings its own. */
  readonly defaults: Readonly<O>;

  readonly #recipe: Recipe<O>;
  readonly #stepped: Stepped<O>[] = [];
  readonly #madeIn = recorder;

  /** @internal */
  constructor(recipe: Recipe<O>, params: Params<O>, options: Partial<O> | undefined) {
    this.#recipe = recipe;
    this.defaults = ownCopy(withDefaults(recipe.name, options, recipe.defaults));
    recipe.check(recipe.name, this.defaults);
    const list = this.#listOf(params, 'params');
    if (list.length === 0) throw rangeError(recipe.name, 'got an empty list of parameters');
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
    const { name, check } = this.#recipe;
    this.#refuseHeld('addParamGroup');
    if (init === null || typeof init !== 'object' || init instanceof Tensor || !('params' in init)) {
      const hint = `new optim.${name}(model.parameters()) or new optim.${name}([{ params: model.parameters(), lr: 0.01 }])`;
      throw typeError(name, `expected a parameter or a group { params, ... }, got ${describe(init)}`, hint);
    }
    const { params, ...own } = init;
    const options = ownCopy(withDefaults(name, own as unknown as Partial<O>, this.defaults as O));
    check(name, options);
    const list = params instanceof Tensor ? [params as Tensor] : (this.#listOf(params, 'the params of a group') as Tensor[]);
    const taken = new Set(this.paramGroups.flatMap((group) => group.params));
    for (const parameter of list) {
      this.#checkParameter(parameter);
      if (taken.has(parameter)) throw rangeError(name, 'a parameter appears more than once');
      taken.add(parameter);
    }
    const group: ParamGroup<O> = { params: Object.freeze(list), ...options };
    this.paramGroups.push(group);
    this.#stepped.push({ group, slots: slotsOf(list), keys: [], runs: null });
  }

  /** Changes every parameter that has a gradient by one step of the method. */
  step(): void {
    const { name, check } = this.#recipe;
    this.#refuseHeld('step');
    for (const { group } of this.#stepped) check(name, group);
    const groups = this.#stepped.length;
    recorder?.guard(() => this.#stepped.length === groups);
    for (const stepped of this.#stepped) this.#stepGroup(stepped);
  }

  /** Sets the gradient of every parameter to null. */
  zeroGrad(): void {
    for (const { slots } of this.#stepped) for (const { parameter } of slots) parameter.clearGradient();
  }

  /**
   * The state in PyTorch's layout and with its keys: `{ state: { 0: { step, exp_avg, ... } }, param_groups: [{ lr, ..., params: [0] }] }`.
   *
   * Parameters are numbered through all groups. The tensors, apart from `step`, are on the optimizer's own memory: `clone()` what is to be kept.
   */
  stateDict(): OptimizerStateDict {
    for (const { slots } of this.#stepped) for (const { parameter } of slots) parameter.version.holder?.sync();
    return writeStateDict(this.#recipe, this.#stepped);
  }

  /**
   * Takes over the options and copies the state of a dict, made by `stateDict()` here or in PyTorch, in the order of the parameters.
   *
   * What only steers PyTorch's execution (`foreach`, `fused`, ...) is ignored. A RangeError when groups, their sizes, shapes or options do
   * not fit, a TypeError for values of a wrong kind; nothing is changed then.
   */
  loadStateDict(dict: OptimizerStateDict): void {
    this.#refuseHeld('loadStateDict');
    readStateDict(this.#recipe, this.#stepped, dict);
  }

  #refuseHeld(method: string): void {
    for (const { slots } of this.#stepped) {
      for (const { parameter } of slots) if (parameter.version.holder !== null) refuseHeld(`${this.#recipe.name}.${method}`, parameter);
    }
  }

  #stepGroup(stepped: Stepped<O>): void {
    const recipe = this.#recipe;
    const { group } = stepped;
    const keys = recipe.stateKeys(group);
    if (recorder !== null && recorder === this.#madeIn && keys.length > 0) {
      throw new SimdnnError(
        'SIMDNN_NOT_RECORDABLE',
        `[${recipe.name}.step] an optimizer that is made inside a compiled function cannot keep a state: each call would go on from the last\n  hint: make it outside`,
      );
    }
    const runs = runsOf(stepped, keys);
    const issue = () => {
      for (const run of runs) recipe.step(run, group, run.slots[0]!.steps + 1);
    };
    const commit = (steps: number) => {
      for (const { slots } of runs) {
        for (const slot of slots) {
          slot.parameter.version.count += steps;
          if (keys.length > 0) slot.steps = recipe.countsSteps ? slot.steps + steps : 1;
        }
      }
    };
    live(issue);
    recorder?.operation(`${recipe.name}.step`);
    if (recorder === null) {
      commit(1);
      return;
    }
    for (const run of runs) {
      recorder.memory(run.values, 'parameter');
      recorder.memory(run.gradient, 'gradient');
      for (const state of run.state) recorder.memory(state, 'state');
    }
    recorder.after({
      commit,
      peek(read) {
        const slots = runs.flatMap((run) => run.slots);
        const before = slots.map(({ steps }) => steps);
        commit(1);
        try {
          return read();
        } finally {
          slots.forEach((slot, i) => {
            slot.steps = before[i]!;
            slot.parameter.version.count--;
          });
        }
      },
      counter: stepped,
    });
    recorder.guard(() => {
      recipe.check(recipe.name, group);
      return recipe.stateKeys(group) === keys && runs.every(inStep);
    });
  }

  #listOf(params: unknown, what: string): unknown[] {
    const { name } = this.#recipe;
    if (params instanceof Tensor || typeof (params as Iterable<unknown> | null | undefined)?.[Symbol.iterator] !== 'function') {
      const hint = typeof (params as { parameters?: unknown } | null)?.parameters === 'function' ? 'give it model.parameters()' : undefined;
      throw typeError(name, `expected ${what} to be a list of parameters or of groups, got ${describe(params)}`, hint);
    }
    return [...(params as Iterable<unknown>)];
  }

  #checkParameter(parameter: unknown): void {
    const { name } = this.#recipe;
    if (!(parameter instanceof Tensor)) throw typeError(name, `expected every parameter to be a tensor, got ${describe(parameter)}`);
    if (parameter.dtype !== 'float32') throw typeError(name, `only float32 tensors can be optimized, got ${parameter.dtype}`);
    if (parameter.node !== null) {
      throw rangeError(name, `cannot optimize a tensor that an operation made (${parameter.node.name})`, 'only leaves keep a gradient');
    }
  }
}
