// All modules that are alive, so that a compiled step can tell when one of its parameters has been replaced.
import type { Tensor } from '../tensor';

const modules = new Set<WeakRef<object>>();

export function register(module: object): void {
  modules.add(new WeakRef(module));
}

/** For each field of a module that holds `tensor`: whether it still does. */
export function ownersOf(tensor: Tensor): (() => boolean)[] {
  const owners: (() => boolean)[] = [];
  for (const reference of modules) {
    const module = reference.deref() as Record<string, unknown> | undefined;
    if (module === undefined) {
      modules.delete(reference);
      continue;
    }
    for (const name of Object.keys(module)) if (module[name] === tensor) owners.push(() => module[name] === tensor);
  }
  return owners;
}
