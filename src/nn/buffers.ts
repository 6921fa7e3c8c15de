// Buffers as properties that recordings watch, because a replay would otherwise keep using the tensor that was recorded.

import { SimdnnError } from '../errors';
import { recorder } from '../recorder';
import { Tensor } from '../tensor';
import { libraryGetter } from './library-getters';
import { countChange, watch } from './watch';

/** Why a buffer cannot be replaced while a function is recorded. */
export const replacedBuffer = (where: string, name: string): SimdnnError =>
  new SimdnnError(
    'SIMDNN_NOT_RECORDABLE',
    `[${where}] a buffer cannot be replaced inside a recorded function: the next run would go on with the one before\n  hint: change it in place: this.${name}.copy_(...)`,
  );

/** Makes `tensor` the property `name` of a module. */
export function defineBuffer(module: object, where: string, name: string, tensor: unknown): void {
  let current = tensor;
  countChange();
  Object.defineProperty(module, name, {
    get: libraryGetter(() => {
      if (recorder !== null) {
        watchBuffer(module, name, current);
        if (current instanceof Tensor) recorder.memory(current.values, 'buffer');
      }
      return current;
    }),
    set: (next: unknown) => {
      if (recorder !== null && next !== current) throw replacedBuffer(where, name);
      current = next;
      countChange();
    },
    enumerable: true,
    configurable: true,
  });
}

const watchBuffer = (module: object, name: string, tensor: unknown): void =>
  watch(() => (module as Record<string, unknown>)[name] === tensor);
