// Modules made of modules.
import { describe, rangeError, typeError } from '../errors';
import { recorder } from '../recorder';
import type { Tensor } from '../tensor';
import type { Copies } from './clone';
import { groupAlike } from './format';
import { checkInputs } from './inputs';
import { Module } from './module';
import { countChange, watch } from './watch';

/** A module from one tensor to one tensor, as `Sequential` chains them. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

const alike = (a: readonly Module[], b: readonly Module[]): boolean =>
  a === b || (a.length === b.length && a.every((module, i) => module === b[i]));

// Modules under the names 0, 1, 2, ...: own properties, as a module finds its parts, that read and write one list.
abstract class Numbered<T extends Module> extends Module implements Iterable<T> {
  [index: number]: T;
  #modules: readonly T[] = []; // another list after each change

  /** @internal The modules as they are. A recording that asks for them holds while they are the same. */
  protected get parts(): readonly T[] {
    if (recorder !== null) this.#watch();
    return this.#modules;
  }

  /** The number of modules. */
  get length(): number {
    return this.parts.length;
  }

  /** The module at `index`; -1 is the last. A RangeError when there is none. */
  at(index: number): T {
    return this.parts[this.#position('at', index)]!;
  }

  /** Adds a module at the end. Returns the container. */
  append(module: T): this {
    return this.#take([...this.#modules, this.#checked('.append', module)]);
  }

  /** Adds modules at the end. Returns the container. */
  extend(modules: Iterable<T>): this {
    return this.#take([...this.#modules, ...[...modules].map((module) => this.#checked('.append', module))]);
  }

  /** Puts a module before the one at `index`, from 0 to `length`. */
  insert(index: number, module: T): void {
    if (!Number.isInteger(index) || index < 0 || index > this.#modules.length) {
      throw rangeError(`${this.constructor.name}.insert`, `index ${index} is outside [0, ${this.#modules.length}]`);
    }
    this.#take(this.#modules.toSpliced(index, 0, this.#checked('.insert', module)));
  }

  /** Takes out the module at `index`, by default the last, and returns it. A RangeError when there is none. */
  pop(index = -1): T {
    const position = this.#position('pop', index);
    const module = this.#modules[position]!;
    this.#take(this.#modules.toSpliced(position, 1));
    return module;
  }

  /** The modules in order. */
  *[Symbol.iterator](): Iterator<T> {
    yield* this.parts;
  }

  /** @internal */
  protected override blank(of: new () => object): object {
    return Reflect.construct(Numbered, [], of) as object;
  }

  /** @internal */
  protected override copyPrivate(copy: this, copies: Copies): void {
    copy.#take(this.#modules.map((module) => copies.of(module)));
  }

  #take(modules: readonly T[]): this {
    for (let i = this.#modules.length; i < modules.length; i++) this.#open(i);
    for (let i = modules.length; i < this.#modules.length; i++) delete this[i];
    this.#modules = modules;
    countChange();
    return this;
  }

  #open(index: number): void {
    Object.defineProperty(this, index, {
      get: () => this.parts[index],
      set: (module: T) => void this.#take(this.#modules.with(index, this.#checked(`[${index}]`, module))),
      enumerable: true,
      configurable: true,
    });
  }

  #watch(): void {
    const modules = this.#modules;
    watch(() => alike(this.#modules, modules));
  }

  #position(method: string, index: number): number {
    const { length } = this.#modules;
    const position = index < 0 ? index + length : index;
    if (Number.isInteger(position) && position >= 0 && position < length) return position;
    throw rangeError(`${this.constructor.name}.${method}`, `there is no module ${index} among ${length}`);
  }

  #checked(place: string, module: T): T {
    if (!(module instanceof Module)) throw typeError(`${this.constructor.name}${place}`, `expected a module, got ${describe(module)}`);
    return module;
  }
}

/**
 * Modules one after the other, each called with the output of the one before: `torch.nn.Sequential`.
 *
 * The parts are `model[0]`, `model[1]`, ... and can be replaced by assignment. `forward` takes one input, and so does every part.
 *
 * @example
 * const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
 * model.forward(zeros([2, 4])).shape; // [2, 3]
 * model[0].toString(); // "Linear(in_features=4, out_features=8, bias=True)"
 */
export class Sequential extends Numbered<Layer> {
  constructor(...layers: Layer[]) {
    super();
    this.extend(layers);
  }

  override forward(x: Tensor): Tensor {
    checkInputs('Sequential.forward', arguments.length);
    const layers = this.parts;
    let y = x;
    for (let i = 0; i < layers.length; i++) y = layers[i]!.call(y);
    return y;
  }
}

/**
 * A list of modules, so that a module finds their parameters: `torch.nn.ModuleList`.
 *
 * It has no `forward`: the module that holds it calls the parts, `list[0]`, `list[1]`, ..., as it needs them.
 *
 * @example
 * const list = new nn.ModuleList([new nn.Linear(4, 4), new nn.Linear(4, 4)]);
 * let x = zeros([2, 4]);
 * for (const layer of list) x = layer.forward(x).relu();
 * list.namedParameters().map(([name]) => name); // ["0.weight", "0.bias", "1.weight", "1.bias"]
 */
export class ModuleList<T extends Module = Module> extends Numbered<T> {
  constructor(modules: Iterable<T> = []) {
    super();
    this.extend(modules);
  }

  override forward(): never {
    throw typeError('ModuleList.forward', 'a list of modules has no forward', 'call its parts, or use Sequential');
  }

  /** @internal */
  protected override formatChildren(children: readonly [string, Module][]): [string, string][] {
    return groupAlike(children.map(([, module]) => module.toString()));
  }
}
