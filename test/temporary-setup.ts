// Gives a run of the tests, and the programs that they start, its own folder for temporary files. The run fails if a file of the project is left in it.
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

// The prefix of the tests', benchmarks' and examples' files. Files of other programs are only removed.
const ours = /^(simdnn|whole-run|reviews)/;

const prefix = 'simdnn-tests-';

export default function setUp(): (() => void) | undefined {
  if (basename(tmpdir()).startsWith(prefix)) return; // of this run: vitest calls this for each of its projects
  const folder = mkdtempSync(join(realpathSync(tmpdir()), prefix));
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder;
  return () => {
    const left = readdirSync(folder).filter((name) => ours.test(name));
    rmSync(folder, { recursive: true, force: true });
    if (left.length === 0) return;
    process.exitCode = 1; // vitest prints what is thrown here, but exits with 0
    throw new Error(`the tests left ${left.length} temporary files and folders: ${left.slice(0, 10).join(', ')}`);
  };
}
