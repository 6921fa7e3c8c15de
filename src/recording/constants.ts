// Constants that a function changes, or gives out, are made anew for each replay: by calls in front of all others.
import { overlap, type TensorData } from '../memory';
import type { FusedCall } from './fusion';
import { type Listener, writtenArrays } from './listener';

/** The calls that make the constants anew which are written or `given` out. Their memory becomes temporary. */
export function renewals({ calls, pristine, temporaries }: Listener, given: readonly TensorData[]): FusedCall[] {
  const changed = [...calls.flatMap(writtenArrays), ...given];
  return [...pristine]
    .filter(([constant]) => changed.some((array) => overlap(array, constant)))
    .map(([constant, as]) => {
      temporaries.add(constant);
      return { call: ['copyStrided', constant, as, Int32Array.of(1, as.length, 1, 0, 1, 0)], from: [-1] };
    });
}
