// Gives a run of the tests, and the programs that they start, a folder of its own for temporary files; fails the run if one of the project's is left in it.
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// As the tests, the benchmarks and the examples name theirs. What other programs leave is only removed.
const ours = /^(simdnn|whole-run|reviews)/;

export default function setUp(): () => void {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'simdnn-tests-'));
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder;
  return () => {
    const left = readdirSync(folder).filter((name) => ours.test(name));
    rmSync(folder, { recursive: true, force: true });
    if (left.length === 0) return;
    process.exitCode = 1; // vitest says what is thrown here, and ends well
    throw new Error(`the tests left ${left.length} temporary files and folders: ${left.slice(0, 10).join(', ')}`);
  };
}
