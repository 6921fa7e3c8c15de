// The fields of a layer or a loss that anyone may assign at any time. Each is declared once; by that it is checked when it is used, guarded
// in recordings and printed.
import { checkInteger, checkNumber, checkOneOf } from '../errors';
import { recorder } from '../recorder';
import { pythonFloat } from './format';

/** What a field may hold, and how PyTorch prints it. */
export interface Kind<T> {
  /** Returns a value that is allowed, and throws for any other. */
  check(where: string, name: string, value: unknown): T;
  print(value: T): string;
}

export const number = (low?: number, high?: number): Kind<number> => ({
  check: (where, name, value) => checkNumber(where, name, value, low, high),
  print: (value) => (typeof value === 'number' ? pythonFloat(value) : String(value)), // what is not allowed is printed as well
});

export const integer = (low = -Infinity, high?: number): Kind<number> => ({
  check: (where, name, value) => checkInteger(where, name, value, low, high),
  print: String,
});

export const oneOf = <T extends string>(...allowed: T[]): Kind<T> => ({
  check: (where, name, value) => checkOneOf(where, name, value, allowed),
  print: (value) => `'${value}'`,
});

const pythonName = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The options of one class of modules. `T` has their names and types, as the module has them among its fields. */
export class Options<T extends object> {
  private readonly names: readonly (keyof T & string)[];
  private readonly all: readonly Kind<T[keyof T]>[];
  private readonly forward: string;

  constructor(
    private readonly where: string,
    kinds: { readonly [name in keyof T]: Kind<T[name]> },
  ) {
    this.names = Object.keys(kinds) as (keyof T & string)[];
    this.all = Object.values(kinds);
    this.forward = `${where}.forward`;
  }

  /** The values that a constructor was given, all of them allowed. */
  checked<V extends T>(values: V): V {
    this.check(this.where, values);
    return values;
  }

  /** What `forward` begins with: refuses a field with a value that is not allowed, and has a recording hold only while they are as they are. */
  use(module: T): void {
    this.check(this.forward, module);
    if (recorder !== null) this.guard(module);
  }

  /** The fields as PyTorch prints them: `beta=1.0, threshold=20.0`. */
  print(module: T): string {
    return this.names.map((name, i) => `${pythonName(name)}=${this.all[i]!.print(module[name])}`).join(', ');
  }

  private check(where: string, values: T): void {
    const { names, all } = this;
    for (let i = 0; i < names.length; i++) all[i]!.check(where, names[i]!, values[names[i]!]);
  }

  private guard(module: T): void {
    const { names } = this;
    const values = names.map((name) => module[name]);
    recorder!.guard(() => {
      for (let i = 0; i < names.length; i++) if (module[names[i]!] !== values[i]) return false;
      return true;
    });
  }
}
