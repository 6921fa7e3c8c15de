// Folders for files of the tests, all below that of the run, which test/temporary-setup.ts makes and checks at the end.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const folders: string[] = [];
afterAll(() => folders.splice(0).forEach((folder) => void rmSync(folder, { recursive: true, force: true })));

/** An empty folder, which is removed when the file's tests have ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'simdnn-'));
  folders.push(folder);
  return folder;
}
