// Checks that several schedulers share, and values that may differ from group to group.
import { checkInteger, checkNumber, describe, rangeError, typeError } from '../../errors';
import type { Scheduled } from './scheduler';

/** The value of a group: a common one, or one of a list. */
export const ofGroup = <T extends number | ((epoch: number) => number)>(value: T | readonly T[], group: number): T =>
  Array.isArray(value) ? (value as readonly T[])[group]! : (value as T);

/** Throws unless a list has as many elements as there are groups. */
export function checkLength(where: string, name: string, list: readonly unknown[], { paramGroups }: Scheduled): void {
  if (list.length !== paramGroups.length)
    throw rangeError(where, `expected ${name} to have one value for each of the ${paramGroups.length} groups, got ${list.length}`);
}

/** Throws unless the value is a number within `[low, high]`, or a list of such numbers, one for each group. */
export function checkPerGroup(where: string, name: string, value: unknown, optimizer: Scheduled, low: number, high = Infinity): void {
  if (!Array.isArray(value)) {
    checkNumber(where, name, value, low, high);
    return;
  }
  checkLength(where, name, value, optimizer);
  value.forEach((one, i) => void checkNumber(where, `${name}[${i}]`, one, low, high));
}

/** Throws unless the value is a list of step counts. */
export function checkMilestones(where: string, milestones: unknown): void {
  if (!Array.isArray(milestones))
    throw typeError(where, `expected milestones to be a list of numbers of steps, got ${describe(milestones)}`);
  milestones.forEach((milestone, i) => void checkInteger(where, `milestones[${i}]`, milestone));
}
