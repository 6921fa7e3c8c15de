// Files that are whole but for some bytes: `node test/fuzz/files.mjs --files 1000000` tries more of them.
import { expect, it, vi } from 'vitest';
import * as simdnn from '../../src';
import { folder, golden } from './files';

const at = folder();

it('a changed file is loaded, or refused by the library', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const { tryFiles, wholeFiles } = await import('../fuzz/mutations.mjs');
  const files = await wholeFiles(simdnn, at(''), golden('custom.safetensors'));
  const loaded = await tryFiles(files, { seed: 1, first: 0, end: 4000, folder: at('') });
  warn.mockRestore();
  expect(loaded).toBeGreaterThan(20);
  expect(loaded).toBeLessThan(3000);
});
