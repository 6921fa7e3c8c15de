// Nothing runs here: each line compiles only if the names are the same.

import type * as imported from 'simdnn';
import type * as kernelsImported from 'simdnn/kernels';

type Required = typeof import('simdnn', { with: { 'resolution-mode': 'require' }});
type KernelsRequired = typeof import('simdnn/kernels', { with: { 'resolution-mode': 'require' }});
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

export const same: Same<keyof typeof imported, keyof Required> = true;
export const kernelsSame: Same<keyof typeof kernelsImported, keyof KernelsRequired> = true;
// @ts-expect-error: the comparison can fail
export const different: Same<keyof typeof imported, keyof KernelsRequired> = true;
