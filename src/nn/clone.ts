// Deep copies of modules and of what they contain, like Python's `copy.deepcopy`: each object is copied once, however often it is reached.
import { isDataView, isMap, isPlainObject, isSet } from '../brands';
import { checkAttached, rangeError } from '../errors';
import type { TensorData } from '../memory';
import { Tensor } from '../tensor';
import { emptyParameter, Parameter, UninitializedBuffer, UninitializedParameter } from './parameter';

/** The method of objects that copy themselves. It must enter the copy with `copies.enter` before it copies the contents. */
export const copyInto: unique symbol = Symbol('copyInto');

interface Copyable {
  [copyInto](copies: Copies): object;
}

/** The method that makes an object of the class of `value` without running its constructor. */
export function classOf(value: object): new () => object {
  const prototype = Object.getPrototypeOf(value) as { constructor?: unknown };
  const own = prototype.constructor;
  if (typeof own === 'function' && own.prototype === prototype) return own as new () => object;
  function made(): void {}
  made.prototype = prototype;
  return made as unknown as new () => object;
}

const prototypeOf = (value: object): unknown => Object.getPrototypeOf(value);

/** Copies that are made together: objects that were the same, or on the same memory, are so among the copies. */
export class Copies {
  private readonly made = new Map<object, object>();
  private readonly memory = new Map<TensorData, Tensor>();

  constructor(private readonly where: string) {}

  /** The copy of a value; the value itself if it cannot be copied. */
  of<T>(value: T): T {
    if (value === null || typeof value !== 'object') return value;
    return (this.made.get(value) ?? this.make(value)) as T;
  }

  /** Registers `copy` as the copy of `original`, so that further references to it get the same copy. */
  enter<T extends object>(original: T, copy: T): T {
    this.made.set(original, copy);
    return copy;
  }

  /** Copies own properties in their order, except those that `to` already has or `makes` has made. Accessors are copied as accessors. */
  properties<T extends object>(from: T, to: T, makes?: (name: string) => boolean): T {
    for (const name of Reflect.ownKeys(from)) {
      if (Object.hasOwn(to, name) || makes?.(name as string)) continue;
      const descriptor = Object.getOwnPropertyDescriptor(from, name)!;
      if ('value' in descriptor) descriptor.value = this.of(descriptor.value);
      Object.defineProperty(to, name, descriptor);
    }
    return to;
  }

  private make(value: object): object {
    if (value instanceof Tensor) return this.enter(value, this.tensor(value));
    if (copyInto in value) return (value as Copyable)[copyInto](this);
    if (Array.isArray(value)) return this.filled(value, new Array(value.length));
    if (isPlainObject(value)) return this.filled(value, Object.create(prototypeOf(value) as null));
    // For a derived class, the prototype's own prototype is that of maps or sets.
    if (isMap(value) && isPlainObject(prototypeOf(value))) {
      const copy = this.enter(value, new Map());
      for (const [key, one] of value) copy.set(this.of(key), this.of(one));
      return copy;
    }
    if (isSet(value) && isPlainObject(prototypeOf(value))) {
      const copy = this.enter(value, new Set());
      for (const one of value) copy.add(this.of(one));
      return copy;
    }
    if (ArrayBuffer.isView(value) && !isDataView(value)) return this.enter(value, (value as Float32Array).slice());
    return value;
  }

  private filled(from: object, to: object): object {
    this.properties(from, this.enter(from, to));
    return Object.isFrozen(from) ? Object.freeze(to) : to;
  }

  private tensor(original: Tensor): Tensor {
    if (original.node !== null) {
      throw rangeError(
        this.where,
        `a tensor that an operation made (${original.node.name}) cannot be copied with its history`,
        'keep it as tensor.detach()',
      );
    }
    if (original instanceof UninitializedParameter) return new UninitializedParameter(original.sizes).requiresGrad_(original.needsGrad);
    if (original instanceof UninitializedBuffer) return new UninitializedBuffer(original.sizes);
    const memory = this.on(original);
    const shape = original.shape.slice();
    const copy =
      original instanceof Parameter
        ? new Parameter(new Tensor(memory.values, shape, memory.version), { requiresGrad: false })
        : new Tensor(memory.values, shape, memory.version);
    return copy.requiresGrad_(original.needsGrad);
  }

  // The copies of tensors on the same memory are on the same memory. Copies of parameters are where parameters are kept.
  private on(original: Tensor): Tensor {
    const known = this.memory.get(original.values);
    if (known !== undefined) return known;
    checkAttached(this.where, original.values);
    original.version.holder?.sync();
    const inBlock = original instanceof Parameter && original.dtype === 'float32';
    const memory = inBlock ? emptyParameter(original.shape) : new Tensor(original.values.slice(), original.shape.slice());
    if (inBlock) memory.values.set(original.values);
    this.memory.set(original.values, memory);
    return memory;
  }
}
