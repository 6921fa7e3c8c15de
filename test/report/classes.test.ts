// Confusion matrices, ROC and scores of classes as figures: what is drawn is what the metrics say.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { manualSeed, metrics, ones, randint, randn, report, Tensor, tensor } from '../../src';
import { cellColors, pairs, seriesColors } from '../../src/report/palette';
import { elementsOf, expectRefused, linesOf, strayIn, textsOf } from './svg';

// echarts speaks of what it cannot draw.
const warned = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'error')];
afterEach(() => {
  for (const spy of warned) expect(spy).not.toHaveBeenCalled();
});

const hostile = [
  '</script><script>alert(1)</script>',
  '"\'&<>',
  '{b}{a|x}',
  '',
  ' ',
  '\0\ud800',
  'a\nb',
  '__proto__',
  'x'.repeat(500),
  '日本語🙂',
];

const luminance = (color: string): number => {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
};
const contrast = (a: string, b: string): number => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high! + 0.05) / (low! + 0.05);
};

describe('colours', () => {
  const dark = new Map<string, string>(pairs.map(([light, other]) => [light, other]));
  it('have one meaning each', () => expect(dark.size).toBe(pairs.length));

  it.each([0, 1])('can be told from the surface (scheme %i)', (scheme) => {
    const surface = ['#ffffff', '#0d1117'][scheme]!;
    for (const pair of seriesColors) expect(contrast(pair[scheme]!, surface)).toBeGreaterThan(3);
    expect(contrast(['#59636e', '#9198a1'][scheme]!, surface)).toBeGreaterThan(4.5);
  });

  it('text on cells can be read', () => {
    for (let share = 0; share <= 1; share += 0.05) {
      const { fill, ink } = cellColors(share);
      expect(contrast(fill, ink)).toBeGreaterThan(4.5);
      expect(contrast(dark.get(fill)!, dark.get(ink)!)).toBeGreaterThan(4.5);
    }
  });
});

describe('report.confusionMatrix', () => {
  const cellsOf = (svg: string): [number, number, string][] =>
    elementsOf(svg).flatMap(({ name, attributes }) => {
      const match = /^M([\d.]+) ([\d.]+)l/.exec(attributes['d'] ?? '');
      return name === 'path' && match !== null && attributes['stroke'] === '#ffffff'
        ? [[Number(match[1]), Number(match[2]), attributes['fill']!]]
        : [];
    });

  it('shows each count in the row of its true class', () => {
    const confusion = new metrics.ConfusionMatrix({ task: 'multiclass', numClasses: 3 });
    confusion.update(tensor(Int32Array.of(0, 1, 1, 2, 2, 2, 1)), tensor(Int32Array.of(0, 0, 1, 2, 2, 2, 2)));
    const svg = report.confusionMatrix(confusion.compute(), { classNames: ['cat', 'dog', 'owl'] });
    const numbers = elementsOf(svg).filter(
      ({ name, text, attributes }) => name === 'text' && /^\d+$/.test(text) && attributes['style']!.includes('11px'),
    );
    expect(numbers.map(({ text }) => Number(text))).toEqual([1, 1, 0, 0, 1, 0, 0, 1, 3]);
    const cells = cellsOf(svg);
    expect(cells).toHaveLength(9);
    // Row by row: the same height in a row, to the right within it.
    for (let row = 0; row < 3; row++) {
      const [a, b, c] = cells.slice(3 * row, 3 * row + 3);
      expect(new Set([a![1], b![1], c![1]]).size).toBe(1);
      expect(a![0] < b![0] && b![0] < c![0]).toBe(true);
    }
    expect(cells.map(([, , fill]) => fill)).toEqual([1 / 2, 1 / 2, 0, 0, 1, 0, 0, 1 / 4, 3 / 4].map((share) => cellColors(share).fill));
    expect(textsOf(svg).filter((text) => text === 'owl')).toHaveLength(2);
  });

  it('of a thousand classes shows those with the most errors', () => {
    const counts = new Int32Array(1000 * 1000);
    for (let c = 0; c < 1000; c++) counts[c * 1000 + c] = 5;
    counts[7 * 1000 + 900] = 50;
    counts[3 * 1000 + 2] = 40;
    const svg = report.confusionMatrix(new Tensor(counts, [1000, 1000]), { maxClasses: 5 });
    const labels = textsOf(svg);
    expect(labels).toContain('The 4 classes of 1,000 with the most errors; the others together.');
    for (const name of ['2', '3', '7', '900', '996 others']) expect(labels).toContain(name);
    // All that is not among them: 996 classes, 5 right each.
    expect(labels).toContain('4,980');
    expect(svg.length).toBeLessThan(30_000);
    expect(report.confusionMatrix(new Tensor(counts, [1000, 1000])).length).toBeLessThan(100_000);
  });

  it('takes lists, shares, one class, and classes without rows', () => {
    for (const matrix of [
      [[0]],
      [
        [0, 0],
        [0, 0],
      ],
      [
        [0.25, 0.75],
        [0, 0],
      ],
      [Float32Array.of(1, 2), [3, 4]],
    ]) {
      const svg = report.confusionMatrix(matrix as report.Matrix);
      expect(strayIn(svg)).toEqual([]);
      expect(cellsOf(svg)).toHaveLength(matrix.length ** 2);
    }
  });

  it('shows any name, and no two alike', () => {
    const names = [...hostile, 'same', 'same'];
    const svg = report.confusionMatrix(
      Array.from(names, (_, i) => names.map((_, j) => i + j)),
      { classNames: names },
    );
    expect(strayIn(svg)).toEqual([]);
    const texts = textsOf(svg);
    for (const name of [
      '</script><script>alert(…',
      '"\'&<>',
      '{b}{a|x}',
      '(3)',
      '(4)',
      '\ufffd\ufffd',
      'a b',
      '__proto__ ',
      'same (10)',
      'same (11)',
      '日本語🙂',
      `${'x'.repeat(23)}…`,
    ])
      expect([name, texts.filter((text) => text === name).length]).toEqual([name, 2]);
    expect(svg).not.toContain('<script');
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('refuses what is none', () => {
    const draw = (matrix: unknown, options?: object) => () => report.confusionMatrix(matrix as report.Matrix, options);
    expectRefused(draw([[1, 2]]), RangeError, '[report.confusionMatrix] expected matrix [classes, classes], got [1, 2]');
    expectRefused(draw([]), RangeError, '[report.confusionMatrix] expected matrix [classes, classes], got [0, 0]');
    expectRefused(draw([[1, 2], [3]]), RangeError, '[report.confusionMatrix] expected matrix[1] to have 2 numbers');
    expectRefused(
      draw([
        [1, 2],
        [-1, 0],
      ]),
      RangeError,
      '[report.confusionMatrix] expected counts, got -1 at [1, 0]',
    );
    expectRefused(draw([[Number.NaN]]), RangeError, '[report.confusionMatrix] expected counts, got NaN');
    expectRefused(draw(ones([2, 2, 2])), RangeError, '[report.confusionMatrix] expected matrix [rows, columns], got [2, 2, 2]');
    expectRefused(draw('x'), TypeError, '[report.confusionMatrix] expected matrix to be a matrix, got "x"');
    expectRefused(draw([[1]], { classNames: ['a', 'b'] }), RangeError, '[report.confusionMatrix] expected 1 classNames, got 2');
    expectRefused(draw([[1]], { classNames: [null] }), TypeError, '[report.confusionMatrix] expected classNames[0] to be a name, got null');
    expectRefused(draw([[1]], { maxClasses: 1 }), RangeError, '[report.confusionMatrix] expected maxClasses');
  });
});

describe('report.rocCurve', () => {
  it('draws the points of the metric, and the area', () => {
    const roc = new metrics.ROC({ task: 'binary' });
    const [preds, target] = [tensor([0.125, 0.5, 0.25, 0.75, 0.875]), tensor(Int32Array.of(0, 0, 1, 1, 0))];
    roc.update(preds, target);
    const curve = roc.compute();
    const area = new metrics.AUROC({ task: 'binary' });
    area.update(preds, target);
    const svg = report.rocCurve(curve);
    const [line] = linesOf(svg, seriesColors[0][0]);
    const expected = [...curve.fpr.data].map((x, i) => [x, curve.tpr.data[i]!]);
    expect(line!.map((point) => point.map((v) => Math.round(v * 100)))).toEqual(
      expected.map((point) => point.map((v) => Math.round(v! * 100))),
    );
    expect(textsOf(svg)).toContain(`scores: area ${Number(area.compute().item().toFixed(4))}`);
  });

  it('of many classes draws those with the smallest areas, and none without rows', () => {
    manualSeed(1);
    const roc = new metrics.ROC({ task: 'multiclass', numClasses: 13 });
    const areas = new metrics.AUROC({ task: 'multiclass', numClasses: 13, average: 'none' });
    const [preds, target] = [randn([500, 13]).softmax(1), randint(0, 12, [500])];
    for (const metric of [roc, areas]) metric.update(preds, target);
    const svg = report.rocCurve(roc.compute(), { areas: areas.compute() });
    expect(textsOf(svg)).toContain('The 8 of 12 with the smallest areas. 1 class without rows of both kinds left out.');
    const order = [...areas.compute().data.subarray(0, 12).entries()].sort((a, b) => a[1] - b[1]).slice(0, 8);
    const shown = textsOf(svg).filter((text) => text.includes(': area'));
    expect(shown).toEqual(order.map(([c, area]) => `${c}: area ${Number(area.toFixed(4))}`));
  });

  it('of many points keeps those that can be seen', () => {
    const n = 100_000;
    const fpr = Float64Array.from({ length: n }, (_, i) => i / (n - 1));
    const svg = report.rocCurve({ fpr, tpr: fpr.map(Math.sqrt) } as never);
    expect(svg.length).toBeLessThan(25_000);
    for (const [x, y] of linesOf(svg, seriesColors[0][0]).flat()) expect(Math.abs(y - Math.sqrt(Math.max(0, x)))).toBeLessThan(0.01);
    expect(textsOf(svg)).toContain('scores: area 0.6667');
  });

  it('draws no curve where there is none to draw', () => {
    const roc = new metrics.ROC({ task: 'binary' });
    expect(textsOf(report.rocCurve(roc.compute()))).toContain('1 class without rows of both kinds left out.');
  });

  it('refuses what is none', () => {
    const draw = (curves: unknown, options?: object) => () => report.rocCurve(curves as never, options);
    expectRefused(draw([]), RangeError, '[report.rocCurve] there is no curve');
    expectRefused(draw(null), TypeError, '[report.rocCurve] expected what metrics.ROC gives, got null');
    expectRefused(draw({ fpr: [0, 1], tpr: [0] }), RangeError, '[report.rocCurve] expected fpr and tpr of the same points, got 2 and 1');
    expectRefused(draw({ fpr: [0, 2], tpr: [0, 1] }), RangeError, '[report.rocCurve] expected fpr from 0 to 1, got 2 at position 1');
    expectRefused(draw({ fpr: [0, 1], tpr: [Number.NaN, 1] }), RangeError, '[report.rocCurve] expected tpr from 0 to 1, got NaN');
    expectRefused(draw([{ fpr: [0, 1], tpr: [0, 1] }], { areas: [1, 2] }), RangeError, '[report.rocCurve] expected 1 areas, got 2');
    expectRefused(
      draw([{ fpr: [0, 1], tpr: [0, 1] }], { classNames: ['a', 'b'] }),
      RangeError,
      '[report.rocCurve] expected 1 classNames, got 2',
    );
    expectRefused(draw([{ fpr: [0, 1], tpr: [0, 1] }], { maxCurves: 9 }), RangeError, '[report.rocCurve] expected maxCurves');
  });
});

describe('report.classScores', () => {
  it('refuses a label that would take all memory', () => {
    expect(() => report.classScores(tensor(Int32Array.of(2)), tensor(Int32Array.of(2147483647)))).toThrow(
      /\[report.classScores\] expected numClasses .*1000000, got 2147483648/,
    );
  });

  it('draws what the metrics say', () => {
    manualSeed(2);
    const [preds, target] = [randint(0, 4, [200]), randint(0, 4, [200])];
    const svg = report.classScores(preds, target);
    const bars = elementsOf(svg).flatMap(({ attributes }) => {
      const match = /^M[\d.]+ [\d.]+l([\d.]+) 0l0 [\d.]+l-[\d.]+ 0Z$/.exec(attributes['d'] ?? '');
      return match !== null && /^#(0969da|bc4c00|1a7f37)$/.test(attributes['fill'] ?? '') && !attributes['transform']
        ? [Number(match[1])]
        : [];
    });
    const options = { task: 'multiclass', numClasses: 4, average: 'none' } as const;
    const expected = [new metrics.Precision(options), new metrics.Recall(options), new metrics.F1Score(options)].flatMap((metric) => {
      metric.update(preds, target);
      return [...metric.compute().data];
    });
    expect(bars).toHaveLength(12);
    const scale = bars[0]! / expected[0]!;
    for (const [i, bar] of bars.entries()) expect(Math.abs(bar / scale - expected[i]!)).toBeLessThan(1e-3);
  });

  it('of many classes shows those with the smallest F1 that occur', () => {
    const all = Int32Array.from({ length: 1000 }, (_, c) => c);
    const wrong = all.map((c) => (c === 500 || c === 7 ? 0 : c));
    const svg = report.classScores(tensor(wrong), tensor(all), { maxClasses: 3, numClasses: 2000 });
    expect(textsOf(svg)).toContain('The 3 with the smallest F1 of 1,000 classes that occur.');
    for (const name of ['0', '7', '500']) expect(textsOf(svg)).toContain(name);
  });

  it('takes scores, one class, and any name', () => {
    const scores = tensor([
      [0.1, 0.9],
      [0.8, 0.2],
    ]);
    expect(textsOf(report.classScores(scores, tensor(Int32Array.of(1, 0))))).toContain('1.00');
    expect(strayIn(report.classScores(tensor(Int32Array.of(0)), tensor(Int32Array.of(0))))).toEqual([]);
    const classes = Int32Array.from(hostile, (_, c) => c);
    expect(strayIn(report.classScores(tensor(classes), tensor(classes), { classNames: hostile }))).toEqual([]);
  });

  it('refuses what does not fit', () => {
    const [zero, one] = [tensor(Int32Array.of(0)), tensor(Int32Array.of(1))];
    expectRefused(() => report.classScores(zero, tensor(new Int32Array(0))), RangeError, '[report.classScores] there are no samples');
    expectRefused(
      () => report.classScores(zero, one, { classNames: ['a'] }),
      RangeError,
      '[report.classScores] expected classes from 0 to 0, got 1',
    );
    expectRefused(() => report.classScores(zero, tensor([1])), TypeError, '[report.classScores]');
    expectRefused(() => report.classScores([0] as never, zero), TypeError, '[report.classScores]');
    expectRefused(() => report.classScores(zero, one, { numClasses: 0 }), RangeError, '[report.classScores] expected numClasses');
  });
});
