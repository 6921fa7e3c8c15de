// Constants that a function changes, or gives out, are made anew for each replay: by calls in front of all others.
import { type Base, type TracedCall, whole } from './calls';

/** The call that makes a constant anew as JavaScript made it. Its memory becomes temporary. */
export function renewal(constant: Base, pristine: Base): TracedCall {
  constant.role = 'temporary';
  const { length } = pristine.memory;
  return {
    kernel: 'copyStrided',
    args: { out: whole(constant), x: whole(pristine), layout: Int32Array.of(1, length, 1, 0, 1, 0) },
    from: [-1],
  };
}
