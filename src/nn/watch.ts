// What recordings watch of modules. Fields are compared at each replay, because the user may assign them at any time. Lists of modules, hooks, modes and buffers
// are changed only by this folder's code, which counts the changes, so that a replay compares them only after a change.
import { type Recorder, recorder } from '../recorder';

type Fields = Readonly<Record<string, unknown>>;

interface Watched {
  readonly modules: Fields[];
  readonly names: string[];
  readonly values: unknown[];
  readonly others: (() => boolean)[];
  /** The fields of the modules that run, as they were before. */
  readonly run: Map<object, ReadonlyMap<string, unknown>>;
  /** Fields that have a guard of their own. */
  readonly guarded: Map<object, readonly string[]>;
}

const watchedBy = new WeakMap<Recorder, Watched>();
let changes = 0;

/** Counts a change of something that `watch` may have been told of. */
export function countChange(): void {
  changes++;
}

// One guard for each recording, whatever it watches.
function watched(): Watched {
  const known = watchedBy.get(recorder!);
  if (known !== undefined) return known;
  const own: Watched = { modules: [], names: [], values: [], others: [], run: new Map(), guarded: new Map() };
  watchedBy.set(recorder!, own);
  const { modules, names, values, others } = own;
  let seen = changes;
  recorder!.ended(() => watchUnchanged(own));
  recorder!.guard(() => {
    for (let i = 0; i < modules.length; i++) if (!Object.is(modules[i]![names[i]!], values[i])) return false;
    if (seen === changes) return true;
    for (let i = 0; i < others.length; i++) if (!others[i]!()) return false;
    seen = changes;
    return true;
  });
  return own;
}

/** The current recording is valid only while `isValid()`; code that changes what that depends on must call `countChange`. */
export function watch(isValid: () => boolean): void {
  watched().others.push(isValid);
}

// After the run, fields that it has not changed must stay as they are. Fields that it assigns itself (a counter, a tensor) are frozen.
function watchUnchanged({ modules, names, values, run, guarded }: Watched): void {
  for (const [module, fields] of run) {
    for (const [name, value] of fields) {
      if (!Object.is((module as Fields)[name], value) || guarded.get(module)?.includes(name)) continue;
      modules.push(module as Fields);
      names.push(name);
      values.push(value);
    }
  }
  run.clear(); // so that former values of fields are not kept alive
}

// Buffers and the elements of containers are accessors, which `watch` covers.
function plainFields(module: object): Map<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const name of Object.getOwnPropertyNames(module)) {
    const { value } = Object.getOwnPropertyDescriptor(module, name)!;
    if (value !== undefined) fields.set(name, value);
  }
  return fields;
}

/** Called for modules that run: the current recording is valid only while their fields have their present values, except for those that the run assigns. */
export function watchRun(modules: readonly object[]): void {
  const { run } = watched();
  for (const module of modules) if (!run.has(module)) run.set(module, plainFields(module));
}

/** Whether `watchRun` was called for a module in the current recording. */
export const isRunWatched = (module: object): boolean => watchedBy.get(recorder!)?.run.has(module) ?? false;

/** Excludes fields that a guard of the module's own compares, or that do not change. */
export const watchesItself = (module: object, names: readonly string[]): void => void watched().guarded.set(module, names);

/** The current recording is valid only while these fields have their present values. */
export function watchFields(module: object, names: readonly string[]): void {
  const own = watched();
  own.guarded.set(module, names);
  for (const name of names) {
    own.modules.push(module as Fields);
    own.names.push(name);
    own.values.push((module as Fields)[name]);
  }
}
