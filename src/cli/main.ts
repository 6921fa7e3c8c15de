// The entry of the command line: what bin/simdnn.js calls.

import { CommanderError } from 'commander';
import { isError } from '../brands';
import { exitCodes, explained } from './errors';
import { sayJson, warn } from './output';
import { programFor } from './program';

/** Runs the command line; resolves to the exit code. */
async function codeOf(args: readonly string[]): Promise<number> {
  let code: number = exitCodes.done;
  try {
    await programFor((ended) => {
      code = ended;
    }).parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.done;
      if (args.includes('--json')) sayJson({ error: error.message.replace(/^error: /, '') });
      return exitCodes.usage;
    }
    const message = explained(error);
    warn(`simdnn: ${message}`);
    if (args.includes('--debug') && isError(error)) warn(error.stack ?? '');
    if (args.includes('--json')) sayJson({ error: message });
    return exitCodes.failed;
  }
}

/** Runs the command line of this process. A closed pipe behind its output is not an error. */
export async function main(args: readonly string[] = process.argv.slice(2)): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done);
    warn(`simdnn: standard output cannot be written: ${error.message}`);
    process.exit(exitCodes.failed);
  });
  process.exitCode = await codeOf(args);
}
