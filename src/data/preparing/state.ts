// The states of transformers as JSON, and their checks when they are loaded.
import { checkInteger, describe, rangeError, typeError } from '../../errors';
import type { Cell } from './sorting';

/** A value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** The state of a transformer, as values that JSON represents exactly. JSON has no NaN, so null stands for it. */
export type PreparingState = Record<string, Json>;

/** Numbers for a state: NaN becomes null. */
export const numbersToState = (values: Iterable<number>): (number | null)[] =>
  Array.from(values, (value) => (Number.isNaN(value) ? null : value));

/** Cells for a state: a missing one becomes null. */
export const cellsToState = (cells: readonly Cell[]): Cell[] => cells.map((cell) => (Number.isNaN(cell) ? null : cell));

/** Reads an unchecked state field by field; what is invalid becomes an error that begins with `where`. */
export class StateReader {
  private readonly fields: object;

  constructor(
    private readonly where: string,
    state: unknown,
  ) {
    if (state === null || typeof state !== 'object' || Array.isArray(state)) {
      throw typeError(where, `expected the object that stateDict() gives, got ${describe(state)}`);
    }
    this.fields = state;
  }

  /** Whether the state has this field. */
  has(name: string): boolean {
    return Object.hasOwn(this.fields, name) && this.raw(name) !== undefined;
  }

  /** A field without checks; undefined if it does not exist. */
  raw(name: string): unknown {
    return Object.hasOwn(this.fields, name) ? (this.fields as Record<string, unknown>)[name] : undefined;
  }

  /** A non-negative integer. */
  integer(name: string, high?: number): number {
    return checkInteger(this.where, name, this.raw(name), 0, high);
  }

  /** A list, of `length` elements if that is given. */
  list(name: string, length?: number): readonly unknown[] {
    return listOf(this.where, name, this.raw(name), length);
  }

  /** Finite numbers; null is read as NaN. */
  numbers(name: string, length?: number): number[] {
    return this.list(name, length).map((value) => {
      if (value === null) return Number.NaN;
      if (!Number.isFinite(value)) throw typeError(this.where, `expected ${name} to be an array of finite numbers, got ${describe(value)}`);
      return value as number;
    });
  }

  /** Strings. */
  strings(name: string, length?: number): string[] {
    return this.list(name, length).map((value) => {
      if (typeof value !== 'string') throw typeError(this.where, `expected ${name} to be an array of strings, got ${describe(value)}`);
      return value;
    });
  }

  /** Distinct non-negative integers below `end`, in ascending order. */
  places(name: string, end: number): number[] {
    return placesOf(this.where, name, this.raw(name), end);
  }
}

/** Throws unless the value is a list, of `length` elements if that is given. */
export function listOf(where: string, name: string, value: unknown, length?: number): readonly unknown[] {
  if (!Array.isArray(value)) throw typeError(where, `expected ${name} to be an array, got ${describe(value)}`);
  if (length !== undefined && value.length !== length) {
    throw rangeError(where, `expected ${name} to have ${length} elements, got ${value.length}`);
  }
  return value;
}

/** Throws unless the value is an ascending list of integers from 0 to `end - 1`. */
export function placesOf(where: string, name: string, value: unknown, end: number): number[] {
  const places = listOf(where, name, value).map((place) => checkInteger(where, name, place, 0, end - 1));
  if (places.some((place, i) => i > 0 && place <= places[i - 1]!)) {
    throw rangeError(where, `expected ${name} to be in ascending order, got ${places.slice(0, 10).join(', ')}`);
  }
  return places;
}

/** Throws unless the value is a list of categories: distinct strings or numbers, with null for a missing value at the end. */
export function categoriesFromState(where: string, name: string, value: unknown): Cell[] {
  const cells = listOf(where, name, value);
  const kind = typeof cells[0];
  cells.forEach((cell, i) => {
    if (cell === null && i === cells.length - 1) return;
    if ((typeof cell !== 'string' && !Number.isFinite(cell)) || typeof cell !== kind) {
      throw typeError(where, `expected ${name} to be strings or finite numbers, all of one kind, got ${describe(cell)}`);
    }
  });
  if (cells.length === 0) throw rangeError(where, `${name} is empty`);
  if (new Set(cells).size !== cells.length) throw rangeError(where, `${name} has a category twice`);
  return cells.map((cell) => (cell === null && kind !== 'string' ? Number.NaN : cell)) as Cell[];
}
