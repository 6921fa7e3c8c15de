// Who made the calls that were recorded: for errors, tables and profiles.
import type { Module } from '../nn/module';
import type { Listener } from './listener';

/** Where a call comes from. */
export interface Source {
  /** The name of the kernel. */
  kernel: string;
  /** The operation that made it, or whose gradient did. */
  operation: string;
  /** The path of the module whose `forward` ran the operation; of one that is part of no other the name of its class; `""` outside of modules. */
  module: string;
}

/** What sources are found by. Paths are looked up when they are asked for: that takes longer than all that is kept here. */
export interface SourcesHeard {
  readonly kernels: readonly string[];
  readonly operations: readonly string[];
  readonly modules: readonly (object | null)[];
  readonly outermost: ReadonlySet<object>;
}

/** That of a run. */
export const sourcesHeardBy = ({ calls, operations, modules, outermost }: Listener): SourcesHeard => ({
  kernels: calls.map(([kernel]) => kernel),
  operations,
  modules,
  outermost,
});

/** The sources of all calls that were heard, in their order. */
export function sourcesOf({ kernels, operations, modules, outermost }: SourcesHeard): Source[] {
  const paths = new Map<object, string>();
  for (const root of outermost as ReadonlySet<Module>) {
    for (const [path, module] of root.namedModules()) if (!paths.has(module)) paths.set(module, path || root.constructor.name);
  }
  const pathOf = (module: object | null | undefined): string => (module ? (paths.get(module) ?? module.constructor.name) : '');
  return kernels.map((kernel, i) => ({ kernel, operation: operations[i] ?? '', module: pathOf(modules[i]) }));
}
