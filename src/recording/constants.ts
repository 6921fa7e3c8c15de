// Constants that the function overwrites or returns must have their first values again in each replay: copies in front of all other calls restore them.
import { type Base, type TracedCall, whole } from './calls';

/** The call that copies the values with which JavaScript made a constant. The constant's memory becomes a temporary. */
export function renewal(constant: Base, pristine: Base): TracedCall {
  constant.role = 'temporary';
  const { length } = pristine.memory;
  return {
    kernel: 'copyStrided',
    args: { out: whole(constant), x: whole(pristine), layout: Int32Array.of(1, length, 1, 0, 1, 0) },
    from: [-1],
  };
}
