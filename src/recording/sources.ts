// The operation and the module that made each recorded call, for error messages, tables and profiles.
import type { Module } from '../nn/module';
import type { Listener } from './listener';

/** Where a call comes from. */
export interface Source {
  /** The name of the kernel. */
  kernel: string;
  /** The operation that made it, or whose gradient did. */
  operation: string;
  /** The path of the module whose `forward` ran the operation. An outermost module is named by its class; outside of modules this is `""`. */
  module: string;
}

/** What a listener recorded about sources. Module paths are looked up only when they are needed, because that takes longer than recording all of this. */
export interface RecordedSources {
  readonly kernels: readonly string[];
  readonly operations: readonly string[];
  readonly modules: readonly (object | null)[];
  readonly outermost: ReadonlySet<object>;
}

/** What a listener recorded of one run. */
export const sourcesRecordedBy = ({ calls, operations, modules, outermost }: Listener): RecordedSources => ({
  kernels: calls.map(([kernel]) => kernel),
  operations,
  modules,
  outermost,
});

/** The sources of all recorded calls, in order. */
export function sourcesOf({ kernels, operations, modules, outermost }: RecordedSources): Source[] {
  const paths = new Map<object, string>();
  for (const root of outermost as ReadonlySet<Module>) {
    for (const [path, module] of root.namedModules()) if (!paths.has(module)) paths.set(module, path || root.constructor.name);
  }
  const pathOf = (module: object | null | undefined): string => (module ? (paths.get(module) ?? module.constructor.name) : '');
  return kernels.map((kernel, i) => ({ kernel, operation: operations[i] ?? '', module: pathOf(modules[i]) }));
}
