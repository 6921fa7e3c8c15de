// Modules made of modules.
import { describe, rangeError, typeError } from '../errors';
import { recorder } from '../recorder';
import type { Tensor } from '../tensor';
import { groupAlike } from './format';
import { Module } from './module';

/** A module from one tensor to one tensor, as `Sequential` chains them. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

// Modules under the names 0, 1, 2, ...: properties of these names are the only list of them.
abstract class Numbered<T extends Module> extends Module implements Iterable<T> {
  [index: number]: T;
  #length = 0;

  /** The number of modules. */
  get length(): number {
    return this.#length;
  }

  /** The module at `index`; -1 is the last. A RangeError when there is none. */
  at(index: number): T {
    const i = index < 0 ? index + this.#length : index;
    const module = Number.isInteger(i) ? this[i] : undefined;
    if (module === undefined) throw rangeError(`${this.constructor.name}.at`, `there is no module ${index} among ${this.#length}`);
    return module;
  }

  /** Adds a module at the end. Returns the container. */
  append(module: T): this {
    this[this.#length] = this.#checked('append', module);
    this.#length++;
    return this;
  }

  /** Adds modules at the end. Returns the container. */
  extend(modules: Iterable<T>): this {
    for (const module of [...modules]) this.append(module);
    return this;
  }

  /** Puts a module before the one at `index`, from 0 to `length`. */
  insert(index: number, module: T): void {
    if (!Number.isInteger(index) || index < 0 || index > this.#length) {
      throw rangeError(`${this.constructor.name}.insert`, `index ${index} is outside [0, ${this.#length}]`);
    }
    this.#checked('insert', module);
    for (let i = this.#length; i > index; i--) this[i] = this[i - 1]!;
    this[index] = module;
    this.#length++;
  }

  /** The modules in order. */
  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.#length; i++) yield this[i]!;
  }

  #checked(method: string, module: T): T {
    if (!(module instanceof Module)) throw typeError(`${this.constructor.name}.${method}`, `expected a module, got ${describe(module)}`);
    return module;
  }
}

/**
 * Modules one after the other, each called with the output of the one before: `torch.nn.Sequential`.
 *
 * The parts are `model[0]`, `model[1]`, ... and can be replaced by assignment.
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
    if (recorder !== null) {
      const layers = [...this];
      recorder.guard(() => this.length === layers.length && layers.every((layer, i) => this[i] === layer));
    }
    let y = x;
    for (let i = 0; i < this.length; i++) y = this[i]!.call(y);
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
