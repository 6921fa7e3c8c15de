// Processes that are killed while they save.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const program = join(__dirname, '../programs/save-forever.cjs');

/**
 * Starts a process that saves from epoch `first` on, and kills it some milliseconds after its first save began. Returns the last saves that began and ended.
 */
export function killed(path: string, first: number, milliseconds: number): Promise<{ begun: number; ended: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, path, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output === '') setTimeout(() => child.kill('SIGKILL'), milliseconds);
      output += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the program ended with ${code ?? signal}: ${output}`));
      const last = (what: string): number =>
        Number(
          output
            .trim()
            .split('\n')
            .findLast((line) => line.startsWith(`${what} `) && /\d$/.test(line))
            ?.slice(what.length + 1) ?? first - 1,
        );
      resolve({ begun: last('begin'), ended: last('end') });
    });
  });
}
