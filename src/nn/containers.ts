// Containers of modules.
import { describe, typeError } from '../errors';
import type { Tensor } from '../tensor';
import { groupAlike } from './format';
import { checkInputs } from './inputs';
import { Keyed, type NamedParts } from './keyed';
import { Module } from './module';
import { Numbered } from './numbered';

/** A module from one tensor to one tensor, as `Sequential` chains them. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

function checkModule<T extends Module>(place: string, module: T): T {
  if (!(module instanceof Module)) throw typeError(place, `expected a module, got ${describe(module)}`);
  return module;
}

/**
 * Modules one after the other, each called with the output of the one before: `torch.nn.Sequential`.
 *
 * The modules are `model[0]`, `model[1]`, ... and can be replaced by assignment. `forward` takes one input, and so does every module.
 *
 * @example
 * const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
 * model.forward(zeros([2, 4])).shape; // [2, 3]
 * model[0].toString(); // "Linear(in_features=4, out_features=8, bias=True)"
 */
export class Sequential extends Numbered<Layer> {
  constructor(...layers: Layer[]) {
    super('module', checkModule);
    this.extend(layers);
  }

  override forward(x: Tensor): Tensor {
    checkInputs('Sequential.forward', arguments.length);
    const layers = this.parts;
    let y = x;
    for (let i = 0; i < layers.length; i++) y = layers[i]!.call(y);
    return y;
  }

  /**
   * A Sequential of the modules from `start` to `end` (excluded), as `Array.slice`; both containers share them.
   *
   * @example
   * const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
   * model.slice(0, -1).forward(zeros([2, 4])).shape; // [2, 8]
   */
  slice(start?: number, end?: number): Sequential {
    return new Sequential(...this.range(start, end));
  }
}

/**
 * A list of modules whose parameters belong to the module that contains the list: `torch.nn.ModuleList`.
 *
 * It has no `forward`: the module that contains it calls `list[0]`, `list[1]`, ... as it needs them.
 *
 * @example
 * const list = new nn.ModuleList([new nn.Linear(4, 4), new nn.Linear(4, 4)]);
 * let x = zeros([2, 4]);
 * for (const layer of list) x = layer.forward(x).relu();
 * list.namedParameters().map(([name]) => name); // ["0.weight", "0.bias", "1.weight", "1.bias"]
 */
export class ModuleList<T extends Module = Module> extends Numbered<T> {
  constructor(modules: Iterable<T> = []) {
    super('module', checkModule);
    this.extend(modules);
  }

  override forward(): never {
    throw typeError('ModuleList.forward', 'a list of modules has no forward', 'call its parts, or use Sequential');
  }

  /** A list of the modules from `start` to `end` (excluded), as `Array.slice`; both lists share them. */
  slice(start?: number, end?: number): ModuleList<T> {
    return new ModuleList(this.range(start, end));
  }

  /** @internal */
  protected override formatChildren(children: readonly [string, Module][]): [string, string][] {
    return groupAlike(children.map(([, module]) => module.toString()));
  }
}

/**
 * Modules by name, whose parameters belong to the module that contains the dictionary: `torch.nn.ModuleDict`.
 *
 * It has the methods of a Map, keeps the order of insertion, and has each module as a property too. A name must not be empty, contain a dot or be that of
 * a method. It has no `forward`.
 *
 * @example
 * const heads = new nn.ModuleDict({ mean: new nn.Linear(4, 1), spread: new nn.Linear(4, 1, { bias: false }) });
 * heads.get("mean").forward(zeros([2, 4])).shape; // [2, 1]
 * Object.keys(heads.stateDict()); // ["mean.weight", "mean.bias", "spread.weight"]
 */
export class ModuleDict<T extends Module = Module> extends Keyed<T> {
  constructor(modules: NamedParts<T> = {}) {
    super('module', checkModule);
    this.update(modules);
  }

  override forward(): never {
    throw typeError('ModuleDict.forward', 'modules by name have no forward', 'call its parts: dict.get(name).call(x)');
  }
}
