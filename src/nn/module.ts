// What a model is made of. A module finds its parts by looking through its own properties, so plain class
// fields are all that a subclass needs.
import { describe, rangeError, SimdnnError, typeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { Tensor } from '../tensor';
import { defineBuffer, replacedBuffer } from './buffers';
import { Copies, classOf, copyInto } from './clone';
import { formatModule } from './format';
import { callHeard, knowClass } from './forwards';
import { Parameter } from './parameter';
import { enter } from './registry';
import { copyState, type LoadResult, mismatches, type StateDict } from './state';
import { countChange, watch } from './watch';

/** Called after `forward` with the module, its arguments and its output; what it returns, unless undefined, replaces the output. */
export type ForwardHook = (module: Module, args: readonly unknown[], output: unknown) => unknown;

/** Takes a hook away again. */
export interface HookHandle {
  /** From now on the hook is not called; a second time has no effect. */
  remove(): void;
}

/** Something found in a module, with its path: `ly1.weight`. */
export type Named<T> = [name: string, value: T];

const join = (prefix: string, name: string): string => (prefix === '' ? name : `${prefix}.${name}`);

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
export abstract class Module {
  #training = true;
  #buffers: Map<string, boolean> | null = null;
  #hooks: readonly ForwardHook[] | null = null; // another list after each change

  constructor() {
    knowClass(new.target.prototype);
  }

  /** Whether the module is in training mode, which dropout asks for; set by `train()` and `eval()`. */
  get training(): boolean {
    if (recorder !== null) this.#watchMode();
    return this.#training;
  }
  set training(mode: boolean) {
    if (typeof mode !== 'boolean') throw typeError(this.#where('training'), `expected true or false, got ${describe(mode)}`);
    if (this.#training !== mode) countChange();
    this.#training = mode;
  }

  /** The module's calculation. Hooks are not run by it, but by `call`. */
  abstract forward(...args: never[]): unknown;

  /** Runs `forward` on the arguments, then the forward hooks: what containers do with their parts. */
  call(...args: Parameters<this['forward']>): ReturnType<this['forward']> {
    if (recorder !== null) this.#watchHooks();
    const output = recorder === null ? this.forward(...args) : callHeard(this, args);
    return (this.#hooks === null ? output : this.#runHooks(args, output)) as ReturnType<this['forward']>;
  }

  /**
   * Has `hook(module, args, output)` called after each `forward` that `call` runs; what it returns, unless undefined, replaces the output.
   *
   * @example
   * const layer = new nn.Linear(2, 3);
   * const shapes = [];
   * const handle = layer.registerForwardHook((module, args, output) => void shapes.push(output.shape));
   * layer.call(zeros([4, 2]));
   * handle.remove();
   * shapes; // [[4, 3]]
   */
  registerForwardHook(hook: ForwardHook): HookHandle {
    if (typeof hook !== 'function') throw typeError(this.#where('registerForwardHook'), `expected a function, got ${describe(hook)}`);
    const own: ForwardHook = (...args) => hook(...args); // the same function twice is two hooks
    const set = (hooks: readonly ForwardHook[]) => {
      this.#hooks = hooks.length > 0 ? hooks : null;
      countChange();
    };
    set([...(this.#hooks ?? []), own]);
    return {
      remove: () => {
        if (this.#hooks?.includes(own)) set(this.#hooks.filter((other) => other !== own));
      },
    };
  }

  /**
   * Makes `tensor` the property `name`: state that is saved and loaded with the module but not learned, such as running means.
   *
   * With `persistent: false` the state dict leaves it out. A recorded function notices when another tensor has taken its place since, but cannot put one
   * there itself: that is a SimdnnError `"SIMDNN_NOT_RECORDABLE"`. In TypeScript a field that only types the buffer is `declare`d.
   *
   * A TypeError for a name that is not a string or a value that is not a tensor, a RangeError for a name that is empty, has a dot or is taken.
   *
   * @example
   * class Centre extends nn.Module {
   *   declare mean: Tensor;
   *   constructor() {
   *     super();
   *     this.registerBuffer("mean", zeros([2]));
   *   }
   *   forward(x: Tensor) {
   *     return x.sub(this.mean);
   *   }
   * }
   * Object.keys(new Centre().stateDict()); // ["mean"]
   */
  registerBuffer(name: string, tensor: Tensor | null, options?: { persistent?: boolean }): void {
    const where = this.#where('registerBuffer');
    const { persistent } = withDefaults(where, options, { persistent: true });
    if (typeof name !== 'string') throw typeError(where, `expected the name to be a string, got ${describe(name)}`);
    if (name === '' || name.includes('.')) throw rangeError(where, `a buffer cannot be called ${describe(name)}`);
    const fields = this as unknown as Record<string, unknown>;
    if (fields[name] !== undefined && !this.#buffers?.has(name)) throw rangeError(where, `the module already has a property "${name}"`);
    if (tensor !== null && !(tensor instanceof Tensor)) throw typeError(where, `expected a tensor or null, got ${describe(tensor)}`);
    if (this.#buffers?.has(name) && recorder !== null && fields[name] !== tensor) throw replacedBuffer(this.#where(name), name);
    this.#buffers ??= new Map();
    this.#buffers.set(name, persistent);
    defineBuffer(this, this.#where(name), name, tensor);
  }

  /** The modules that this one holds itself, with the names of their fields. */
  namedChildren(): Named<Module>[] {
    const children = this.#fields().filter((field): field is Named<Module> => field[1] instanceof Module);
    if (children.length < 2) return children;
    const seen = new Set<Module>();
    return children.filter(([, module]) => !seen.has(module) && seen.add(module));
  }

  /** The modules that this one holds itself. */
  children(): Module[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /** This module, as `""`, and every module below it, parents first, with paths such as `"body.0"`. */
  namedModules(): Named<Module>[] {
    const seen = new Set<Module>();
    const found: Named<Module>[] = [];
    const visit = (path: string, module: Module): void => {
      if (seen.has(module)) return;
      seen.add(module);
      found.push([path, module]);
      for (const [name, child] of module.namedChildren()) visit(join(path, name), child);
    };
    visit('', this);
    return found;
  }

  /** This module and every module below it, parents first. */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  /** Every parameter with its path, such as `"ly1.weight"`: a module's own before those of its children. */
  namedParameters(): Named<Parameter>[] {
    return this.#collect((module) => module.#fields().filter((field): field is Named<Parameter> => field[1] instanceof Parameter));
  }

  /** Every parameter: what an optimizer is given. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** Every buffer with its path. */
  namedBuffers(): Named<Tensor>[] {
    return this.#collect((module) => module.#ownBuffers());
  }

  /** Every buffer. */
  buffers(): Tensor[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /** Puts this module and all below it into training mode, or with `false` into evaluation mode. Returns the module. */
  train(mode = true): this {
    if (typeof mode !== 'boolean') throw typeError(this.#where('train'), `expected true or false, got ${describe(mode)}`);
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Puts this module and all below it into evaluation mode: `train(false)`. Returns the module. */
  eval(): this {
    return this.train(false);
  }

  /** Sets the gradient of every parameter to null. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.clearGradient();
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
    if (typeof fn !== 'function') throw typeError(this.#where('apply'), `expected a function, got ${describe(fn)}`);
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /**
   * Every parameter and persistent buffer by its path, without history, on the module's own memory: `clone()` what is to be kept.
   *
   * @example
   * Object.keys(new nn.Linear(2, 3).stateDict()); // ["weight", "bias"]
   */
  stateDict(): StateDict {
    const dict: StateDict = {};
    for (const [path, tensor] of this.#state('')) dict[path] = tensor.detach();
    return dict;
  }

  /**
   * Copies the values of a state dict into this module's parameters and buffers.
   *
   * With `strict` (the default) the keys must be exactly those of `stateDict()`; without it others are skipped and returned. A RangeError
   * that lists every key that is missing or unexpected and every tensor whose shape or dtype differs; nothing is changed then.
   */
  loadStateDict(dict: Readonly<StateDict>, options?: { strict?: boolean }): LoadResult {
    const where = this.#where('loadStateDict');
    const { strict } = withDefaults(where, options, { strict: true });
    const own = this.#state('');
    const { lines, result } = mismatches(where, own, dict, strict);
    if (lines.length > 0) throw rangeError(where, ['the state dict does not fit:', ...lines].join('\n  '));
    copyState(own, dict);
    return result;
  }

  /**
   * A copy of the module with all that it holds, which shares nothing with it: `copy.deepcopy` of a `torch.nn.Module`.
   *
   * Parameters, buffers, modules and other tensors are copied, and arrays, plain objects, Maps, Sets and typed arrays with what is in them; functions and other
   * objects are taken over as they are. What is one thing in the module, such as a tied weight, is one in the copy. The mode and whether gradients are needed
   * are kept, and so are forward hooks; gradients are not. No constructor runs, so that a class may ask for any arguments.
   *
   * Fields and methods of the own class that are private to JavaScript, `#name`, cannot be copied: nobody but the class sees them. In the copy they are missing,
   * and whatever uses them throws a TypeError, such as "Cannot read private member #name from an object whose class did not declare it". Fields without `#`,
   * TypeScript's `private` ones too, are copied. A field that is an arrow function still knows the original as `this`.
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
    const where = this.#where('clone');
    if (recorder !== null) {
      throw new SimdnnError(
        'SIMDNN_NOT_RECORDABLE',
        `[${where}] a module cannot be copied inside a compiled function: each call would use the copy of the first\n  hint: copy it before the call`,
      );
    }
    return new Copies(where).of(this);
  }

  /** What stands between the parentheses of this module when it is printed, e.g. `"p=0.5, inplace=False"`. */
  extraRepr(): string {
    return '';
  }

  /** The module and all below it, printed as PyTorch prints them. */
  toString(): string {
    const children = this.#fields().filter((field): field is Named<Module> => field[1] instanceof Module);
    return formatModule(this.constructor.name, this.extraRepr(), this.formatChildren(children));
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
    copy.#hooks = this.#hooks;
    copy.#buffers = this.#buffers && new Map(this.#buffers);
    this.copyPrivate(copy, copies);
    return copies.properties(this, copy, (name) => {
      if (!this.#buffers?.has(name)) return false;
      defineBuffer(copy, this.#where(name), name, copies.of((this as unknown as Record<string, unknown>)[name]));
      return true;
    });
  }

  /** @internal A module of this class without its fields: a class with private ones makes it with its own constructor. */
  protected blank(of: new () => object): object {
    return Reflect.construct(Module, [], of) as object;
  }

  /** @internal Copies what a class of this library keeps in private fields. */
  protected copyPrivate(_copy: this, _copies: Copies): void {}

  #watchHooks(): void {
    const hooks = this.#hooks;
    watch(() => this.#hooks === hooks);
  }

  #watchMode(): void {
    const training = this.#training;
    watch(() => this.#training === training);
  }

  #runHooks(args: readonly unknown[], output: unknown): unknown {
    let result = output;
    for (const hook of this.#hooks!) {
      const replaced = hook(this, args, result);
      if (replaced !== undefined) result = replaced;
    }
    return result;
  }

  #where(method: string): string {
    return `${this.constructor.name}.${method}`;
  }

  #fields(): Named<unknown>[] {
    const fields = Object.entries(this);
    for (const [, value] of fields) if (value instanceof Parameter) enter(value, this);
    return fields;
  }

  #ownBuffers(): Named<Tensor>[] {
    if (this.#buffers === null) return [];
    const fields = this as unknown as Record<string, unknown>;
    return [...this.#buffers.keys()].map((name) => [name, fields[name]] as const).filter((f): f is Named<Tensor> => f[1] instanceof Tensor);
  }

  // What each module lists itself, with full paths, each value once.
  #collect<T>(own: (module: Module) => Named<T>[]): Named<T>[] {
    const seen = new Set<T>();
    const found: Named<T>[] = [];
    for (const [path, module] of this.namedModules()) {
      for (const [name, value] of own(module)) {
        if (seen.has(value)) continue;
        seen.add(value);
        found.push([join(path, name), value]);
      }
    }
    return found;
  }

  // The entries of the state dict: unlike the lists above, a shared part stands under each of its names.
  #state(prefix: string): Named<Tensor>[] {
    const fields = this.#fields();
    const parameters = fields.filter((field): field is Named<Tensor> => field[1] instanceof Parameter);
    const buffers = this.#ownBuffers().filter(([name]) => this.#buffers!.get(name));
    const here = [...parameters, ...buffers].map(([name, tensor]): Named<Tensor> => [join(prefix, name), tensor]);
    const children = fields.filter((field): field is Named<Module> => field[1] instanceof Module);
    return [...here, ...children.flatMap(([name, module]) => module.#state(join(prefix, name)))];
  }
}
