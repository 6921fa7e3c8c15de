// A pass over the calls: sums over ranks begin as soon as their gradients are final, and go on while the rest of the backward pass is calculated.
import { meets, type TracedCall, type Value, valuesOf } from './calls';

const isPhase = ({ kernel, args }: TracedCall, phase: string): boolean => kernel === 'allReduce' && args.phase === phase;

// The number of calls up to the last one that uses elements of a value.
function callsThatUse(calls: readonly TracedCall[], value: Value): number {
  let count = calls.length;
  while (count > 0 && !valuesOf(calls[count - 1]!).some((other) => meets(other, value))) count--;
  return count;
}

/** Moves the begin of each sum over ranks to behind the last call that uses its values. The sums keep their order, which all ranks must share. */
export function overlapSums(calls: readonly TracedCall[]): readonly TracedCall[] {
  const first = calls.findIndex((call) => isPhase(call, 'begin'));
  if (first < 0) return calls;
  const end = calls.findIndex((call) => isPhase(call, 'end'));
  const before = calls.slice(0, first);
  const moved: TracedCall[] = [];
  let place = 0;
  for (const begin of calls.slice(first, end)) {
    const next = Math.max(1, place, callsThatUse(before, begin.args.values as Value));
    // It counts as a part of the recorded call before it, so that the positions of all others hold.
    moved.push(...before.slice(place, next), { ...begin, from: before[next - 1]!.from.slice(0, 1) });
    place = next;
  }
  return [...moved, ...before.slice(place), ...overlapSums(calls.slice(end))];
}
