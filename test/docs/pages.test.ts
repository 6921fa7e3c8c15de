// The pages say what is so: their snippets run, their results are compared, and what they link to is there.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as simdnn from '../../src/index';
import * as kernels from '../../src/kernels';
import { idiomsOf, runSnippet } from './snippet';

const root = join(__dirname, '../..');
const pages = readdirSync(join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);

const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');
/** The snippets of a page, each with what it prints where the next block shows it. */
const snippetsOf = (page: string): { code: string; prints: string | undefined }[] =>
  [...textOf(page).matchAll(/```ts\n([\s\S]*?)```(?:\n\n```text\n([\s\S]*?)```)?/g)].map(([, code, prints]) => ({ code: code!, prints }));

describe.each(pages.filter((page) => snippetsOf(page).length > 0))('%s', (page) => {
  const snippets = snippetsOf(page);
  it.each(snippets.map(({ prints }, i) => ({ i, prints })))('snippet $i', async ({ i, prints }) => {
    const printed: unknown[] = [];
    const console = { log: (text: unknown) => void printed.push(text), table: () => {} };
    // A page's first snippet makes what the others use.
    const code = i === 0 ? snippets[0]!.code : snippets[0]!.code + snippets[i]!.code;
    await runSnippet(code, { ...kernels, ...simdnn, console });
    if (prints !== undefined) expect(printed.join('\n')).toBe(prints.trimEnd());
  });
});

// The tables of idioms: the second column of one that is headed `| ... | simdnn | |` is code, and runs after the page's first snippet.
describe.each(pages.filter((page) => idiomsOf(textOf(page)).length > 0))('the tables of %s', (page) => {
  it.each(idiomsOf(textOf(page)))('%s', async (code) => {
    await runSnippet(`${snippetsOf(page)[0]!.code}${code}`, { ...simdnn, console: { log: () => {} } });
  });
});

it('the site of `npm run docs` has every page as a guide', () => {
  const { projectDocuments } = JSON.parse(textOf('docs/reference/typedoc.json')) as { projectDocuments: string[] };
  expect(projectDocuments.map((path) => path.replace('../', 'docs/')).sort()).toEqual([...pages].sort());
});

it('the pages for those who come from elsewhere have such tables', () => {
  const with50 = pages.filter((page) => idiomsOf(textOf(page)).length > 50);
  expect(with50).toEqual(['docs/coming-from-keras-and-tfjs.md', 'docs/coming-from-pytorch.md']);
});

describe('links', () => {
  it.each([...pages, 'HACKING.md', 'SECURITY.md', 'CHANGELOG.md'])('of %s', (page) => {
    const anchors = [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(
      ([, title]) =>
        `#${title!
          .toLowerCase()
          .replace(/[^\w ]/g, '')
          .replaceAll(' ', '-')}`,
    );
    const links = [...textOf(page).matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!).filter((link) => !link.startsWith('https:'));
    expect(links.filter((link) => (link.startsWith('#') ? !anchors.includes(link) : !existsSync(join(root, dirname(page), link))))).toEqual(
      [],
    );
  });
});
