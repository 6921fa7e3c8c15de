// The options of a layer or a loss, fields that the user may assign at any time. Each is declared once, and is then checked when it is used, guarded
// in recordings, and printed.
import { checkBoolean, checkInteger, checkNumber, checkOneOf, rangeError } from '../errors';
import { recorder } from '../recorder';
import { pythonBool, pythonFloat } from './format';
import { watchFields } from './watch';

/** The values that a field may have, and how PyTorch prints them. */
export interface OptionType<T> {
  /** Returns an allowed value, and throws for any other. */
  check(where: string, name: string, value: unknown): T;
  print(value: T): string;
}

export const number = (low?: number, high?: number): OptionType<number> => ({
  check: (where, name, value) => checkNumber(where, name, value, low, high),
  print: (value) => (typeof value === 'number' ? pythonFloat(value) : String(value)), // a value that is not allowed can be printed too
});

/** A number above 0. */
export const positive: OptionType<number> = {
  ...number(),
  check: (where, name, value) => {
    const given = checkNumber(where, name, value);
    if (!(given > 0)) throw rangeError(where, `expected ${name} to be positive, got ${given}`);
    return given;
  },
};

export const integer = (low = -Infinity, high?: number): OptionType<number> => ({
  check: (where, name, value) => checkInteger(where, name, value, low, high),
  print: String,
});

export const oneOf = <T extends string>(...allowed: T[]): OptionType<T> => ({
  check: (where, name, value) => checkOneOf(where, name, value, allowed),
  print: (value) => `'${value}'`,
});

export const boolean: OptionType<boolean> = {
  check: checkBoolean,
  print: (value) => (typeof value === 'boolean' ? pythonBool(value) : String(value)),
};

/** Another type, or null. */
export const orNull = <T>(type: OptionType<T>): OptionType<T | null> => ({
  check: (where, name, value) => (value === null ? null : type.check(where, name, value)),
  print: (value) => (value === null ? 'None' : type.print(value)),
});

const pythonName = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The options of one class of modules. `T` has their names and types, as the module has them among its fields. */
export class Options<T extends object> {
  private readonly names: readonly (keyof T & string)[];
  private readonly all: readonly OptionType<T[keyof T]>[];
  private readonly forward: string;
  // For each option the last value that was checked, so that the same value is not checked again.
  private readonly allowed: unknown[] = [];

  constructor(
    private readonly where: string,
    types: { readonly [name in keyof T]: OptionType<T[name]> },
  ) {
    this.names = Object.keys(types) as (keyof T & string)[];
    this.all = Object.values(types);
    this.forward = `${where}.forward`;
  }

  /** The values of a constructor's options, checked. */
  checked<V extends T>(values: V): V {
    this.names.forEach((name, i) => void this.all[i]!.check(this.where, name, values[name]));
    return values;
  }

  /** `forward` begins with this call: it throws for a field with a value that is not allowed, and makes a recording valid only while the fields are unchanged. */
  use(module: T): void {
    const { names, allowed } = this;
    for (let i = 0; i < names.length; i++) {
      const value = module[names[i]!];
      if (value !== allowed[i]) allowed[i] = this.all[i]!.check(this.forward, names[i]!, value);
    }
    if (recorder !== null) watchFields(module, names);
  }

  /** The fields as PyTorch prints them: `beta=1.0, threshold=20.0`. */
  print(module: T): string {
    return this.names.map((name, i) => `${pythonName(name)}=${this.all[i]!.print(module[name])}`).join(', ');
  }
}
