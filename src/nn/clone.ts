// Deep copies of modules and of what they hold, as Python's `copy.deepcopy` makes them: each thing once, however often it is reached.
import { isDataView, isMap, isPlainObject, isSet } from '../brands';
import { checkAttached, rangeError } from '../errors';
import type { TensorData } from '../memory';
import { Tensor } from '../tensor';
import { emptyParameter, Parameter, UninitializedBuffer, UninitializedParameter } from './parameter';

/** How what knows to copy itself is asked to: it enters its copy with `copies.enter` before it copies what it holds. */
export const copyInto: unique symbol = Symbol('copyInto');

interface Copyable {
  [copyInto](copies: Copies): object;
}

/** What makes an object of the class of `value` when its constructor is not to run. */
export function classOf(value: object): new () => object {
  const prototype = Object.getPrototypeOf(value) as { constructor?: unknown };
  const own = prototype.constructor;
  if (typeof own === 'function' && own.prototype === prototype) return own as new () => object;
  function made(): void {}
  made.prototype = prototype;
  return made as unknown as new () => object;
}

const prototypeOf = (value: object): unknown => Object.getPrototypeOf(value);

/** Copies made together: what was one thing, or on one memory, is so among them. */
export class Copies {
  private readonly made = new Map<object, object>();
  private readonly memory = new Map<TensorData, Tensor>();

  constructor(private readonly where: string) {}

  /** The copy of a value; of what is copied by nobody, the value itself. */
  of<T>(value: T): T {
    if (value === null || typeof value !== 'object') return value;
    return (this.made.get(value) ?? this.make(value)) as T;
  }

  /** Says that `copy` is that of `original`, so that whatever leads back to this finds it. */
  enter<T extends object>(original: T, copy: T): T {
    this.made.set(original, copy);
    return copy;
  }

  /** Copies own properties, in their order, but for those that `to` has already or `makes` has made. Accessors are taken over as they are. */
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
    // Of a derived class the prototype's own prototype is that of maps, or of sets.
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

  // Copies of tensors on one memory are on one memory; those of parameters lie where parameters do.
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
