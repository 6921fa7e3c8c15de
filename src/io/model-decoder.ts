// Builds a model from the data of a file. No code comes from the file, and no module's constructor runs: the classes are this library's and those that the
// caller gives.
import * as data from '../data';
import { describe, rangeError } from '../errors';
import { Module, Parameter } from '../nn';
import { isAbsent } from '../nn/absent';
import { emptyParameter } from '../nn/parameter';
import { Tensor } from '../tensor';
import { Reader } from './codec';
import type { ReadDocument } from './document';
import { addPart, blankOf, containerOf, fieldsOf, isModuleClass, kindOf, library, type ModuleClass } from './library';
import type { Node, SharedTensor } from './model-encoder';

const deepest = 200;
const mostPaths = 1_000_000; // a limit, because a chain of modules that each contain the one before twice has exponentially many paths

type Pairs = [string, unknown][];

const isPairs = (value: unknown, length = 2): value is Pairs =>
  Array.isArray(value) && value.every((pair: unknown) => Array.isArray(pair) && pair.length === length && typeof pair[0] === 'string');

/** The caller's classes, by the names that files have for them. */
export type OwnClasses = Readonly<Record<string, unknown>>;

/** Builds a model. */
export class ModelDecoder {
  readonly reader: Reader;
  private readonly made: { module: Module; depth: number; paths: number }[] = [];
  private readonly tensors: (Tensor | undefined)[] = [];
  private readonly memory = new Map<string, Tensor>();
  private inside = { depth: 0, paths: 1 };

  constructor(
    private readonly where: string,
    private readonly path: string,
    private readonly file: ReadDocument,
    private readonly own: OwnClasses,
  ) {
    this.reader = new Reader(file.tensors, file.fail, (tag, object) => {
      if (tag === '$module') return this.moduleAt(object[tag]);
      if (tag === '$shared') return this.tensorAt(object[tag]);
      if (tag === '$transformer') return this.transformer(object);
      return undefined;
    });
  }

  /** The model. A module is built after its submodules, so that none can contain itself. */
  model(): Module {
    const { document, fail } = this.file;
    const nodes = document['modules'];
    if (!Array.isArray(nodes)) return fail('it has no modules');
    for (const [i, node] of nodes.entries()) this.made.push(this.node(node as Node, `module ${i}`));
    return this.moduleAt(document['root']);
  }

  private node(node: Node, at: string): (typeof this.made)[number] {
    const { fail } = this.file;
    if (node === null || typeof node !== 'object' || typeof node.class !== 'string' || typeof node.training !== 'boolean')
      return fail(`${at} is no module`);
    const { fields, buffers, parts } = node;
    if (!isPairs(fields) || !isPairs(buffers, 3) || (parts !== undefined && !isPairs(parts)))
      return fail(`${at} (${node.class}) has no fields`);
    const of = this.classOf(node);
    if ((containerOf(of) !== undefined) !== (parts !== undefined))
      return fail(`${at}: ${node.class} ${parts === undefined ? 'has parts' : 'has no parts'}`);
    this.inside = { depth: 0, paths: 1 };
    const module = blankOf(of);
    for (const [name, json] of fields) {
      this.checkName(of, name, at);
      Object.defineProperty(module, name, { value: this.reader.value(json), writable: true, enumerable: true, configurable: true });
    }
    for (const [name, json, persistent] of buffers as unknown as [string, unknown, unknown][])
      this.buffer(module, name, this.reader.value(json), persistent, at);
    for (const [name, json] of parts ?? []) this.part(module, name, this.reader.value(json), at);
    if (!node.own) this.checkFields(node.class, module, at);
    module.training = node.training;
    const { depth, paths } = this.inside;
    if (depth > deepest) return fail(`its modules are nested more than ${deepest} deep`);
    if (paths > mostPaths) return fail(`its modules have more than ${mostPaths} places`);
    return { module, depth, paths };
  }

  private classOf({ class: name, own }: Node): ModuleClass {
    if (!own) return library.get(name) ?? this.file.fail(`simdnn has no module ${describe(name)}`);
    const given = Object.hasOwn(this.own, name) ? this.own[name] : undefined;
    if (given === undefined) {
      throw rangeError(
        this.where,
        `${this.path} has a module of the class ${name}, which is not simdnn's`,
        `io.loadModel(path, { modules: { ${name} } })`,
      );
    }
    if (!isModuleClass(given))
      throw rangeError(this.where, `expected modules.${name} to be a class that extends nn.Module, got ${describe(given)}`);
    return given;
  }

  // A field with a method's name would be called in place of the method.
  private checkName(of: ModuleClass, name: string, at: string): void {
    if (name in Object.prototype || (name in of.prototype && !isAbsent(name)))
      this.file.fail(`${at}: ${describe(name)} is no field of ${of.name}`);
  }

  private buffer(module: Module, name: string, value: unknown, persistent: unknown, at: string): void {
    const fits = (value === null || value instanceof Tensor) && typeof persistent === 'boolean';
    if (!fits) this.file.fail(`${at}: ${describe(name)} is no buffer`);
    this.taking(at, () => module.registerBuffer(name, value as Tensor | null, { persistent: persistent as boolean }));
  }

  private part(module: Module, name: string, value: unknown, at: string): void {
    if (!(value instanceof Module || value instanceof Parameter)) this.file.fail(`${at}: the part ${describe(name)} is ${describe(value)}`);
    this.taking(at, () => addPart(module, name, value));
  }

  // If the library refuses a value, the file is wrong.
  private taking(at: string, take: () => void): void {
    try {
      take();
    } catch (error) {
      this.file.fail(`${at}: ${(error as Error).message}`);
    }
  }

  private checkFields(name: string, module: Module, at: string): void {
    for (const [field, kind] of fieldsOf(name)) {
      const value = (module as unknown as Record<string, unknown>)[field];
      const is = Object.hasOwn(module, field) ? kindOf(value) : 'missing';
      const orNull = is === 'null' || (kind === 'null' && ['number', 'tensor', 'string', 'list'].includes(is));
      if (is !== kind && !orNull) this.file.fail(`${at}: ${field} of ${name} is ${is === 'missing' ? is : describe(value)}`);
    }
  }

  private moduleAt(index: unknown): Module {
    const found = this.made[index as number];
    if (typeof index !== 'number' || found === undefined) return this.file.fail(`${describe(index)} is the number of no module before it`);
    this.inside = { depth: Math.max(this.inside.depth, found.depth + 1), paths: this.inside.paths + found.paths };
    return found.module;
  }

  private tensorAt(index: unknown): Tensor {
    const { document, fail } = this.file;
    const all = document['shared'];
    if (!Array.isArray(all) || !Number.isInteger(index) || all[index as number] === undefined)
      return fail(`it has no tensor ${describe(index)}`);
    const at = index as number;
    this.tensors[at] ??= this.tensor(all[at] as SharedTensor);
    return this.tensors[at];
  }

  private tensor(shared: SharedTensor): Tensor {
    const { fail } = this.file;
    if (shared === null || typeof shared !== 'object') return fail('a tensor has no name');
    const { name, parameter, requiresGrad, shape } = shared;
    if (typeof parameter !== 'boolean' || typeof requiresGrad !== 'boolean') return fail(`tensor ${describe(name)} is of no kind`);
    const memory = this.memoryOf(name, parameter);
    if (requiresGrad && memory.dtype !== 'float32') return fail(`tensor ${describe(name)} is ${memory.dtype} and has no gradient`);
    const fits = (sizes: unknown): sizes is number[] =>
      Array.isArray(sizes) &&
      sizes.every((size) => Number.isSafeInteger(size) && size >= 0) &&
      sizes.reduce((a: number, b: number) => a * b, 1) === memory.values.length;
    if (shape !== undefined && !fits(shape)) return fail(`the shape of tensor ${describe(name)} does not fit its values`);
    const tensor = new Tensor(memory.values, (shape ?? memory.shape).slice(), memory.version);
    return parameter ? new Parameter(tensor, { requiresGrad }) : tensor.requiresGrad_(requiresGrad);
  }

  // Moves parameters to the memory where parameters are kept.
  private memoryOf(name: string, parameter: boolean): Tensor {
    const known = this.memory.get(name);
    if (known !== undefined) return known;
    let memory = this.reader.tensor(name);
    if (parameter && memory.dtype === 'float32') {
      const read = memory;
      memory = emptyParameter(read.shape);
      memory.values.set(read.values);
    }
    this.memory.set(name, memory);
    return memory;
  }

  private transformer({ $transformer: name, own, state }: Record<string, unknown>): unknown {
    const { where, path } = this;
    if (typeof name !== 'string') return this.file.fail(`${describe(name)} is no transformer`);
    const of: unknown = own ? (Object.hasOwn(this.own, name) ? this.own[name] : undefined) : (data as Record<string, unknown>)[name];
    if (own && of === undefined)
      throw rangeError(
        where,
        `${path} has a transformer of the class ${name}, which is not simdnn's`,
        `io.loadModel(path, { modules: { ${name} } })`,
      );
    if (!own && typeof of === 'function') {
      let made: unknown;
      this.taking(name, () => {
        made = data.fromState(this.reader.value(state) as data.SavedTransformer);
      });
      if ((made as object).constructor !== of) return this.file.fail(`${describe(name)} is no transformer`);
      return made;
    }
    if (typeof of !== 'function' || typeof (of.prototype as { loadStateDict?: unknown } | undefined)?.loadStateDict !== 'function')
      return this.file.fail(`${describe(name)} is no transformer`);
    const made = new (of as new () => { loadStateDict(state: unknown): void })();
    const value = this.reader.value(state);
    this.taking(name, () => made.loadStateDict(value));
    return made;
  }
}
