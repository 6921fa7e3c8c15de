// Loads corrupted files, and checks that the worst result is an error of the library.
// Usage: node test/fuzz/files.mjs [--files N] [--seed S] [--first I]
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { tryFiles, wholeFiles } from './mutations.mjs';

const { values: options } = parseArgs({
  options: {
    files: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
  },
});
const lib = createRequire(import.meta.url)('simdnn');
process.removeAllListeners('warning'); // a changed file may name another instruction set
const [seed, first, count] = [options.seed, options.first, options.files].map(Number);
const folder = mkdtempSync(join(tmpdir(), 'simdnn-files-'));
try {
  const files = await wholeFiles(lib, folder, fileURLToPath(new URL('../io/golden/custom.safetensors', import.meta.url)));
  let loaded = 0;
  for (let at = first; at < first + count; at += 10_000) {
    loaded += await tryFiles(files, { seed, first: at, end: Math.min(first + count, at + 10_000), folder });
    if (at % 100_000 === 0) console.log(`${at} files, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`);
  }
  console.log(`${count} files, ${loaded} of them loaded, nothing worse than an error`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
