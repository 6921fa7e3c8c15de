// A browser of this machine, for tests that need one.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

const runs = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return spawnSync(path, ['--version'], { timeout: 30_000 }).status === 0;
  } catch {
    return false;
  }
};

/** The path of Chromium or Chrome: that in SIMDNN_BROWSER, else the first on PATH; undefined if there is none. */
export const browserPath: string | undefined =
  process.env['SIMDNN_BROWSER'] ??
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(runs);
