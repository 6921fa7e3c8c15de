// Losses, metrics and learning rates as figures: each point lies where the axes say.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { report, tensor } from '../../src';
import { seriesColors } from '../../src/report/palette';
import { thinnedLine } from '../../src/report/thin';
import { elementsOf, expectRefused, linesOf, piecesOf, strayIn, textsOf, ticksOf } from './svg';

const [training, validation] = [seriesColors[0][0], seriesColors[1][0]];

// echarts speaks of what it cannot draw.
const warned = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'error')];
afterEach(() => {
  for (const spy of warned) expect(spy).not.toHaveBeenCalled();
});

function expectPoints(actual: [number, number][][], expected: [number, number][][], bound: number): void {
  expect(actual.map((piece) => piece.length)).toEqual(expected.map((piece) => piece.length));
  for (const [i, [x, y]] of actual.flat().entries()) {
    expect(Math.abs(x - expected.flat()[i]![0])).toBeLessThan(0.01);
    expect(Math.abs(y - expected.flat()[i]![1])).toBeLessThan(bound);
  }
}

const points = (values: number[], first = 1): [number, number][] => values.map((value, i) => [first + i, value]);

describe('report.lossCurves', () => {
  it('draws each epoch where it belongs', () => {
    const loss = [2.25, 1.5, 0.75, 0.8, 0.125];
    const validationLoss = [2.5, 1.75, 1.125, 1.5, 1.625];
    const svg = report.lossCurves({ loss, validationLoss, bestEpoch: 3 });
    expectPoints(linesOf(svg, training), [points(loss)], 0.01);
    expectPoints(linesOf(svg, validation), [points(validationLoss)], 0.01);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['Loss', 'epoch', 'training', 'validation', 'best: 3']));
  });

  it('takes what train.fit returns, and counts on from epochs before', () => {
    const fit = {
      loss: [3, 2, 1],
      metrics: {},
      trainMetrics: {},
      lr: [1, 1, 1],
      epochSeconds: [1, 1, 1],
      epochs: 3,
      bestEpoch: 12,
      stopped: null,
      seconds: 3,
    };
    const svg = report.lossCurves(fit, { initialEpoch: 10 });
    expectPoints(linesOf(svg, training), [points([3, 2, 1], 11)], 0.01);
    expect(textsOf(svg)).toContain('best: 12');
    expect(textsOf(svg)).not.toContain('validation');
  });

  it('leaves gaps where a loss is no number, and says how many', () => {
    const svg = report.lossCurves({ loss: [3, 2, Number.NaN, 1, 2, Infinity, 1] });
    expect(linesOf(svg, training).map((piece) => piece.length)).toEqual([2, 2, 1]);
    expect(textsOf(svg)).toContain('training: 2 epochs NaN or infinite');
    // What stands alone between gaps has a mark.
    expect(elementsOf(svg).filter(({ attributes }) => attributes['fill'] === training).length).toBe(5);
  });

  it.each([[[0.5]], [[Number.NaN]], [[Number.NaN, Number.NaN]], [[0, 0]], [[-1, 1]], [[1e308, 1, 5e-324]], [[1e-300, 1]], [[3e38, 1e-38]]])(
    'draws %j without a coordinate that is none',
    (loss) => {
      for (const scale of ['auto', 'linear', 'log'] as const) {
        const svg = report.lossCurves({ loss, bestEpoch: 1 }, { scale });
        expect(strayIn(svg)).toEqual([]);
        expect(textsOf(svg).filter((text) => text === 'epoch')).toHaveLength(1);
      }
    },
  );

  it('shows one epoch as a mark', () => {
    const marks = elementsOf(report.lossCurves({ loss: [0.5] })).filter(({ attributes }) => attributes['fill'] === training);
    expect(marks).toHaveLength(1);
  });

  it('has a logarithmic axis where the largest is a hundred times the smallest', () => {
    const steps = (svg: string): number[] => {
      const [piece] = piecesOf(svg, training);
      return piece!.slice(1).map(([, y], i) => y - piece![i]![1]);
    };
    const log = steps(report.lossCurves({ loss: [100, 10, 1] }));
    expect(log[0]).toBeCloseTo(log[1]!, 1);
    const linear = steps(report.lossCurves({ loss: [99, 10, 1] }));
    expect(linear[0]).toBeCloseTo((linear[1]! * 89) / 9, 0);
    expect(steps(report.lossCurves({ loss: [100, 10, 1] }, { scale: 'linear' }))[0]).toBeCloseTo(
      10 * steps(report.lossCurves({ loss: [100, 10, 1] }, { scale: 'linear' }))[1]!,
      0,
    );
  });

  it('counts what a logarithmic axis cannot show', () => {
    const svg = report.lossCurves({ loss: [0, 10, 1] }, { scale: 'log' });
    expect(textsOf(svg)).toContain('training: 1 epoch not above 0');
  });

  it('of many epochs keeps the peaks', () => {
    const loss = Array.from({ length: 100_000 }, (_, i) => (i === 54_321 ? 9 : Math.sin(i)));
    const svg = report.lossCurves({ loss });
    expect(svg.length).toBeLessThan(60_000);
    const highest = linesOf(svg, training)
      .flat()
      .sort((a, b) => b[1] - a[1])[0]!;
    expect(highest[1]).toBeCloseTo(9, 1);
    expect(Math.abs(highest[0] - 54_322)).toBeLessThan(200);
  });

  it('thins lines to extremes, ends and gaps', () => {
    const line = Array.from({ length: 5000 }, (_, i) => [i, i === 777 ? null : (i * 7919) % 1009] as const);
    const thin = thinnedLine(line, 50);
    expect(thin.length).toBeLessThanOrEqual(50 * 3 + 2);
    expect([thin[0], thin.at(-1)]).toEqual([line[0], line.at(-1)]);
    expect(thin).toContainEqual([777, null]);
    expect(thin.map(([x]) => x)).toEqual(thin.map(([x]) => x).sort((a, b) => a - b));
    expect(thin.filter(([, y]) => y === 1008).length).toBeGreaterThan(0);
    expect(thinnedLine(line.slice(0, 100), 50)).toEqual(line.slice(0, 100));
  });

  it('gives the same text for the same figure, and ids of its own to each', () => {
    const [a, b] = [
      [2, 1],
      [3, 1],
    ].map((loss) => [report.lossCurves({ loss }), report.lossCurves({ loss })]);
    expect(a![0]).toBe(a![1]);
    const ids = [a![0]!, b![0]!].map((svg) => elementsOf(svg).flatMap(({ attributes }) => attributes['id'] ?? []));
    expect(ids[0]!.length).toBeGreaterThan(0);
    expect(ids[0]!.filter((id) => ids[1]!.includes(id))).toEqual([]);
    for (const [i, svg] of [a![0]!, b![0]!].entries()) {
      const used = [...svg.matchAll(/url\(#([^)]*)\)/g)].map(([, id]) => id);
      expect(used.filter((id) => !ids[i]!.includes(id!))).toEqual([]);
    }
  });

  it('is light, dark, or what the reader asks for', () => {
    const draw = (scheme: report.Scheme): string => report.lossCurves({ loss: [2, 1] }, { scheme });
    const dark = seriesColors[0][1];
    expect(draw('light')).not.toContain(dark);
    expect(draw('light')).not.toContain('<style>');
    expect(draw('dark')).toContain(`stroke="${dark}"`);
    expect(draw('dark')).not.toContain(training);
    expect(draw('auto')).toContain(`[stroke="${training}"]{stroke:${dark}}`);
    // Every colour that is drawn has a dark one.
    const used = new Set([...draw('light').matchAll(/(?:fill|stroke)="(#[^"]*)"/g)].map(([, color]) => color));
    for (const color of used) if (color !== '#000') expect(draw('auto')).toContain(`[fill="${color}"]`);
  });

  it('has the size and the title that it is given', () => {
    const svg = report.lossCurves({ loss: [2, 1] }, { title: '<&"\'>\0\ud800 two\nlines \u202e', width: 400, height: 300 });
    const [root] = elementsOf(svg);
    expect([root!.attributes['width'], root!.attributes['height']]).toEqual(['400', '300']);
    expect(root!.attributes['aria-label']).toBe('<&"\'>\ufffd\ufffd two lines \ufffd');
    expect(textsOf(svg)[0] === root!.attributes['aria-label'] || textsOf(svg).includes(root!.attributes['aria-label']!)).toBe(true);
  });

  it('refuses what it cannot draw', () => {
    const draw = (history: unknown, options?: object) => () => report.lossCurves(history as report.History, options);
    expectRefused(draw(null), TypeError, '[report.lossCurves] expected what train.fit returns, got null');
    expectRefused(draw({}), TypeError, '[report.lossCurves] expected loss, a list of numbers');
    expectRefused(draw({ loss: [] }), RangeError, '[report.lossCurves] there is no epoch');
    expectRefused(draw({ loss: ['1'] }), TypeError, '[report.lossCurves] expected loss[0] to be a number, got "1"');
    expectRefused(
      draw({ loss: [1], validationLoss: [1, 2] }),
      RangeError,
      '[report.lossCurves] expected validationLoss of 1 epochs, as loss is, got 2',
    );
    expectRefused(
      draw({ loss: [1] }, { scale: 'ln' }),
      RangeError,
      '[report.lossCurves] expected scale to be one of "auto", "linear", "log"',
    );
    expectRefused(draw({ loss: [1] }, { width: 10 }), RangeError, '[report.lossCurves] expected width to be');
    expectRefused(draw({ loss: [1] }, { title: 3 }), TypeError, '[report.lossCurves] expected title to be a text, got 3');
    expectRefused(draw({ loss: [1] }, { initialEpoch: -1 }), RangeError, '[report.lossCurves] expected initialEpoch');
    expectRefused(draw({ loss: [1] }, { colour: 1 }), TypeError, '[report.lossCurves] unknown option "colour"');
  });
});

describe('report.learningRate and report.metricCurves', () => {
  it('draw each epoch where it belongs', () => {
    const lr = [0.1, 0.1, 0.05, 0.025];
    expectPoints(linesOf(report.learningRate({ loss: [1, 1, 1, 1], lr }), training), [points(lr)], 1e-3);
    const accuracy = [0.25, 0.5, 0.75, 0.875];
    const svg = report.metricCurves({ loss: [1, 1, 1, 1], metrics: { accuracy }, trainMetrics: { accuracy: lr } });
    expectPoints(linesOf(svg, training), [points(accuracy)], 1e-2);
    expectPoints(linesOf(svg, validation), [points(lr)], 1e-2);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['accuracy', 'accuracy (training)']));
  });

  it('tell metrics of one name apart', () => {
    const metrics = { 'a b': [1, 2], 'a  b': [2, 1], '': [3, 3] };
    const names = textsOf(report.metricCurves({ loss: [1, 1], metrics }));
    expect(names).toEqual(expect.arrayContaining(['a b (0)', 'a b (1)', '(2)']));
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString'])('a name like %s changes no object', (name) => {
    const metrics = { [name]: [1, 2], other: [1, 1] };
    const svg = report.metricCurves({ loss: [1, 1], metrics }, { title: name });
    expect(textsOf(svg).filter((text) => text.trim() === name)).toHaveLength(2);
    expect(strayIn(svg)).toEqual([]);
    for (const key in {}) throw new Error(`every object now has ${key}`);
    report.metricCurves({ loss: [1, 1], metrics: { [name]: [1, 2] } });
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(Object.keys(Object)).toEqual([]);
  });

  it('refuse a history without what they show', () => {
    expectRefused(() => report.learningRate({ loss: [1] }), RangeError, '[report.learningRate] the history has no lr');
    expectRefused(() => report.metricCurves({ loss: [1] }), RangeError, '[report.metricCurves] the history has no metrics');
    expectRefused(
      () => report.metricCurves({ loss: [1], metrics: { a: [1, 2] } }),
      RangeError,
      '[report.metricCurves] expected metrics.a of 1 epochs',
    );
  });
});

describe('report.predictions', () => {
  const dots = (svg: string): [number, number][] => {
    const path = elementsOf(svg).find(({ attributes }) => attributes['stroke-linecap'] === 'round' && attributes['stroke'] === training)!;
    return [...path.attributes['d']!.matchAll(/M([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
  };

  it('draws each row where it belongs', () => {
    const svg = report.predictions(tensor([[3], [1], [2]]), [1, 2, 4]);
    const [xs, ys] = [ticksOf(svg, 'middle'), ticksOf(svg, 'end')];
    const at = (ticks: typeof xs, pixel: number): number =>
      ticks[0]!.value + ((pixel - ticks[0]!.at) / (ticks.at(-1)!.at - ticks[0]!.at)) * (ticks.at(-1)!.value - ticks[0]!.value);
    const found = dots(svg).map(([x, y]) => [Math.round(at(xs, x) * 20) / 20, Math.round(at(ys, y) * 20) / 20]);
    expect(found).toEqual([
      [1, 3],
      [2, 1],
      [4, 2],
    ]);
  });

  it('leaves out what is no number, and draws many rows in little text', () => {
    expect(textsOf(report.predictions([1, Number.NaN, 2], [1, 2, Infinity]))).toContain('2 rows without finite numbers left out.');
    const many = Float64Array.from({ length: 200_000 }, (_, i) => Math.sin(i) * Math.sqrt(i));
    const svg = report.predictions(
      many,
      many.map((x, i) => x + 100 * Math.cos(i * i)),
    );
    expect(svg.length).toBeLessThan(120_000);
    expect(dots(svg)).toHaveLength(3000);
    expect(textsOf(svg)).toContain('3,000 of 200,000 rows drawn.');
  });

  it.each([
    [[Number.NaN], [1]],
    [[5], [5]],
    [
      [1e20, 1e20],
      [1e20, 1e20],
    ],
    [[1e300], [1]],
    [
      [1e-200, 0],
      [0, 1e-200],
    ],
  ])('draws %j over %j', (preds, target) => {
    const svg = report.predictions(preds, target);
    expect(strayIn(svg)).toEqual([]);
    expect(textsOf(svg)).toContain('predicted');
  });

  it('refuses what does not fit', () => {
    expectRefused(
      () => report.predictions([1], [1, 2]),
      RangeError,
      '[report.predictions] expected preds and target of the same length, got 1 and 2',
    );
    expectRefused(() => report.predictions([], []), RangeError, '[report.predictions] there are no samples');
    expectRefused(() => report.predictions(tensor([[1, 2]]), [1]), RangeError, '[report.predictions] expected preds [n], got [1, 2]');
    expectRefused(
      () => report.predictions('1' as never, [1]),
      TypeError,
      '[report.predictions] expected preds to be a list of numbers, got "1"',
    );
  });
});

it('without echarts the error names the command that installs it', () => {
  // A process of its own, in which the package is not to be found.
  const script = `
    const Module = require('node:module');
    const find = Module._resolveFilename;
    Module._resolveFilename = function (name, ...rest) {
      if (name === 'echarts') throw Object.assign(new Error("Cannot find module 'echarts'\\nRequire stack:"), { code: 'MODULE_NOT_FOUND' });
      return find.call(this, name, ...rest);
    };
    const { report } = require(${JSON.stringify(join(__dirname, '../../dist/index.js'))});
    try { report.lossCurves({ loss: [1] }); } catch (error) { console.log(error.name, error.code, error.message); }`;
  const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  expect(stdout).toBe(
    "SimdnnError SIMDNN_PACKAGE [report.lossCurves] the package echarts cannot be loaded: Cannot find module 'echarts'\n  hint: npm install echarts\n",
  );
});
