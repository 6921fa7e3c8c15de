// The contents of a module: parameters, buffers and submodules, found among its own properties, so that a subclass only needs plain class fields.
import { checkBoolean, describe, rangeError, typeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { Tensor } from '../tensor';
import { isAbsent } from './absent';
import { defineBuffer, replacedBuffer } from './buffers';
import type { Copies } from './clone';
import type { Module } from './module';
import { Buffer as BufferField, Parameter } from './parameter'; // Node has a Buffer of its own
import { enter } from './registry';
import type { ExtraState } from './state';
import { countChange } from './watch';

/** A tensor or module within a module, with its path: `ly1.weight`. */
export type Named<T> = [name: string, value: T];

/** Which contents of a module are listed, and under which names. */
export interface ListOptions {
  /** A prefix of each name, followed by a dot; default `""`. */
  prefix?: string;
  /** Whether the contents of submodules are listed; default true. */
  recurse?: boolean;
  /** Whether an object that is reached twice is listed once; default true. */
  removeDuplicate?: boolean;
}

// A module with its path and its properties.
interface Visited {
  path: string;
  module: Module;
  fields: readonly Named<unknown>[];
}

const isParameter = (field: Named<unknown>): field is Named<Parameter> => field[1] instanceof Parameter;

const join = (prefix: string, name: string): string => (prefix === '' ? name : `${prefix}.${name}`);

/** The name of a module's method, for messages. */
export const placeOf = (module: object, method: string): string => `${module.constructor.name}.${method}`;

/** Throws unless a prefix of names is a string. */
export function checkPrefix(where: string, prefix: unknown): string {
  if (typeof prefix !== 'string') throw typeError(where, `expected prefix to be a string, got ${describe(prefix)}`);
  return prefix;
}

/** The base of `Module`, which finds the module's contents by looking through its properties. */
export abstract class Parts {
  #buffers: Map<string, boolean> | null = null;

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
    const where = placeOf(this, 'registerBuffer');
    const { persistent } = withDefaults(where, options, { persistent: true });
    checkBoolean(where, 'persistent', persistent);
    const fields = this.#freeName(where, 'buffer', name, (value) => value instanceof BufferField || this.#buffers?.has(name) === true);
    if (tensor !== null && !(tensor instanceof Tensor)) throw typeError(where, `expected a tensor or null, got ${describe(tensor)}`);
    if (this.#buffers?.has(name) && recorder !== null && fields[name] !== tensor) throw replacedBuffer(placeOf(this, name), name);
    this.#setBuffer(name, tensor, persistent);
  }

  /**
   * Makes `parameter` the property `name`, as a field of the class does: for names that are only known when the program runs.
   *
   * A TypeError for what is neither a Parameter nor null, a RangeError for a name that is empty, has a dot or is taken by something else.
   *
   * @example
   * const model = new nn.Sequential();
   * model.registerParameter("scale", new nn.Parameter(ones([2])));
   * Object.keys(model.stateDict()); // ["scale"]
   */
  registerParameter(name: string, parameter: Parameter | null): void {
    const where = placeOf(this, 'registerParameter');
    const fields = this.#freeName(where, 'parameter', name, (value) => value === null || value instanceof Parameter);
    if (parameter !== null && !(parameter instanceof Parameter)) {
      throw typeError(where, `expected a Parameter or null, got ${describe(parameter)}`, 'new nn.Parameter(tensor) makes one');
    }
    fields[name] = parameter;
  }

  /**
   * Makes `module` the property `name`, as a field of the class does: for names that are only known when the program runs.
   *
   * A TypeError for what is neither a module nor null, a RangeError for a name that is empty, has a dot or is taken by something else.
   *
   * @example
   * const model = new nn.Sequential();
   * model.addModule("head", new nn.Linear(2, 1));
   * model.namedChildren()[0][0]; // "head"
   */
  addModule(name: string, module: Module | null): void {
    this.#addModule('addModule', name, module);
  }

  /** `addModule` under its other name. */
  registerModule(name: string, module: Module | null): void {
    this.#addModule('registerModule', name, module);
  }

  /**
   * The module at a path such as `"body.0"`, this one for `""`. A RangeError when there is none.
   *
   * @example
   * const model = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU());
   * model.getSubmodule("1").toString(); // "ReLU()"
   */
  getSubmodule(path: string): Module {
    return this.#at('getSubmodule', path);
  }

  /**
   * The parameter at a path such as `"body.0.weight"`. A RangeError when there is none.
   *
   * @example
   * new nn.Sequential(new nn.Linear(2, 3)).getParameter("0.bias").shape; // [3]
   */
  getParameter(path: string): Parameter {
    return this.#partAt('getParameter', 'parameter', path, (module) => module.entriesOf().filter(isParameter));
  }

  /** The buffer at a path such as `"body.0.mean"`. A RangeError if there is none. */
  getBuffer(path: string): Tensor {
    return this.#partAt('getBuffer', 'buffer', path, (module) => module.#ownBuffers());
  }

  /** The direct submodules, with the names of their fields. */
  namedChildren(): Named<Module>[] {
    const children = this.entriesOf().filter((field): field is Named<Module> => field[1] instanceof Parts);
    if (children.length < 2) return children;
    const seen = new Set<Module>();
    return children.filter(([, module]) => !seen.has(module) && seen.add(module));
  }

  /** The direct submodules. */
  children(): Module[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /** This module, as `""`, and every module below it, parents first, with paths such as `"body.0"`. */
  namedModules(options?: Omit<ListOptions, 'recurse'>): Named<Module>[] {
    const where = placeOf(this, 'namedModules');
    const { prefix, removeDuplicate } = withDefaults(where, options, { prefix: '', removeDuplicate: true });
    checkBoolean(where, 'removeDuplicate', removeDuplicate);
    return this.#walk(checkPrefix(where, prefix), removeDuplicate).map(({ path, module }) => [path, module]);
  }

  /** This module and every module below it, parents first. */
  modules(): Module[] {
    return this.#walk('', true).map(({ module }) => module);
  }

  /** Every parameter with its path, such as `"ly1.weight"`: a module's own before those of its children. */
  namedParameters(options?: ListOptions): Named<Parameter>[] {
    return this.#collect('namedParameters', options, ({ fields }) => fields.filter(isParameter));
  }

  /** Every parameter: what an optimizer is given. With `recurse: false` the module's own. */
  parameters(options?: { recurse?: boolean }): Parameter[] {
    return this.#collect('parameters', options, ({ fields }) => fields.filter(isParameter)).map(([, parameter]) => parameter);
  }

  /** Every buffer with its path. */
  namedBuffers(options?: ListOptions): Named<Tensor>[] {
    return this.#collect('namedBuffers', options, ({ module }) => module.#ownBuffers());
  }

  /** Every buffer. With `recurse: false` the module's own. */
  buffers(options?: { recurse?: boolean }): Tensor[] {
    return this.#collect('buffers', options, ({ module }) => module.#ownBuffers()).map(([, buffer]) => buffer);
  }

  /** @internal The properties in the order in which the contents are listed. */
  protected ownEntries(): Named<unknown>[] {
    return Object.entries(this);
  }

  /** @internal The same, after its parameters were registered as this module's, and values written as a Buffer made buffers. */
  protected entriesOf(): Named<unknown>[] {
    const fields = this.ownEntries();
    for (const [name, value] of fields) {
      if (value instanceof Parameter) enter(value, this);
      else if (value instanceof BufferField && this.#buffers?.has(name) !== true) this.#setBuffer(name, value, value.persistent);
    }
    return fields;
  }

  #setBuffer(name: string, tensor: Tensor | null, persistent: boolean): void {
    this.#buffers ??= new Map();
    this.#buffers.set(name, persistent);
    defineBuffer(this, placeOf(this, name), name, tensor);
  }

  /** @internal Copies the properties, including which of them are buffers. */
  protected copyFields(copy: this, copies: Copies): void {
    this.entriesOf();
    copy.#buffers = this.#buffers && new Map(this.#buffers);
    copies.properties(this, copy, (name) => {
      if (!this.#buffers?.has(name)) return false;
      defineBuffer(copy, placeOf(this, name), name, copies.of((this as unknown as Record<string, unknown>)[name]));
      return true;
    });
  }

  /** @internal Removes a buffer that another property replaces; returns false if there is none of this name. */
  takeBuffer(name: string): boolean {
    if (this.#buffers?.delete(name) !== true) return false;
    delete (this as unknown as Record<string, unknown>)[name];
    countChange();
    return true;
  }

  // Throws unless `name` is free among the properties, or is that of one which may be replaced.
  #freeName(where: string, kind: string, name: string, replaceable: (value: unknown) => boolean): Record<string, unknown> {
    if (typeof name !== 'string') throw typeError(where, `expected the name to be a string, got ${describe(name)}`);
    if (name === '' || name.includes('.')) throw rangeError(where, `a ${kind} cannot be called ${describe(name)}`);
    const fields = this as unknown as Record<string, unknown>;
    const isFree = Object.hasOwn(this, name) ? fields[name] === undefined || replaceable(fields[name]) : isAbsent(name) || !(name in this);
    if (!isFree) throw rangeError(where, `the module already has a property "${name}"`);
    return fields;
  }

  #addModule(method: string, name: string, module: Module | null): void {
    const where = placeOf(this, method);
    const fields = this.#freeName(where, 'module', name, (value) => value === null || value instanceof Parts);
    if (module !== null && !((module as unknown) instanceof Parts))
      throw typeError(where, `expected a module or null, got ${describe(module)}`);
    fields[name] = module;
  }

  #at(method: string, path: string): Module {
    const where = placeOf(this, method);
    if (typeof path !== 'string') throw typeError(where, `expected the path to be a string, got ${describe(path)}`);
    let module = this.#self();
    if (path === '') return module;
    for (const name of path.split('.')) {
      const next = module.entriesOf().find(([own, value]) => own === name && value instanceof Parts);
      if (next === undefined) throw rangeError(where, `${module.constructor.name} has no module "${name}" (path ${describe(path)})`);
      module = next[1] as Module;
    }
    return module;
  }

  #partAt<T>(method: string, kind: string, path: string, own: (module: Module) => Named<T>[]): T {
    const at = `${path}`.lastIndexOf('.');
    const module = this.#at(method, typeof path === 'string' ? path.slice(0, Math.max(0, at)) : path);
    const found = own(module).find(([name]) => name === path.slice(at + 1));
    if (found !== undefined) return found[1];
    throw rangeError(placeOf(this, method), `${module.constructor.name} has no ${kind} "${path.slice(at + 1)}" (path ${describe(path)})`);
  }

  // Every object of this class is one of the class below.
  #self(): Module {
    return this as unknown as Module;
  }

  #ownBuffers(): Named<Tensor>[] {
    this.entriesOf();
    if (this.#buffers === null) return [];
    const fields = this as unknown as Record<string, unknown>;
    return [...this.#buffers.keys()].map((name) => [name, fields[name]] as const).filter((f): f is Named<Tensor> => f[1] instanceof Tensor);
  }

  // One list for the whole model, because a fit visits its model after every epoch.
  #walk(prefix: string, removeDuplicate: boolean): Visited[] {
    const found: Visited[] = [];
    const above = new Set<Module>(); // stops at a module that contains its own parent
    const visit = (path: string, module: Module): void => {
      if (above.has(module)) return;
      above.add(module);
      const fields = module.entriesOf();
      found.push({ path, module, fields });
      for (const [name, value] of fields) if (value instanceof Parts) visit(join(path, name), value as Module);
      if (!removeDuplicate) above.delete(module); // otherwise it is not visited a second time
    };
    visit(prefix, this.#self());
    return found;
  }

  // The contents that each module lists itself, with full paths.
  #collect<T>(method: string, options: ListOptions | undefined, own: (visited: Visited) => Named<T>[]): Named<T>[] {
    const where = placeOf(this, method);
    const { prefix, recurse, removeDuplicate } = withDefaults(where, options, { prefix: '', recurse: true, removeDuplicate: true });
    checkPrefix(where, prefix);
    checkBoolean(where, 'recurse', recurse);
    checkBoolean(where, 'removeDuplicate', removeDuplicate);
    const seen = new Set<T>();
    const found: Named<T>[] = [];
    const here = (): Visited => ({ path: prefix, module: this.#self(), fields: this.entriesOf() });
    for (const visited of recurse ? this.#walk(prefix, removeDuplicate) : [here()]) {
      for (const [name, value] of own(visited)) {
        if (removeDuplicate && seen.has(value)) continue;
        seen.add(value);
        found.push([join(visited.path, name), value]);
      }
    }
    return found;
  }

  /** @internal The module's extra state, besides tensors; null if its class has none. */
  protected extraState(): ExtraState | null {
    return null;
  }

  /** @internal The entries of the state dict: unlike the lists above, a shared tensor is listed under each of its names. */
  stateEntries(prefix: string): Named<Tensor | ExtraState>[] {
    const fields = this.entriesOf();
    const parameters = fields.filter(isParameter);
    const buffers = this.#ownBuffers().filter(([name]) => this.#buffers!.get(name));
    const here = [...parameters, ...buffers].map(([name, tensor]): Named<Tensor> => [join(prefix, name), tensor]);
    const extra = this.extraState();
    const beside: Named<ExtraState>[] = extra === null ? [] : [[join(prefix, '_extra_state'), extra]];
    const children = fields.filter((field): field is Named<Module> => field[1] instanceof Parts);
    return [...here, ...beside, ...children.flatMap(([name, module]) => module.stateEntries(join(prefix, name)))];
  }
}
