// What transformers have learned, as values that JSON keeps, and the checks of what comes back from there.
import { checkInteger, describe, rangeError, typeError } from '../../errors';
import type { Cell } from './sorting';

/** A value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** What a transformer has learned: values that JSON keeps exactly. JSON has no NaN: null stands for it. */
export type PreparingState = Record<string, Json>;

/** Numbers for a state: NaN becomes null. */
export const numbersToState = (values: Iterable<number>): (number | null)[] =>
  Array.from(values, (value) => (Number.isNaN(value) ? null : value));

/** Cells for a state: what is missing becomes null. */
export const cellsToState = (cells: readonly Cell[]): Cell[] => cells.map((cell) => (Number.isNaN(cell) ? null : cell));

/** A state that may be anything, read field by field; what is not as it should be is an error in the name of `where`. */
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

  /** A field as it is; undefined where there is none. */
  raw(name: string): unknown {
    return Object.hasOwn(this.fields, name) ? (this.fields as Record<string, unknown>)[name] : undefined;
  }

  /** An integer of at least 0. */
  integer(name: string, high?: number): number {
    return checkInteger(this.where, name, this.raw(name), 0, high);
  }

  /** A list, of `length` elements where that is said. */
  list(name: string, length?: number): readonly unknown[] {
    return listOf(this.where, name, this.raw(name), length);
  }

  /** Finite numbers, NaN where the state has null. */
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

  /** Integers of at least 0, and below `end`, each once, in ascending order. */
  places(name: string, end: number): number[] {
    return placesOf(this.where, name, this.raw(name), end);
  }
}

/** Refuses what is not a list, or not one of `length` elements. */
export function listOf(where: string, name: string, value: unknown, length?: number): readonly unknown[] {
  if (!Array.isArray(value)) throw typeError(where, `expected ${name} to be an array, got ${describe(value)}`);
  if (length !== undefined && value.length !== length) {
    throw rangeError(where, `expected ${name} to have ${length} elements, got ${value.length}`);
  }
  return value;
}

/** Refuses what is not an ascending list of integers from 0 to `end - 1`. */
export function placesOf(where: string, name: string, value: unknown, end: number): number[] {
  const places = listOf(where, name, value).map((place) => checkInteger(where, name, place, 0, end - 1));
  if (places.some((place, i) => i > 0 && place <= places[i - 1]!)) {
    throw rangeError(where, `expected ${name} to be in ascending order, got ${places.slice(0, 10).join(', ')}`);
  }
  return places;
}

/** Refuses what is not a column's categories: strings or numbers, each once, and null for a missing value at the end. */
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
