// Encodes values as JSON, with their tensors separately: numbers, texts, lists and plain objects, without loss.
import { isFloat64Array, isPlainObject, viewName } from '../brands';
import { checkAttached, describe, typeError } from '../errors';
import { Tensor } from '../tensor';
import { checkText, type Stored, storedDoubles, storedOf } from './container';

/** The saved fields of an object of a class. */
export class Fields {
  constructor(readonly fields: Record<string, unknown>) {}
}

/** Encodes values that are not plain as JSON; undefined for values that it does not know. */
export type Encoder = (value: object, path: string) => unknown;

const kinds = ['Float32Array', 'Float64Array', 'Int32Array'];
const deepest = 100;

/** Encodes values and collects their tensors; `where` is for messages. */
export class Writer {
  readonly tensors: Stored[] = [];
  private readonly names = new Set<string>();
  private readonly above = new Set<object>();

  constructor(
    readonly where: string,
    private readonly more: Encoder = () => undefined,
    private readonly ofArrays = '', // a prefix of the names of arrays
  ) {}

  /** Adds a tensor under its name, or under a similar one if that is taken; returns the name. */
  tensor(name: string, tensor: Tensor): string {
    return this.add(storedOf(this.where, this.free(name), tensor));
  }

  /** `value` as JSON. A TypeError, with the path, for a value that no file can have. */
  json(value: unknown, path: string): unknown {
    if (value === undefined) return { $undefined: true };
    if (typeof value === 'number')
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: Object.is(value, -0) ? '-0' : String(value) };
    if (typeof value === 'string') return checkText(this.where, path, value);
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value !== 'object') throw this.refused(value, path);
    if (this.above.has(value)) throw typeError(this.where, `${path} holds itself`);
    if (this.above.size > deepest) throw typeError(this.where, `${path} is nested more than ${deepest} deep`);
    this.above.add(value);
    try {
      return this.object(value, path);
    } finally {
      this.above.delete(value);
    }
  }

  private object(value: object, path: string): unknown {
    const more = this.more(value, path);
    if (more !== undefined) return more;
    if (value instanceof Tensor) return { $tensor: this.tensor(path, value) };
    if (Array.isArray(value)) return Array.from(value, (one, i) => this.json(one, `${path}.${i}`));
    if (value instanceof Fields) return { $fields: this.members(value.fields, path) };
    const kind = viewName(value);
    if (kinds.includes(kind ?? '')) return { $array: this.array(path, value as Float32Array), kind };
    if (isPlainObject(value)) return this.members(value, path);
    throw this.refused(value, path);
  }

  // Encoded as pairs if a name could be mistaken for one of the marks.
  private members(value: object, path: string): unknown {
    const pairs = Object.entries(value).map(
      ([name, one]) => [checkText(this.where, `a name in ${path}`, name), this.json(one, `${path}.${name}`)] as const,
    );
    return pairs.some(([name]) => name.startsWith('$')) ? { $pairs: pairs } : Object.fromEntries(pairs);
  }

  private array(path: string, values: Float32Array | Float64Array | Int32Array): string {
    checkAttached(this.where, values);
    const name = this.free(this.ofArrays + path);
    if (isFloat64Array(values)) return this.add(storedDoubles(name, values));
    return this.add(storedOf(this.where, name, new Tensor(values, [values.length])));
  }

  private add(stored: Stored): string {
    this.names.add(stored.name);
    this.tensors.push(stored);
    return stored.name;
  }

  private free(name: string): string {
    if (!this.names.has(name)) return name;
    for (let i = 1; ; i++) if (!this.names.has(`${name}:${i}`)) return `${name}:${i}`;
  }

  private refused(value: unknown, path: string): TypeError {
    return typeError(
      this.where,
      `${path} is ${describe(value)}, which a file cannot carry`,
      'numbers, texts, booleans, null, lists, plain objects, tensors and typed arrays',
    );
  }
}

/** The tensors of a file by name, each on memory of its own. */
export interface Tensors {
  tensor(name: string): Tensor | undefined;
  doubles(name: string): Float64Array | undefined;
}

/** Decodes what a Writer has encoded; `fail` throws with what is wrong. */
export class Reader {
  constructor(
    private readonly tensors: Tensors,
    readonly fail: (message: string) => never,
    private readonly more: (tag: string, value: Record<string, unknown>) => unknown = () => undefined,
  ) {}

  /** The value that `json` encodes. */
  value(json: unknown): unknown {
    if (json === null || typeof json !== 'object') return json;
    if (Array.isArray(json)) return json.map((one) => this.value(one));
    const object = json as Record<string, unknown>;
    const tag = Object.keys(object).find((name) => name.startsWith('$'));
    if (tag === undefined) return this.members(Object.entries(object));
    return this.tagged(tag, object);
  }

  /** The tensor called `name`. */
  tensor(name: unknown): Tensor {
    const tensor = typeof name === 'string' ? this.tensors.tensor(name) : undefined;
    return tensor ?? this.fail(`it has no tensor ${describe(name)}`);
  }

  private members(pairs: readonly (readonly [string, unknown])[]): Record<string, unknown> {
    return Object.fromEntries(pairs.map(([name, value]) => [name, this.value(value)]));
  }

  private tagged(tag: string, object: Record<string, unknown>): unknown {
    const value = object[tag];
    switch (tag) {
      case '$undefined':
        return undefined;
      case '$number':
        if (['NaN', 'Infinity', '-Infinity', '-0'].includes(value as string)) return Number(value);
        break;
      case '$tensor':
        return this.tensor(value);
      case '$array':
        return this.array(value, object['kind']);
      case '$fields': {
        const fields = this.value(value);
        if (isPlainObject(fields)) return new Fields(fields);
        break;
      }
      case '$pairs':
        if (
          Array.isArray(value) &&
          value.every((pair: unknown) => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string')
        ) {
          return this.members(value as [string, unknown][]);
        }
        break;
      default: {
        const more = this.more(tag, object);
        if (more !== undefined) return more;
      }
    }
    return this.fail(`${tag}: ${describe(value)} stands for nothing`);
  }

  private array(name: unknown, kind: unknown): unknown {
    if (kind === 'Float64Array') {
      const doubles = typeof name === 'string' ? this.tensors.doubles(name) : undefined;
      return doubles ?? this.fail(`it has no float64 numbers ${describe(name)}`);
    }
    const { values } = this.tensor(name);
    if (viewName(values) !== kind) return this.fail(`${describe(name)} is no ${describe(kind)}`);
    return values;
  }
}
