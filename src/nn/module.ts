// The base of all modules: modes, hooks and state. parts.ts has the code that finds a module's contents.
import { checkBoolean, describe, markOwn, rangeError, SimdnnError, typeError, withDefaults } from '../errors';
import type { HookHandle } from '../gradient-hooks';
import { recorder } from '../recorder';
import { Tensor } from '../tensor';
import { refuseAbsentNames } from './absent';
import { Copies, classOf, copyInto } from './clone';
import { computedIn } from './computed';
import { formatModule } from './format';
import { callHeard, knowClass } from './forwards';
import { type BackwardHook, type BackwardPreHook, type ForwardHook, type ForwardPreHook, ModuleHooks } from './hooks';
import { checkPrefix, type Named, Parts, placeOf } from './parts';
import { copyState, ExtraState, initializeFrom, type LoadResult, mismatches, type StateDict } from './state';
import { countChange, watch } from './watch';
import { clearingOf, type ZeroGradOptions } from './zero-grad';

/**
 * The base of every layer and model: `torch.nn.Module`.
 *
 * A subclass holds its parts in fields and writes `forward`. Fields that are parameters or modules are found in the order in which they
 * were assigned; a plain array of modules is not looked into, a `ModuleList` is. A part that is reached twice is listed once.
 *
 * @example
 * class Model extends nn.Module {
 *   ly1 = new nn.Linear(13, 30);
 *   ly2 = new nn.Linear(30, 5);
 *   forward(x) {
 *     return this.ly2.forward(this.ly1.forward(x).relu());
 *   }
 * }
 * const model = new Model();
 * model.namedParameters().map(([name]) => name); // ["ly1.weight", "ly1.bias", "ly2.weight", "ly2.bias"]
 * model.forward(zeros([32, 13])).shape; // [32, 5]
 */
export abstract class Module extends Parts {
  #training = true;
  #hooks: ModuleHooks | null = null;

  constructor() {
    super();
    knowClass(new.target.prototype);
  }

  /** Whether the module is in training mode, which for instance dropout depends on; set by `train()` and `eval()`. */
  get training(): boolean {
    if (recorder !== null) this.#watchMode();
    return this.#training;
  }
  set training(mode: boolean) {
    if (typeof mode !== 'boolean') throw typeError(placeOf(this, 'training'), `expected true or false, got ${describe(mode)}`);
    if (this.#training !== mode) countChange();
    this.#training = mode;
  }

  /** The module's calculation. It does not run hooks; `call` does. */
  abstract forward(...args: never[]): unknown;

  /** Runs `forward` on the arguments between the module's hooks, as containers do with their modules: `torch.nn.Module.__call__`. */
  call(...args: Parameters<this['forward']>): ReturnType<this['forward']> {
    if (recorder !== null) this.#watchHooks();
    const hooks = this.#hooks;
    if (hooks === null) return (recorder === null ? this.forward(...args) : callHeard(this, args)) as ReturnType<this['forward']>;
    const run = (given: readonly unknown[]) =>
      recorder === null ? this.forward(...(given as never[])) : callHeard(this, given as never[]);
    return hooks.around(args, run) as ReturnType<this['forward']>;
  }

  /**
   * Has `hook(module, args)` called before each `forward` that `call` runs; what it returns, unless undefined, replaces the arguments: an array all of
   * them, anything else the only one. With `prepend` it comes before the hooks that are there.
   *
   * @example
   * const layer = new nn.Identity();
   * layer.registerForwardPreHook((module, [x]) => x.mul(2));
   * layer.call(tensor([1, 2])).toArray(); // [2, 4]
   */
  registerForwardPreHook(hook: ForwardPreHook, options?: { prepend?: boolean }): HookHandle {
    return this.#hooksOf().forwardPre.add(placeOf(this, 'registerForwardPreHook'), hook, this.#prepend('registerForwardPreHook', options));
  }

  /**
   * Has `hook(module, args, output)` called after each `forward` that `call` runs; what it returns, unless undefined, replaces the output.
   *
   * In a compiled function and in a fit hooks of every kind are recorded: their tensor operations happen at each replay, their other JavaScript does not,
   * and values cannot be read there. A hook that is added or taken away is noticed by the next call.
   *
   * @example
   * const layer = new nn.Linear(2, 3);
   * const shapes = [];
   * const handle = layer.registerForwardHook((module, args, output) => void shapes.push(output.shape));
   * layer.call(zeros([4, 2]));
   * handle.remove();
   * shapes; // [[4, 3]]
   */
  registerForwardHook(hook: ForwardHook, options?: { prepend?: boolean }): HookHandle {
    return this.#hooksOf().forward.add(placeOf(this, 'registerForwardHook'), hook, this.#prepend('registerForwardHook', options));
  }

  /**
   * Has `hook(module, gradInput, gradOutput)` called in each backward pass when the gradients of the arguments that `call` was given are known; what it
   * returns, unless undefined, replaces them: an array with as many, or one tensor.
   *
   * Both are arrays with null for what has no gradient; where no argument requires one, the hook is called with those of the outputs. The module must return a
   * tensor or an array of them, and not change its arguments in place.
   *
   * @example
   * const layer = new nn.Linear(2, 1);
   * const seen = [];
   * layer.registerFullBackwardHook((module, [gradInput], [gradOutput]) => void seen.push(gradInput.shape, gradOutput.toArray()));
   * layer.call(ones([1, 2]).requiresGrad_()).sum().backward();
   * seen; // [[1, 2], [[1]]]
   */
  registerFullBackwardHook(hook: BackwardHook, options?: { prepend?: boolean }): HookHandle {
    return this.#hooksOf().backward.add(
      placeOf(this, 'registerFullBackwardHook'),
      hook,
      this.#prepend('registerFullBackwardHook', options),
    );
  }

  /**
   * Has `hook(module, gradOutput)` called in each backward pass when the gradients of the outputs of `call` are known; what it returns, unless undefined,
   * replaces them. See `registerFullBackwardHook`.
   *
   * @example
   * const layer = new nn.Identity();
   * layer.registerFullBackwardPreHook((module, [gradOutput]) => gradOutput.mul(3));
   * const x = ones([2]).requiresGrad_();
   * layer.call(x).sum().backward();
   * x.grad.toArray(); // [3, 3]
   */
  registerFullBackwardPreHook(hook: BackwardPreHook, options?: { prepend?: boolean }): HookHandle {
    const name = 'registerFullBackwardPreHook';
    return this.#hooksOf().backwardPre.add(placeOf(this, name), hook, this.#prepend(name, options));
  }

  /** Puts this module and its submodules into training mode, or with `false` into evaluation mode. Returns the module. */
  train(mode = true): this {
    if (typeof mode !== 'boolean') throw typeError(placeOf(this, 'train'), `expected true or false, got ${describe(mode)}`);
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Puts this module and its submodules into evaluation mode: `train(false)`. Returns the module. */
  eval(): this {
    return this.train(false);
  }

  /** Sets the gradient of every parameter to null, or with `setToNone: false` existing gradients to zeros. */
  zeroGrad(options?: ZeroGradOptions): void {
    this.parameters().forEach(clearingOf(placeOf(this, 'zeroGrad'), options));
  }

  /** Sets `requiresGrad` of every parameter: `requiresGrad_(false)` freezes the module. Returns the module. */
  requiresGrad_(requiresGrad = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(requiresGrad);
    return this;
  }

  /**
   * Calls `fn` with every module below this one, children before parents, and then with this one. Returns the module.
   *
   * @example
   * const model = new nn.Sequential(new nn.Linear(4, 3), new nn.Linear(3, 2));
   * model.apply((module) => {
   *   if (module instanceof nn.Linear) nn.init.zeros_(module.bias);
   * });
   */
  apply(fn: (module: Module) => void): this {
    if (typeof fn !== 'function') throw typeError(placeOf(this, 'apply'), `expected a function, got ${describe(fn)}`);
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /**
   * Every parameter and persistent buffer by its path, without history, on the module's own memory: `clone()` what is to be kept. `prefix` (default `""`)
   * stands before each path as it is, so that it ends with a dot.
   *
   * @example
   * Object.keys(new nn.Linear(2, 3).stateDict()); // ["weight", "bias"]
   * Object.keys(new nn.Linear(2, 3).stateDict({ prefix: "head." })); // ["head.weight", "head.bias"]
   */
  stateDict(options?: { prefix?: string }): StateDict {
    const where = placeOf(this, 'stateDict');
    const { prefix } = withDefaults(where, options, { prefix: '' });
    checkPrefix(where, prefix);
    const dict: StateDict = {};
    for (const [path, entry] of this.stateEntries('')) {
      if (entry instanceof Tensor) dict[prefix + path] = entry.detach();
      else if (entry.get !== null) dict[prefix + path] = entry.get() as Tensor;
    }
    return dict;
  }

  /**
   * What the module keeps beside its tensors: `torch.nn.Module.get_extra_state`. A class that overrides it has what it returns in state dicts, under
   * `_extra_state`, and overrides `setExtraState` as well.
   *
   * `io.saveCheckpoint` carries it where it is made of numbers, texts, lists, plain objects and tensors; `io.saveSafetensors` holds tensors alone and
   * refuses anything else; `io.saveModel` writes the module's fields instead. A TypeError where it is not overridden.
   *
   * @example
   * class Counted extends nn.Module {
   *   calls = 0;
   *   forward(x) {
   *     this.calls++;
   *     return x;
   *   }
   *   getExtraState() {
   *     return { calls: this.calls };
   *   }
   *   setExtraState({ calls }) {
   *     this.calls = calls;
   *   }
   * }
   * const [model, copy] = [new Counted(), new Counted()];
   * model.forward(ones([1]));
   * copy.loadStateDict(model.stateDict());
   * copy.calls; // 1
   */
  getExtraState(): unknown {
    throw typeError(placeOf(this, 'getExtraState'), 'the class does not override it, so that there is no extra state');
  }

  /**
   * Loads the result of `getExtraState` of a module of the same class: `torch.nn.Module.set_extra_state`. `loadStateDict` calls it after it has copied all
   * tensors. A TypeError if the class does not override it.
   */
  setExtraState(_state: unknown): void {
    throw typeError(placeOf(this, 'setExtraState'), 'the class does not override it, so that there is no extra state');
  }

  /** @internal */
  protected override extraState(): ExtraState | null {
    const get = this.getExtraState === Module.prototype.getExtraState ? null : () => this.getExtraState();
    const set = this.setExtraState === Module.prototype.setExtraState ? null : (state: unknown) => this.setExtraState(state);
    return get === null && set === null ? null : new ExtraState(get, set);
  }

  /**
   * Copies the values of a state dict into this module's parameters and buffers.
   *
   * With `strict` (the default) the keys must be exactly those of `stateDict()`; without it others are skipped and returned. A RangeError
   * that lists every key that is missing or unexpected and every tensor whose shape or dtype differs; nothing is changed then.
   */
  loadStateDict(dict: Readonly<StateDict>, options?: { strict?: boolean }): LoadResult {
    const where = placeOf(this, 'loadStateDict');
    const { strict } = withDefaults(where, options, { strict: true });
    const own = this.stateEntries('');
    const { lines, result } = mismatches(where, own, dict, strict);
    if (lines.length > 0) throw rangeError(where, ['the state dict does not fit:', ...lines].join('\n  '));
    this[initializeFrom](where, dict, '')();
    copyState(this.stateEntries(''), dict);
    return result;
  }

  /** @internal Makes the parameters of lazy modules, those in this module too, with the sizes of a state dict. */
  [initializeFrom](where: string, dict: Readonly<StateDict>, prefix: string): () => void {
    const made = this.namedChildren().map(([name, module]) => module[initializeFrom](where, dict, `${prefix}${name}.`));
    return () => {
      for (const make of made) make();
    };
  }

  /**
   * A copy of the module with all that it holds, which shares nothing with it: `copy.deepcopy` of a `torch.nn.Module`.
   *
   * Parameters, buffers, modules and other tensors are copied, and arrays, plain objects, Maps, Sets and typed arrays with what is in them; functions and other
   * objects are taken over as they are. What is one thing in the module, such as a tied weight, is one in the copy. The mode and whether gradients are needed
   * are kept, and so are the hooks of modules; gradients and the hooks of tensors are not. No constructor runs, so that a class may ask for any arguments.
   *
   * Fields and methods of the own class that are private to JavaScript, `#name`, cannot be copied: nobody but the class sees them. In the copy they are
   * missing, and whatever uses them throws a TypeError, such as "Cannot read private member #name from an object whose class did not declare it". Fields
   * without `#`, TypeScript's `private` ones too, are copied. A field that is an arrow function still knows the original as `this`.
   *
   * A RangeError for a field with a tensor that an operation made; a SimdnnError `"SIMDNN_NOT_RECORDABLE"` inside a compiled function.
   *
   * @example
   * const model = new nn.Linear(2, 1);
   * const copy = model.clone();
   * nn.init.zeros_(copy.weight);
   * model.weight.toArray()[0][0] === 0; // false
   */
  clone(): this {
    const where = placeOf(this, 'clone');
    if (recorder !== null) {
      throw new SimdnnError(
        'SIMDNN_NOT_RECORDABLE',
        `[${where}] a module cannot be copied inside a compiled function: each call would use the copy of the first\n  hint: copy it before the call`,
      );
    }
    return new Copies(where).of(this);
  }

  /** The text between the parentheses when this module is printed, e.g. `"p=0.5, inplace=False"`. */
  extraRepr(): string {
    return '';
  }

  /** The module and its submodules, printed as in PyTorch. */
  override toString(): string {
    const children = this.entriesOf().filter((field): field is Named<Module> => field[1] instanceof Module);
    const { name } = this.constructor;
    const shown = computedIn(this, 'parametrization').length > 0 ? `Parametrized${name}` : name;
    return formatModule(shown, this.extraRepr(), this.formatChildren(children));
  }

  /** @internal The children as [label, text], in the order in which they are printed. */
  protected formatChildren(children: readonly Named<Module>[]): Named<string>[] {
    return children.map(([name, module]) => [name, module.toString()]);
  }

  /** @internal */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** @internal */
  [copyInto](copies: Copies): this {
    const copy = copies.enter(this, this.blank(classOf(this)) as this);
    copy.#training = this.#training;
    copy.#hooks = this.#hooks?.of(copy) ?? null;
    this.copyPrivate(copy, copies);
    this.copyFields(copy, copies);
    return copy;
  }

  /** @internal A module of this class without its fields; a class with private fields makes it with its own constructor. */
  protected blank(of: new () => object): object {
    return Reflect.construct(Module, [], of) as object;
  }

  /** @internal Copies the private fields of a class of this library. */
  protected copyPrivate(_copy: this, _copies: Copies): void {}

  /** @internal Whether the module has any hooks. */
  isHooked(): boolean {
    return this.#hooks?.lists.some((list) => list.length > 0) ?? false;
  }

  #watchHooks(): void {
    const lists = this.#hooks?.lists ?? [];
    // No hooks so far and empty lists are equivalent.
    const same = (now: readonly unknown[]): boolean =>
      [0, 1, 2, 3].every((i) => now[i] === lists[i] || !((now[i] as [] | undefined)?.length || (lists[i] as [] | undefined)?.length));
    watch(() => same(this.#hooks?.lists ?? []));
  }

  #hooksOf(): ModuleHooks {
    this.#hooks ??= new ModuleHooks(this);
    return this.#hooks;
  }

  #prepend(method: string, options: { prepend?: boolean } | undefined): boolean {
    const where = placeOf(this, method);
    return checkBoolean(where, 'prepend', withDefaults(where, options, { prepend: false }).prepend);
  }

  #watchMode(): void {
    const training = this.#training;
    watch(() => this.#training === training);
  }
}

refuseAbsentNames(Module.prototype);

markOwn(Module);
