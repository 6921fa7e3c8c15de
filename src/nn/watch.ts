// What recordings watch of modules. Fields that anyone may assign are compared at each replay. Lists of modules, hooks, modes and buffers are
// changed by this folder's own code, which counts the changes: a replay looks at them only when there was one.
import { type Recorder, recorder } from '../recorder';

type Fields = Readonly<Record<string, unknown>>;

interface Watched {
  readonly modules: Fields[];
  readonly names: string[];
  readonly values: unknown[];
  readonly others: (() => boolean)[];
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
  const own: Watched = { modules: [], names: [], values: [], others: [] };
  watchedBy.set(recorder!, own);
  const { modules, names, values, others } = own;
  let seen = changes;
  recorder!.guard(() => {
    for (let i = 0; i < modules.length; i++) if (modules[i]![names[i]!] !== values[i]) return false;
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

/** The recording that is under way holds only while these fields are what they are now. */
export function watchFields(module: object, names: readonly string[]): void {
  const own = watched();
  for (const name of names) {
    own.modules.push(module as Fields);
    own.names.push(name);
    own.values.push((module as Fields)[name]);
  }
}
