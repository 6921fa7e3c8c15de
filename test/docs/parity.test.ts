// docs/parity.md: PyTorch's name of each of ours, as the doc comments say. `npx vitest run test/docs/parity.test.ts -u` writes it anew.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as simdnn from '../../src/index';
import { publicNames } from './surface';

const root = join(__dirname, '../..');
const spaces = ['nn.', 'optim.', 'metrics.', 'data.'];

const rows = publicNames(join(root, 'src/index.ts'), simdnn as never)
  .filter(({ path, callable }) => callable && spaces.some((space) => path.startsWith(space)))
  .map(({ path, doc }) => ({ path, torch: doc?.match(/`((?:torch|torchvision|torchmetrics|sklearn|timm)\.[\w.]+)`/)?.[1] ?? null }))
  .sort((a, b) => (a.path < b.path ? -1 : 1));

it('says the names that the doc comments say', async () => {
  const text = [
    '# Names beside PyTorch',
    '',
    'Of each class and function its counterpart, as its comment in the source says; what has none is of this library alone.',
    '',
    '| simdnn | counterpart |',
    '| --- | --- |',
    ...rows.map(({ path, torch }) => `| \`${path}\` | ${torch === null ? '' : `\`${torch}\``} |`),
    '',
  ].join('\n');
  await expect(text).toMatchFileSnapshot(join(root, 'docs/parity.md'));
});

it('every layer, loss and optimizer has a counterpart', () => {
  const without = rows.filter(({ path, torch }) => /^(nn|optim)\.[A-Z]\w*$/.test(path) && torch === null);
  expect(without.map(({ path }) => path)).toEqual([]);
});
