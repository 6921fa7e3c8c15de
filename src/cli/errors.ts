// The command line's errors: one sentence, a hint in terms of its own options, and an exit code.

import { isError } from '../brands';
/** The exit codes. */
export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** An error whose message is for the user: the program itself has no fault. */
export class CliError extends Error {
  constructor(message: string, hint?: string) {
    super(hint === undefined ? message : `${message}\n  hint: ${hint}`);
    this.name = 'CliError';
  }
}

// The library's hints name its JavaScript options; these are the names on the command line. The first match is used.
const hints: readonly (readonly [message: RegExp, hint: string])[] = [
  [/^line \d+.* has the number .* where a column's name belongs/, '--no-header for a file whose first row has values'],
  [/expected a number, got/, '--na TEXT names what stands for a missing value, --text COLUMN reads a column as text, --decimal the mark'],
  [/has no name$/, '--drop "" leaves it out'],
  [/is no safetensors file/, 'a model is a file that simdnn train --model has written, and stands first'],
  [/not UTF-8|encoding/, '--encoding windows-1252 for files of older programs'],
];

/** The library's message without the function's name, with its hint translated or omitted. */
export function explained(error: unknown): string {
  if (error instanceof CliError) return error.message;
  const { code, path } = error as NodeJS.ErrnoException;
  const text = isError(error) ? error.message : String(error);
  if (code === 'ENOENT' && path !== undefined && text.startsWith('ENOENT')) return `${path} does not exist`;
  const [message, ...rest] = text.replace(/^\[[\w.: ]+\] /, '').split('\n  hint: ');
  const known = hints.find(([pattern]) => pattern.test(message!))?.[1];
  const given = rest.join('').replace(/\bdelimiter: /g, '--delimiter ');
  const isPlain = given !== '' && !/[({[]|\b[a-z]+[A-Z]?\w*: /.test(given);
  const hint = known ?? (isPlain ? given : undefined);
  return hint === undefined ? message! : `${message}\n  hint: ${hint}`;
}
