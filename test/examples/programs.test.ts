// The example programs: each runs to its end and prints figures that a program which had learned nothing would not.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';

const folder = join(__dirname, '../../examples');
const run: string[] = [];
let printed: string[] = [];

vi.spyOn(console, 'log').mockImplementation((...words) => void printed.push(words.join(' ')));
afterEach(() => {
  printed = [];
});
afterAll(() => {
  vi.restoreAllMocks();
});

/** What the program prints, as one text. */
async function outputOf(name: string): Promise<string> {
  run.push(name);
  await import(join(folder, name));
  return printed.join('\n');
}

/** The numbers that the groups of a pattern find, match by match. */
const numbers = (text: string, pattern: RegExp): number[][] => [...text.matchAll(pattern)].map(([, ...groups]) => groups.map(Number));

// The words of text.mts.
const topics: Record<string, string> = {
  billing: 'invoice payment card refund charge receipt price bank euro tax',
  delivery: 'parcel courier address late tracking box street customs arrive shipment',
  account: 'password login email reset profile username locked verify settings device',
  repair: 'broken screen battery noise replace warranty part scratch crack technician',
};

describe('examples', () => {
  it('regression.mts: the rate rises and falls, the loss falls, and most of the variance is explained', async () => {
    const text = await outputOf('regression.mts');
    const epochs = numbers(text, /^epoch +(\d+): rate ([\d.]+), loss ([\d.]+), R2 (-?[\d.]+)$/gm);
    expect(epochs.map(([epoch]) => epoch)).toEqual([1, 5, 10, 15, 20, 25, 30]);
    // A rate in epoch e, counted from 0, of 0.001 and then 0.01 (1 + cos(pi (e - 3) / 27)) / 2.
    const rates = [0.001, ...[4, 9, 14, 19, 24, 29].map((e) => 0.005 * (1 + Math.cos((Math.PI * (e - 3)) / 27)))];
    epochs.forEach(([, rate], i) => void expect(rate).toBeCloseTo(rates[i]!, 5));
    const losses = epochs.map(([, , loss]) => loss!);
    expect(losses.at(-1)!).toBeLessThan(0.5 * losses[0]!);
    expect(epochs.at(-1)![3]!).toBeGreaterThan(epochs[0]![3]!);
    const [[hours, r2, bicycles]] = numbers(text, /^(\d+) held-out hours: R2 ([\d.]+), off by (\d+) bicycles on average$/gm) as [number[]];
    expect(hours).toBeGreaterThan(750);
    // The noise of 0.15 leaves an R2 of 0.97, and a mean error of 12.
    expect(r2).toBeGreaterThan(0.94);
    expect(bicycles).toBeLessThan(18);
  });

  it('cross-validation.mts: the best rate is one in the middle, whatever the order', async () => {
    const text = await outputOf('cross-validation.mts');
    const rates = numbers(text, /^rate ([\d.]+): accuracy ([\d.]+) %, ([\d.]+) % between folds$/gm);
    expect(rates.map(([rate]) => rate)).toEqual([0.0001, 0.001, 0.01, 0.3]);
    const best = rates.reduce((a, b) => (b[1]! > a[1]! ? b : a));
    expect(text).toContain(`best: ${best[0]}`);
    expect(best[0]).toBe(0.01);
    expect(best[1]).toBeGreaterThan(95);
    expect(rates[0]![1]).toBeLessThan(90);
    expect(text).toContain('begun in reverse, the same accuracies: yes');
    const [[pictures, times, digit, taken]] = numbers(
      text,
      /^of (\d+) pictures the most frequent mistake: (\d+) times (\d) was taken for (\d)$/gm,
    ) as [number[]];
    expect(pictures).toBe(1797);
    expect(times).toBeGreaterThan(0);
    expect(times).toBeLessThan(0.04 * 1797); // of those that are wrong, which are fewer than 5 %
    expect(digit).not.toBe(taken);
  });

  it('autoencoder.mts: the loss falls, the eight numbers are used, and the pictures come back', async () => {
    const text = await outputOf('autoencoder.mts');
    const epochs = numbers(text, /^epoch +(\d+): loss ([\d.]+), of it KL ([\d.]+)$/gm);
    expect(epochs.map(([epoch]) => epoch)).toEqual([1, 20, 40, 60]);
    const [first, , , last] = epochs as [number[], number[], number[], number[]];
    expect(last[1]!).toBeLessThan(first[1]! - 10);
    expect(last[2]!).toBeGreaterThan(1.5); // near 0 where the decoder takes no notice of them
    const [[explained]] = numbers(text, /^eight numbers tell (\d+) % of the variance of 360 held-out pictures$/gm) as [number[]];
    expect(explained).toBeGreaterThan(45);
    expect(text.split('\n').filter((line) => /[-=+*#%@]/.test(line)).length).toBeGreaterThan(20);
  });

  it('tabular.mts: the model beats the share of the largest class, and weights find more of the rare ones', async () => {
    const text = await outputOf('tabular.mts');
    const [counts] = numbers(text, /^3200 customers to learn from: (\d+) stays, (\d+) complains, (\d+) leaves$/gm) as [number[]];
    expect(counts.reduce((a, b) => a + b)).toBe(3200);
    const largest = (100 * Math.max(...counts)) / 3200;
    const figures = numbers(text, /^[a-z ]+: accuracy ([\d.]+) %, recall of the three classes ([\d.]+) %, AUROC ([\d.]+)$/gm);
    const [alike, weighted] = figures as [number[], number[]];
    expect(alike[0]!).toBeGreaterThan(largest + 5);
    expect(alike[2]!).toBeGreaterThan(0.9);
    expect(weighted[1]!).toBeGreaterThan(alike[1]!);
  });

  it('text.mts: both models find the topic, and the words that tell it', async () => {
    const text = await outputOf('text.mts');
    const [[words]] = numbers(text, /^lists of words: ([\d.]+) % of 300 messages$/gm) as [number[]];
    const [[sparse]] = numbers(text, /^sparse rows: ([\d.]+) % of 300 messages, \d+ numbers in 1500 rows$/gm) as [number[]];
    for (const share of [words, sparse]) expect(share).toBeGreaterThan(92); // by chance 25
    const told = [...text.matchAll(/^ {2}(\w+): (\w+), (\w+), (\w+)$/gm)].map(([, topic, ...three]) => [topic, three] as const);
    expect(told.map(([topic]) => topic)).toEqual(Object.keys(topics));
    for (const [topic, three] of told) expect(topics[topic!]!.split(' ')).toEqual(expect.arrayContaining(three));
  });

  it('recommender.mts: what was held back is found far more often than by chance', async () => {
    const text = await outputOf('recommender.mts');
    const [[before, chance]] = numbers(text, /^recall at 20 before: ([\d.]+), by chance ([\d.]+)$/gm) as [number[]];
    const [[first, last]] = numbers(text, /^loss ([\d.]+) in the first epoch, ([\d.]+) in the last$/gm) as [number[]];
    const [[after]] = numbers(text, /^recall at 20 after: ([\d.]+)$/gm) as [number[]];
    expect(before).toBeLessThan(2 * chance!);
    expect(last).toBeLessThan(first! - 0.3);
    expect(after).toBeGreaterThan(3 * chance!);
  });

  it('reviews.mts: pairs of words tell what words alone do not, and the file judges other texts', async () => {
    const text = await outputOf('reviews.mts');
    const [[one, , rows, alone], [two, , , pairs]] = numbers(
      text,
      /^terms of up to (\d) words: (\d+) terms, \d+ numbers in (\d+) rows, ([\d.]+) % right$/gm,
    ) as [number[], number[]];
    expect([one, two, rows]).toEqual([1, 2, 1500]);
    // Words alone: of two opinions that are each turned round in one case of three, both are in one of nine, and one of them in four of nine.
    expect(alone).toBeLessThan(90);
    expect(pairs).toBeGreaterThan(97);
    const terms = (name: string): string[] => new RegExp(`^${name}: (.*)$`, 'm').exec(text)![1]!.split(', ');
    for (const term of terms('praise'))
      expect(term).toMatch(/^(good|great|lovely|clever|funny|warm|not (awful|dull|poor|stupid|boring|cold))$/);
    for (const term of terms('blame'))
      expect(term).toMatch(/^(awful|dull|poor|stupid|boring|cold|not (good|great|lovely|clever|funny|warm))$/);
    expect(text).toContain('"not boring at all, a lovely evening": praise');
    expect(text).toContain('"The actors were not funny. Dull!": blame');
  });

  it('are all run', () => {
    expect(run.sort()).toEqual(readdirSync(folder).filter((name) => name.endsWith('.mts')));
  });
});
