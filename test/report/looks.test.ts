// How pages look in a browser, narrow and wide, light and dark: nothing lies over or outside of anything else, and figures can be read.
import { mkdirSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualSeed, randint, randn, report } from '../../src';
import { folder } from '../io/files';
import { browserPath } from './browser';

const at = folder();

const fitOf = (epochs: number, loss: (i: number) => number, metrics: readonly string[] = ['accuracy']) => {
  const list = (of: (i: number) => number) => Array.from({ length: epochs }, (_, i) => of(i));
  return {
    loss: list(loss),
    validationLoss: list((i) => 1.1 * loss(i)),
    metrics: Object.fromEntries(metrics.map((name, m) => [name, list((i) => 1 - 1 / (i + m + 2))])),
    lr: list(() => 0.01),
    epochSeconds: list(() => 0.25),
    bestEpoch: epochs,
    seconds: epochs / 4,
  };
};

function classes(names: readonly string[], rows: number): Pick<report.RunRecord, 'targets' | 'probabilities' | 'classNames'> {
  manualSeed(3);
  const targets = randint(0, names.length, [rows]);
  const scores = randn([rows, names.length]);
  for (let i = 0; i < rows; i++) scores.data[i * names.length + targets.data[i]!]! += 2;
  return { targets, probabilities: scores.softmax(1), classNames: names };
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `class ${i + 1}`);
const long = [
  'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft',
  'a class whose name is a whole sentence with many words that goes on and on',
  'W'.repeat(200),
  '短い名前のクラスと長い名前のクラス',
];
const pages: Record<string, () => report.RunRecord> = {
  usual: () => ({
    fit: fitOf(30, (i) => 2 / (i + 1)),
    target: 'species',
    ...classes(['setosa', 'versicolor', 'virginica', 'rose', 'tulip'], 300),
  }),
  long: () => ({
    fit: fitOf(12, (i) => 2 / (i + 1), long),
    title: 'T'.repeat(300),
    target: 't'.repeat(150),
    columns: [{ name: 'c'.repeat(200), role: 'text', categories: numbered(60) }],
    data: { file: `${'/a/long/path'.repeat(9)}.csv`, sha256: 'ab'.repeat(32), bytes: 12_345_678, rows: 1_000_000 },
    ...classes(long, 200),
  }),
  'one epoch': () => ({ fit: fitOf(1, () => 0.7), ...classes(['no', 'yes'], 50) }),
  'losses that are NaN': () => ({
    fit: fitOf(6, (i) => [2, 1.5, Number.NaN, Number.NaN, 1e30, Infinity][i]!),
    ...classes(numbered(3), 60),
  }),
  'nothing but NaN': () => ({ fit: { loss: [Number.NaN, Number.NaN], validationLoss: [Number.NaN, Number.NaN] } }),
  'forty classes and twelve metrics': () => ({ fit: fitOf(100, (i) => Math.exp(-i / 20), numbered(12)), ...classes(numbered(40), 4000) }),
  values: () => ({
    fit: fitOf(50, (i) => 100 / (i + 1)),
    targets: randn([500]).mul(1e5),
    predictions: randn([500]).mul(1e5),
    target: 'price',
  }),
};

// In the browser: what is wrong with the page.
const faults = `(() => {
  document.querySelectorAll('details').forEach((one) => { one.open = true; });
  const found = [];
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) found.push('the page is ' + wide + ' pixels too wide');
  for (const svg of document.querySelectorAll('svg.simdnn-figure')) {
    const box = svg.getBoundingClientRect();
    const name = svg.getAttribute('aria-label').slice(0, 20) + ': ';
    const texts = [...svg.querySelectorAll('text')].map((text) => {
      const { a, b } = text.getScreenCTM();
      const [scale, angle] = [Math.hypot(a, b), Math.abs(Math.atan2(b, a))];
      // The bounds of a slanted text are no bounds of its letters.
      const straight = angle < 0.01 || Math.abs(angle - Math.PI / 2) < 0.01;
      return { said: text.textContent, straight, letters: scale * parseFloat(getComputedStyle(text).fontSize), bounds: text.getBoundingClientRect() };
    });
    for (const { said, letters, bounds } of texts) {
      const { left, right, top, bottom } = bounds;
      if (left < box.left - 1 || right > box.right + 1 || top < box.top - 1 || bottom > box.bottom + 1) found.push(name + said + ' is outside');
      if (letters < 7) found.push(name + said + ' has letters of ' + letters.toFixed(1) + ' pixels');
    }
    const straight = texts.filter((one) => one.straight);
    straight.forEach((a, i) => straight.slice(i + 1).forEach((b) => {
      const across = Math.min(a.bounds.right, b.bounds.right) - Math.max(a.bounds.left, b.bounds.left);
      const down = Math.min(a.bounds.bottom, b.bounds.bottom) - Math.max(a.bounds.top, b.bounds.top);
      if (across > 2 && down > 3) found.push(name + a.said + ' lies over ' + b.said);
    }));
  }
  for (const cell of document.querySelectorAll('td:first-child')) {
    if (/^[\\w-]{1,10}$/.test(cell.textContent) && cell.getBoundingClientRect().height > 2 * 21 && cell.nextSibling.getClientRects().length === 1) {
      const range = document.createRange();
      range.selectNodeContents(cell);
      if (range.getClientRects().length > 1) found.push(cell.textContent + ' is broken');
    }
  }
  return found;
})()`;

describe.skipIf(browserPath === undefined)('in a browser (skipped where there is no Chromium: SIMDNN_BROWSER names one)', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserPath!, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());

  it.each(Object.keys(pages))('the page of %s', async (name) => {
    const file = `${name.replaceAll(' ', '-')}.html`;
    await report.writeReport(at(file), pages[name]!());
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [380, 1280]) {
        const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
        await page.goto(`file://${at(file)}`);
        const found = await page.evaluate(faults);
        const shots = process.env['SIMDNN_SCREENSHOTS'];
        if (shots !== undefined) {
          mkdirSync(shots, { recursive: true });
          await page.screenshot({ path: `${shots}/${file}-${colorScheme}-${width}.png`, fullPage: true });
        }
        await page.close();
        expect([colorScheme, width, found]).toEqual([colorScheme, width, []]);
      }
    }
  });
});
