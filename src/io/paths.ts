// Paths and `file:` URLs.

import { fileURLToPath } from 'node:url';
import { isUrl } from '../brands';
import { describe, rangeError, typeError } from '../errors';

/** The path that a path or a `file:` URL names. */
export function pathOf(where: string, path: unknown): string {
  if (isUrl(path) || (typeof path === 'string' && path.startsWith('file:'))) {
    try {
      return fileURLToPath(path);
    } catch (error) {
      throw rangeError(where, `expected a path or a file: URL, got ${path}: ${(error as Error).message}`);
    }
  }
  if (typeof path !== 'string') throw typeError(where, `expected a path or a file: URL, got ${describe(path)}`);
  if (path === '' || path.includes('\0')) throw rangeError(where, `${JSON.stringify(path)} is not a path`);
  return path;
}
