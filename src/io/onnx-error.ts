// The errors for models that cannot be exported.
import { SimdnnError } from '../errors';

export const notExportable = (where: string, message: string, hint?: string): SimdnnError =>
  new SimdnnError('SIMDNN_NOT_EXPORTABLE', `[${where}] ${message}${hint === undefined ? '' : `\n  hint: ${hint}`}`);
