// The parameter groups of an optimizer, which are the present contents of `paramGroups`. As in PyTorch the user may change, replace, remove and add groups.
// A snapshot from the last check is kept, so that a step only has to compare it.
import { describe, rangeError, typeError, withDefaults } from '../errors';
import { UninitializedParameter } from '../nn/parameter';
import { Tensor } from '../tensor';
import type { FlatParameter, Slot } from './flat-parameters';
import type { Definition, ParamGroup } from './optimizer';

/** A group with its slots, and the flat parameters that were last made of them. */
export interface Stepped<O> {
  group: ParamGroup<O>;
  /** The group's list of parameters, and whether it can change: lists that the optimizer makes are frozen. */
  params: readonly Tensor[];
  frozen: boolean;
  readonly slots: readonly Slot[];
  keys: readonly string[];
  flatParameters: readonly FlatParameter[] | null;
  /** Whether the flat parameters include padding between parameters. */
  padded: boolean;
}

/** Whether these are the parameters of the slots. */
export function areOf(params: readonly Tensor[], slots: readonly Slot[]): boolean {
  if (params.length !== slots.length) return false;
  for (let i = 0; i < slots.length; i++) if (params[i] !== slots[i]!.parameter) return false;
  return true;
}

/**
 * Whether a group is the one that was looked at, with its parameters and no field more than it may have; `fields` is how many that are,
 * without `initialLr`. That none is missing the check of the options tells.
 */
export function isAsTaken<O extends object>({ group, params, frozen, slots }: Stepped<O>, now: unknown, fields: number): boolean {
  if (now !== group || group.params !== params) return false;
  let count = 0;
  for (const _ in group) count++;
  return count === fields + (group.initialLr === undefined ? 0 : 1) && (frozen || areOf(params, slots));
}

/** The snapshot of a group. */
export const lookedAt = <O>(group: ParamGroup<O>): Pick<Stepped<O>, 'group' | 'params' | 'frozen'> => ({
  group,
  params: group.params,
  frozen: Object.isFrozen(group.params),
});

/** Throws for parameters that cannot be optimized. */
export function checkParameter(where: string, parameter: unknown): void {
  if (!(parameter instanceof Tensor)) throw typeError(where, `expected every parameter to be a tensor, got ${describe(parameter)}`);
  if (parameter instanceof UninitializedParameter) {
    throw rangeError(
      where,
      'a parameter of a lazy layer is not initialized yet',
      'call model.forward(x) on a batch before making the optimizer',
    );
  }
  if (parameter.dtype !== 'float32') throw typeError(where, `only float32 tensors can be optimized, got ${parameter.dtype}`);
  if (parameter.node !== null) {
    throw rangeError(where, `cannot optimize a tensor that an operation made (${parameter.node.name})`, 'only leaves keep a gradient');
  }
}

function checkGroup<O extends object>({ name, defaults }: Definition<O>, group: unknown, at: string): asserts group is ParamGroup<O> {
  if (group === null || typeof group !== 'object' || group instanceof Tensor || Array.isArray(group)) {
    throw typeError(name, `expected ${at} to be a group { params, ... }, got ${describe(group)}`, 'optimizer.addParamGroup(...) makes one');
  }
  const { params, initialLr: _, ...options } = group as Partial<ParamGroup<O>>;
  withDefaults<object>(`${name}.${at}`, options, defaults);
  for (const option of Object.keys(defaults)) {
    if ((options as Record<string, unknown>)[option] === undefined)
      throw typeError(name, `${at} has no ${option}`, 'optimizer.addParamGroup(...) fills in what is left out; or begin with { ...group }');
  }
  if (!Array.isArray(params)) throw typeError(name, `expected the params of ${at} to be an array of parameters, got ${describe(params)}`);
}

/** Checks all that does not change from step to step: fields and parameters. */
export function checkGroups<O extends object>(definition: Definition<O>, groups: unknown): ParamGroup<O>[] {
  const { name } = definition;
  if (!Array.isArray(groups)) throw typeError(name, `expected paramGroups to be an array of groups, got ${describe(groups)}`);
  const taken = new Set<Tensor>();
  return Array.from(groups, (group: unknown, i) => {
    checkGroup(definition, group, `paramGroups[${i}]`);
    for (const parameter of group.params) {
      checkParameter(name, parameter);
      definition.checkParameter?.(name, parameter);
      if (taken.has(parameter)) throw rangeError(name, 'a parameter appears more than once');
      taken.add(parameter);
    }
    return group;
  });
}

/** Whether any option is a getter, which may give another value at each step. */
export const hasGetter = (group: object): boolean =>
  Object.values(Object.getOwnPropertyDescriptors(group)).some(({ get }) => get !== undefined);
