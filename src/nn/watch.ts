// What recordings watch of modules. Fields are compared at each replay, since anyone may assign them. Lists of modules, hooks, modes and buffers
// are changed by this folder's own code, which counts the changes: a replay looks at them only when there was one.
import { type Recorder, recorder } from '../recorder';

type Fields = Readonly<Record<string, unknown>>;

interface Watched {
  readonly modules: Fields[];
  readonly names: string[];
  readonly values: unknown[];
  readonly others: (() => boolean)[];
  /** The fields of the modules that are run, as they were before. */
  readonly run: Map<object, ReadonlyMap<string, unknown>>;
  /** Fields that a guard of their own compares. */
  readonly guarded: Map<object, readonly string[]>;
}

const watchedBy = new WeakMap<Recorder, Watched>();
let changes = 0;

/** Something that `watch` was told of may have changed. */
export function countChange(): void {
  changes++;
}

// One guard a recording, whatever it watches.
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

/** The recording that is under way holds only while `holds()`; whatever can change that calls `countChange`. */
export function watch(holds: () => boolean): void {
  watched().others.push(holds);
}

// The run is over: what it has left as it was must stay so. Fields that it assigns itself (a count, a tensor that it leaves there) are frozen.
function watchUnchanged({ modules, names, values, run, guarded }: Watched): void {
  for (const [module, fields] of run) {
    for (const [name, value] of fields) {
      if (!Object.is((module as Fields)[name], value) || guarded.get(module)?.includes(name)) continue;
      modules.push(module as Fields);
      names.push(name);
      values.push(value);
    }
  }
  run.clear(); // what stood in fields before is not held
}

// Buffers and the entries of containers are accessors, and watched by these.
function plainFields(module: object): Map<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const name of Object.getOwnPropertyNames(module)) {
    const { value } = Object.getOwnPropertyDescriptor(module, name)!;
    if (value !== undefined) fields.set(name, value);
  }
  return fields;
}

/** These modules are run: the recording that is under way holds only while their fields are what they are now, but for those that the run assigns. */
export function watchRun(modules: readonly object[]): void {
  const { run } = watched();
  for (const module of modules) if (!run.has(module)) run.set(module, plainFields(module));
}

/** Whether `watchRun` was told of a module in the recording that is under way. */
export const isRunWatched = (module: object): boolean => watchedBy.get(recorder!)?.run.has(module) ?? false;

/** A guard of the module's own compares these fields, or they do not change. */
export const watchesItself = (module: object, names: readonly string[]): void => void watched().guarded.set(module, names);

/** The recording that is under way holds only while these fields are what they are now. */
export function watchFields(module: object, names: readonly string[]): void {
  const own = watched();
  own.guarded.set(module, names);
  for (const name of names) {
    own.modules.push(module as Fields);
    own.names.push(name);
    own.values.push((module as Fields)[name]);
  }
}
