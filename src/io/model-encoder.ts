// A model as data: a list of its modules with their fields, each module after its submodules.
import * as data from '../data';
import { describe, rangeError, typeError } from '../errors';
import type { TensorData } from '../memory';
import { Module, Parameter } from '../nn';
import { computedIn } from '../nn/computed';
import { refuseUninitialized } from '../nn/parameter';
import { Tensor } from '../tensor';
import { Writer } from './codec';
import { library, type ModuleClass, partsIn } from './library';

/** A module in a file. */
export interface Node {
  class: string;
  /** Whether the class is one of the user's. */
  own: boolean;
  training: boolean;
  fields: [name: string, value: unknown][];
  buffers: [name: string, value: unknown, persistent: boolean][];
  /** Of containers. */
  parts?: [name: string, value: unknown][];
}

/** A tensor of the model in a file; tensors with the same name share their memory. */
export interface SharedTensor {
  name: string;
  parameter: boolean;
  requiresGrad: boolean;
  /** Its shape, if it is on the memory of a tensor with another shape. */
  shape?: number[];
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

// A prefix of the names of tensors that are not in the state dict.
const outside = 'simdnn:';

interface Transformer {
  stateDict(): unknown;
  loadStateDict(state: unknown): void;
}
const isTransformer = (value: object): value is Transformer =>
  typeof (value as Transformer).stateDict === 'function' && typeof (value as Transformer).loadStateDict === 'function';

/** Converts a model to data. */
export class ModelEncoder {
  readonly nodes: Node[] = [];
  readonly tensors: SharedTensor[] = [];
  readonly writer: Writer;
  private readonly modules = new Map<object, number>();
  private readonly seen = new Map<object, number>();
  private readonly memory = new Map<TensorData, { name: string; shape: string }>();
  private readonly above = new Set<object>();
  private readonly looked = new Set<object>();
  private readonly classes = new Map<string, unknown>();
  private persistent: ReadonlySet<string> = new Set();

  constructor(private readonly where: string) {
    this.writer = new Writer(
      where,
      (value, path) => {
        if (value instanceof Module) return { $module: this.module(value, path) };
        if (value instanceof Tensor) return { $shared: this.tensor(value, path) };
        if (isTransformer(value)) return this.transformer(value, path);
        return undefined;
      },
      outside,
    );
  }

  /** The number of the model among the modules. */
  model(model: Module): number {
    this.checkLoops(model, '');
    this.persistent = new Set(Object.keys(model.stateDict()));
    return this.module(model, '');
  }

  // Checked before any other code visits the model, which would not end for a module that contains itself.
  private checkLoops(module: Module, path: string): void {
    if (this.above.has(module)) throw typeError(this.where, `${path} is a module that holds itself, which a file cannot carry`);
    if (this.looked.has(module)) return;
    this.looked.add(module);
    this.above.add(module);
    for (const [name, part] of partsIn(module) ?? Object.entries(module))
      if (part instanceof Module) this.checkLoops(part, join(path, name));
    this.above.delete(module);
  }

  private module(module: Module, path: string): number {
    const known = this.modules.get(module);
    if (known !== undefined) return known;
    const parts = partsIn(module);
    const node: Node = { ...this.classOf(module, path), training: module.training, fields: [], buffers: [] };
    const computed = computedIn(module);
    if (computed.length > 0) {
      throw typeError(
        this.where,
        `${join(path, computed[0]!)} is computed of other parameters, by a parametrization, which a file of the model cannot carry`,
        'remove that first (parametrize.removeParametrizations, removeWeightNorm, removeSpectralNorm), or save the stateDict()',
      );
    }
    const inParts = new Set(parts?.map(([name]) => name));
    const json = (name: string, value: unknown): unknown => this.writer.json(value, join(path, name));
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(module))) {
      if (inParts.has(name) || !descriptor.enumerable) continue;
      const value: unknown = (module as unknown as Record<string, unknown>)[name];
      if (descriptor.get === undefined) node.fields.push([name, json(name, value)]);
      else node.buffers.push(this.buffer(module, name, value, path));
    }
    if (parts !== null) node.parts = parts.map(([name, part]) => [name, json(name, part)]);
    this.modules.set(module, this.nodes.length);
    return this.nodes.push(node) - 1;
  }

  private buffer(module: Module, name: string, value: unknown, path: string): Node['buffers'][number] {
    const at = join(path, name);
    if (value !== null && !module.namedBuffers({ recurse: false }).some(([own]) => own === name)) {
      throw typeError(this.where, `${at} is an accessor, which a file cannot carry`);
    }
    return [name, this.writer.json(value, at), value === null || this.persistent.has(at)];
  }

  // Files identify classes by name: a model with two classes of one name could not be rebuilt.
  private classOf(module: object, path: string): { class: string; own: boolean } {
    const of = Object.getPrototypeOf(module).constructor as ModuleClass;
    const { name } = of;
    const own = library.get(name) !== of;
    if (own) {
      if (name === '') throw typeError(this.where, `the class of ${path || 'the model'} has no name, by which a file could speak of it`);
      if ((this.classes.get(name) ?? of) !== of) throw rangeError(this.where, `two classes of the model are called ${describe(name)}`);
      this.classes.set(name, of);
    }
    return { class: name, own };
  }

  private tensor(tensor: Tensor, path: string): number {
    const known = this.seen.get(tensor);
    if (known !== undefined) return known;
    if (tensor.node !== null) {
      throw rangeError(
        this.where,
        `${path} was made by an operation (${tensor.node.name}): a file has no history`,
        'keep it as tensor.detach()',
      );
    }
    refuseUninitialized(this.where, path, tensor);
    // Tensors of the state dict have their names there, other tensors a name that no state dict has.
    let memory = this.memory.get(tensor.values);
    if (memory === undefined) {
      memory = { name: this.writer.tensor(this.persistent.has(path) ? path : outside + path, tensor), shape: String(tensor.shape) };
      this.memory.set(tensor.values, memory);
    }
    this.seen.set(tensor, this.tensors.length);
    const shape = String(tensor.shape) === memory.shape ? {} : { shape: [...tensor.shape] };
    return (
      this.tensors.push({ name: memory.name, parameter: tensor instanceof Parameter, requiresGrad: tensor.requiresGrad, ...shape }) - 1
    );
  }

  private transformer(value: Transformer, path: string): unknown {
    const of = Object.getPrototypeOf(value).constructor as { name: string };
    const own = (data as Record<string, unknown>)[of.name] !== of;
    if (own && of.name === '') throw typeError(this.where, `the class of ${path} has no name, by which a file could speak of it`);
    return {
      $transformer: of.name,
      own,
      state: this.writer.json(own ? value.stateDict() : data.toState(value as unknown as data.Savable), path),
    };
  }
}
