// The page of a run: what it says, and that nothing given to it gets out of its place.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { getRngState, info, manualSeed, metrics, nn, randint, randn, report, setRngState, tensor, version } from '../../src';
import { folder } from '../io/files';
import { rejection } from '../rejection';
import { browserPath } from './browser';

const at = folder();

// echarts speaks of what it cannot draw.
const warned = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'error')];
afterEach(() => {
  for (const spy of warned) expect(spy).not.toHaveBeenCalled();
});

async function pageOf(record: report.RunRecord, name = 'page.html'): Promise<string> {
  await report.writeReport(at(name), record);
  return readFileSync(at(name), 'utf8');
}

const plain = (html: string): string =>
  html
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

const fit = {
  loss: [2, 1, 0.5],
  validationLoss: [2.5, 1.25, 1.5],
  metrics: { accuracy: [0.25, 0.5, 0.75] },
  lr: [0.1, 0.1, 0.01],
  epochSeconds: [1, 1, 1],
  bestEpoch: 2,
  seconds: 3,
};
const evil = '</script><script>document.title="broken"</script><img src=x onerror=alert(1)>"\'';
// Everything that has a place for text.
const full = (): report.RunRecord => ({
  fit: { ...fit, metrics: { [evil]: [0.25, 0.5, 0.75] } },
  title: evil,
  targets: Int32Array.of(0, 1, 2, 2, 1),
  probabilities: [
    [0.7, 0.2, 0.1],
    [0.1, 0.8, 0.1],
    [0.2, 0.2, 0.6],
    [0.5, 0.2, 0.3],
    [0.1, 0.5, 0.4],
  ],
  classNames: [evil, '__proto__', ']]>--></style>'],
  metrics: { [evil]: 0.5 },
  testMetrics: { [evil]: 0.25 },
  model: { text: `${evil}\n  (0): Linear`, parameters: 12 },
  data: { file: evil, sha256: 'AB'.repeat(32), bytes: 1234, rows: 5 },
  target: evil,
  columns: [{ name: evil, role: evil, missing: 2, categories: [evil, 'b'], reason: evil }],
  rows: { [evil]: 5 },
  options: { [evil]: evil, hidden: [16, 8] },
  seed: 42,
  version: evil,
  machine: { [evil]: evil },
  started: evil,
  stopped: evil,
});

describe('report.writeReport', () => {
  it('needs nothing but what train.fit returns', async () => {
    const text = plain(await pageOf({ fit }));
    expect(text).toContain('0.5 loss, best epoch'.replace('0.5', '1'));
    expect(text).toContain('1.25 validation loss, best epoch');
    expect(text).toContain(`simdnn ${version}`);
    expect(text).toContain(`target ${info().target}`);
    expect(text).not.toContain('Predictions');
    expect(text).toContain(
      'Epochs as a table epoch loss validation loss accuracy learning rate seconds 1 2 2.5 0.25 0.1 1 2 1 1.25 0.5 0.1 1',
    );
  });

  it('tells the seed that is in force, or the one that is given', async () => {
    const state = getRngState();
    try {
      manualSeed(2 ** 40 + 5);
      randn([100]);
      expect(plain(await pageOf({ fit }))).toContain(`seed ${2 ** 40 + 5} `);
    } finally {
      setRngState(state);
    }
    expect(plain(await pageOf({ fit, seed: 7 }))).toContain('seed 7 ');
    expect(plain(await pageOf({ fit, seed: null }))).toContain('seed not known');
  });

  it('takes the digest of the data', async () => {
    writeFileSync(at('data.csv'), 'a,b\n1,2\n');
    const text = plain(await pageOf({ fit, data: at('data.csv') }));
    expect(text).toContain(createHash('sha256').update('a,b\n1,2\n').digest('hex'));
    expect(text).toContain('data data.csv');
    expect((await rejection(report.writeReport(at('never.html'), { fit, data: at('missing.csv') }))).code).toBe('ENOENT');
    expect(readdirSync(at('.'))).not.toContain('never.html');
  });

  it('judges classes by the metrics of the library', async () => {
    manualSeed(4);
    const [scores, targets] = [randn([60, 4]).softmax(1), randint(0, 4, [60])];
    const html = await pageOf({ fit, targets, probabilities: scores, classNames: ['a', 'b', 'c', 'd'] });
    const accuracy = new metrics.Accuracy({ task: 'multiclass', numClasses: 4, average: 'micro' });
    accuracy.update(scores, targets);
    expect(plain(html)).toContain(`${Number(accuracy.compute().item().toPrecision(4))} accuracy`);
    const table = metrics.classificationReport(scores.argmax(1) as never, targets, { classes: ['a', 'b', 'c', 'd'], digits: 4 });
    expect(html).toContain(table);
    const auroc = new metrics.AUROC({ task: 'multiclass', numClasses: 4, average: 'none' });
    auroc.update(scores, targets);
    for (const [c, area] of auroc.compute().data.entries()) expect(html).toContain(`${'abcd'[c]}: area ${Number(area.toFixed(4))}`);
  });

  it('takes the probabilities of the second of two classes', async () => {
    const targets = Int32Array.of(0, 0, 1, 1);
    for (const probabilities of [
      [0.125, 0.5, 0.25, 0.75],
      tensor([[0.125], [0.5], [0.25], [0.75]]),
      tensor([
        [0.875, 0.125],
        [0.5, 0.5],
        [0.75, 0.25],
        [0.25, 0.75],
      ]),
    ]) {
      const text = plain(await pageOf({ fit, targets, probabilities, classNames: ['no', 'yes'] }));
      expect(text).toContain('0.75 accuracy'); // 0.5 is the first of two that are alike
      expect(text).toContain('yes: area 0.75');
      expect(text).not.toContain('no: area');
    }
  });

  it('judges values by the metrics of the library', async () => {
    const text = plain(await pageOf({ fit, targets: [1, 2, 3], predictions: tensor([[1.5], [2], [2.5]]) }));
    expect(text).toMatch(/MSE 0\.1667 MAE 0\.3333 R² 0\.75/);
    expect(text).toContain('Predicted and true values');
  });

  it('of a run that went wrong says so', async () => {
    const text = plain(
      await pageOf({
        fit: { loss: [2, Number.NaN], validationLoss: [Infinity, Number.NaN] },
        targets: [0, 1, 1],
        probabilities: [
          [0.5, 0.5],
          [Number.NaN, Number.NaN],
          [0.25, 0.75],
        ],
      }),
    );
    expect(text).toContain('The loss was NaN or infinite in 1 epoch.');
    expect(text).toContain('The validation loss was NaN or infinite in 2 epochs.');
    expect(text).toContain('1 row whose probabilities are NaN or infinite left out.');
    expect(plain(await pageOf({ fit, targets: [0], probabilities: [[Number.NaN, Number.NaN]] }))).toContain('NaN accuracy');
    expect(plain(await pageOf({ fit, targets: [1], predictions: [Number.NaN] }))).toContain('1 row without finite numbers left out.');
  });

  it('of a thousand classes and many epochs is of a size to be opened', async () => {
    manualSeed(5);
    const epochs = Array.from({ length: 20_000 }, (_, i) => 1 / (i + 1));
    const html = await pageOf({
      fit: { loss: epochs, lr: epochs },
      targets: randint(0, 1000, [3000]),
      probabilities: randn([3000, 1000]).softmax(1),
    });
    expect(html.length).toBeLessThan(600_000);
    expect(plain(html)).toContain('Every 40th epoch as a table');
    expect(plain(html)).toContain('of 1,000 with the most errors');
  });

  it('tells what was trained on what', async () => {
    const model = new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU());
    const columns = [
      { name: 'age', role: 'number', missing: 3 },
      { name: 'city', role: 'text', categories: ['Oslo', 'Bonn'] },
      { name: 'id', role: 'dropped', reason: 'every value is another' },
    ];
    const text = plain(
      await pageOf({ fit, model, target: 'species', columns, rows: { train: 1200, validation: 300 }, options: { hidden: [16], lr: 0.01 } }),
    );
    for (const part of [
      'parameters 15',
      '(0): Linear(in_features=4',
      'target species',
      'train rows 1,200',
      'age number 3',
      'city text 0 2 values: Oslo, Bonn',
      'id dropped 0 every value is another',
      'hidden [16]',
      'lr 0.01',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('escapes every text', async () => {
    const html = await pageOf(full());
    expect(html).not.toMatch(/<script|<img|onerror=alert\(1\)>/i);
    expect(html.match(/<\/style>/g)).toHaveLength(1);
    expect(html.split('&lt;/script&gt;').length).toBeGreaterThan(15);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('refuses what it cannot show, and leaves the file as it was', async () => {
    await pageOf({ fit });
    const before = readFileSync(at('page.html'), 'utf8');
    const refused = async (record: unknown, message: string): Promise<void> => {
      expect((await rejection(report.writeReport(at('page.html'), record as report.RunRecord))).message).toContain(message);
    };
    await refused(null, '[report.writeReport] expected the record of a run, got null');
    await refused({}, '[report.writeReport] expected fit, what train.fit returns');
    await refused({ fit, colour: 1 }, 'unknown option "colour"');
    await refused({ fit: { loss: [] } }, 'there is no epoch');
    await refused({ fit, targets: [1] }, 'targets without predictions say nothing');
    await refused({ fit, predictions: [1] }, 'predictions without targets say nothing');
    await refused({ fit, targets: [0, 1], probabilities: [[1, 0]] }, 'expected probabilities of 2 rows, as targets has, got 1');
    await refused({ fit, targets: [2], probabilities: [[1, 0]] }, 'expected targets from 0 to 1, got 2 at position 0');
    await refused({ fit, targets: [0.5], probabilities: [[1, 0]] }, 'expected targets from 0 to 1, got 0.5');
    await refused({ fit, targets: [0], probabilities: [2] }, 'expected probabilities from 0 to 1, got 2');
    await refused({ fit, targets: [0], probabilities: [[1, 0]], classNames: ['a'] }, 'expected 2 classNames, got 1');
    await refused({ fit, targets: [1, 2], predictions: [1] }, 'expected predictions of 2 rows, as targets has, got 1');
    await refused({ fit, targets: [], predictions: [] }, 'there are no targets');
    await refused({ fit, task: 'clustering', targets: [1], predictions: [1] }, 'expected task to be one of');
    await refused({ fit, data: { file: 'a', sha256: 'x' } }, 'expected data.sha256 of 64 hexadecimal digits');
    await refused({ fit, seed: -1 }, 'expected seed');
    await refused({ fit, metrics: { a: '1' } }, 'expected metrics.a to be a number, got "1"');
    await refused({ fit, columns: [{}] }, 'expected columns[0].name to be a text, got undefined');
    await refused({ fit, model: 3 }, 'expected model to be a module, got 3');
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    await refused({ fit, options: { circle } }, 'options.circle cannot be written');
    expect(await rejection(report.writeReport(at('none/page.html'), { fit }))).toMatchObject({
      code: 'ENOENT',
      message: `${at('none/page.html')} cannot be written: the folder ${at('none')} does not exist (ENOENT)`,
    });
    expect((await rejection(report.writeReport(3 as never, { fit }))).message).toContain('expected a path or a file: URL, got 3');
    expect(readFileSync(at('page.html'), 'utf8')).toBe(before);
  });
});

describe.skipIf(browserPath === undefined)('in a browser (skipped where there is no Chromium: SIMDNN_BROWSER names one)', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserPath!, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());

  it.each(['light', 'dark'] as const)('is a whole page (%s)', async (colorScheme) => {
    await pageOf(full(), `${colorScheme}.html`);
    const page = await browser.newPage({ colorScheme, viewport: { width: 1280, height: 900 } });
    const [requests, complaints]: string[][] = [[], []];
    page.on('request', (request) => requests!.push(request.url()));
    page.on('console', (message) => complaints!.push(message.text()));
    page.on('pageerror', (error) => complaints!.push(error.message));
    page.on('dialog', () => complaints!.push('a dialog'));
    await page.goto(`file://${at(`${colorScheme}.html`)}`);
    // Where SIMDNN_SCREENSHOTS names a folder, the pages are there to be looked at.
    const shots = process.env['SIMDNN_SCREENSHOTS'];
    if (shots !== undefined) {
      mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: `${shots}/${colorScheme}.png`, fullPage: true });
    }
    const seen = (await page.evaluate(`(() => {
      const colorOf = (element, property) => getComputedStyle(element)[property];
      const figures = [...document.querySelectorAll('svg.simdnn-figure')];
      return {
        title: document.title,
        scripts: document.scripts.length,
        images: document.images.length,
        body: colorOf(document.body, 'backgroundColor'),
        sizes: figures.map((svg) => [svg.getBoundingClientRect().width, svg.getBoundingClientRect().height]),
        surfaces: figures.map((svg) => colorOf(svg.querySelector('rect'), 'fill')),
        inks: figures.map((svg) => colorOf([...svg.querySelectorAll('text')].at(-1), 'fill')),
        outside: figures.map((svg) => {
          const box = svg.getBoundingClientRect();
          return [...svg.querySelectorAll('text')].filter((text) => {
            const { left, right, top, bottom } = text.getBoundingClientRect();
            return left < box.left - 1 || right > box.right + 1 || top < box.top - 1 || bottom > box.bottom + 1;
          }).map((text) => text.textContent);
        }),
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      };
    })()`)) as Record<string, unknown> & { sizes: [number, number][]; surfaces: string[]; inks: string[] };
    await page.close();
    expect(requests).toEqual([`file://${at(`${colorScheme}.html`)}`]);
    expect(complaints).toEqual([]);
    expect([seen['title'], seen['scripts'], seen['images']]).toEqual([evil, 0, 0]);
    const surface = { light: 'rgb(255, 255, 255)', dark: 'rgb(13, 17, 23)' }[colorScheme];
    expect(seen['body']).toBe(surface);
    expect(seen.sizes).toHaveLength(6);
    for (const [width, height] of seen.sizes) expect([width > 300, height > 80]).toEqual([true, true]);
    expect(new Set(seen.surfaces)).toEqual(new Set([surface]));
    expect(seen.inks).not.toContain(surface);
    expect(seen['outside']).toEqual(seen.sizes.map(() => []));
    expect(seen['wide']).toBe(0);
  });

  it('a figure of its own is an image, light or dark', async () => {
    writeFileSync(at('loss.svg'), report.lossCurves(fit));
    const page = await browser.newPage({ colorScheme: 'dark' });
    await page.goto(`file://${at('loss.svg')}`);
    const fill = await page.evaluate(`[document.documentElement.nodeName, getComputedStyle(document.querySelector('rect')).fill]`);
    await page.close();
    expect(fill).toEqual(['svg', 'rgb(13, 17, 23)']);
  });
});
