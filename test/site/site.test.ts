// The site that `npm run docs` makes: its guides and its search in a real browser, its links on disk.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath } from '../report/browser';

const site = join(__dirname, '../../build/docs');
const guides = readdirSync(join(site, 'documents')).sort();

it('has a page for every guide', () => {
  const { projectDocuments } = JSON.parse(readFileSync(join(__dirname, '../../docs/reference/typedoc.json'), 'utf8')) as {
    projectDocuments: string[];
  };
  expect(projectDocuments.length).toBeGreaterThan(15);
  expect(guides).toHaveLength(projectDocuments.length);
});

it.each(guides)('links from %s to what is there', (name) => {
  const html = readFileSync(join(site, 'documents', name), 'utf8');
  const links = [...html.matchAll(/(?:href|src)="([^"#]+)/g)].map(([, link]) => link!).filter((link) => !/^(https?|data):/.test(link));
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((link) => !existsSync(join(dirname(join(site, 'documents', name)), decodeURIComponent(link))))).toEqual([]);
});

describe.skipIf(browserPath === undefined)('in a browser', () => {
  let browser: Browser;
  let page: Page;
  const errors: string[] = [];
  const open = (name: string) => page.goto(pathToFileURL(join(site, name)).href);

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserPath!, args: ['--no-sandbox'] });
    page = await browser.newPage();
    page.on('pageerror', (error) => errors.push(String(error)));
  });
  afterAll(() => browser?.close());

  it('begins with the README and leads to the guides', async () => {
    await open('index.html');
    expect(await page.title()).toBe('simdnn');
    await page.locator('.site-menu a', { hasText: 'Tensors' }).first().click();
    await page.waitForURL(/documents\/Tensors/i);
    expect(await page.locator('h1').last().textContent()).toContain('Tensors');
  });

  it.each(['CrossEntropyLoss', 'crossValidate', 'Serving'])('finds %s', async (name) => {
    await open('index.html');
    await page.locator('#tsd-search-trigger').click();
    await page.locator('#tsd-search-input').fill(name);
    const found = page.locator('#tsd-search-results a', { hasText: name }).first();
    await found.click();
    await page.waitForURL(new RegExp(name, 'i'));
    expect(await page.locator('h1').last().textContent()).toContain(name);
  });

  it.each(['light', 'dark'] as const)('is readable when the system prefers %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await open(`documents/${guides[0]}`);
    const [text, ground] = await Promise.all(
      ['color', 'backgroundColor'].map((name) => page.evaluate<string>(`getComputedStyle(document.body).${name}`)),
    );
    const brightness = (css: string): number => (css.match(/\d+/g) ?? []).slice(0, 3).reduce((sum, value) => sum + Number(value) / 3, 0);
    expect(Math.abs(brightness(text!) - brightness(ground!))).toBeGreaterThan(120);
    expect(brightness(ground!) > 128).toBe(colorScheme === 'light');
  });

  it('throws nothing meanwhile', () => {
    expect(errors).toEqual([]);
  });
});
