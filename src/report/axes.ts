// Axes of figures, and lines over epochs.

import type { Drawing } from './figure';
import { colors, seriesColor } from './palette';
import { shortNumber } from './text';

/** The scale of an axis; `"auto"`: logarithmic if all numbers are positive and the largest is at least a hundred times the smallest. */
export type AxisScale = 'auto' | 'linear' | 'log';

/** Whether an axis is logarithmic. */
export function isLogarithmic(scale: AxisScale, values: readonly number[]): boolean {
  if (scale === 'linear') return false;
  let [least, most] = [Infinity, 0];
  for (const value of values) if (Number.isFinite(value)) [least, most] = [Math.min(least, value), Math.max(most, value)];
  return scale === 'log' ? most > 0 : least > 0 && most >= 100 * least;
}

/** A numeric axis. */
export const numberAxis = (name: string, more: Drawing = {}): Drawing => ({
  type: 'value',
  name,
  nameLocation: 'middle',
  nameTextStyle: { color: colors.muted, fontSize: 12 },
  axisLine: { show: true, onZero: false, lineStyle: { color: colors.muted } },
  axisTick: { show: false },
  axisLabel: { color: colors.muted, formatter: shortNumber, hideOverlap: true },
  splitLine: { lineStyle: { color: colors.grid } },
  scale: true,
  ...more,
});

/** The divisor for numbers far from 1 on an axis; without it echarts cannot divide the axis into steps. */
export function axisUnit(values: readonly number[]): number {
  let size = 0;
  for (const value of values) if (Number.isFinite(value)) size = Math.max(size, Math.abs(value));
  return size === 0 || (size >= 1e-9 && size <= 1e12) ? 1 : 10 ** Math.floor(Math.log10(size));
}

/** Formats the numbers of such an axis. */
export const inUnit = (unit: number): ((value: number) => string) =>
  unit === 1 ? shortNumber : (value) => shortNumber(Number((value * unit).toPrecision(12)));

/** A categorical axis. */
export const nameAxis = (name: string, names: readonly string[], more: Drawing = {}): Drawing => ({
  type: 'category',
  name,
  nameLocation: 'middle',
  nameTextStyle: { color: colors.muted, fontSize: 12 },
  data: names,
  axisLine: { show: true, onZero: false, lineStyle: { color: colors.muted } },
  axisTick: { show: false },
  axisLabel: { color: colors.muted, interval: 0 },
  splitLine: { show: false },
  ...more,
});

const between = 36; // a browser's letters may be wider than echarts assumes
const marked = 27; // the width of a mark and its distance from the name
const wide = /[\u1100-\u11ff\u2e80-\uffff]/u;

/** At most as many pixels as a browser needs for a text of 12 pixels. */
export const textWidth = (text: string): number =>
  [...text].reduce((sum, letter) => sum + (wide.test(letter) ? 13 : /[MWmw@%]/.test(letter) ? 12 : /\p{Lu}/u.test(letter) ? 9 : 7.5), 0);

/** The legend below a figure, and the height that it takes: one row if all names surely fit into it, else a row for each, so that none lies over another text. */
export function legendBelow(names: readonly string[], width: number): { legend: Drawing; height: number } {
  const fits = names.reduce((sum, name) => sum + marked + textWidth(name) + between, 0) <= width;
  const common = {
    show: names.length > 0,
    type: 'plain',
    data: names,
    bottom: 6,
    icon: 'path://M0,-1L10,-1L10,1L0,1Z',
    itemWidth: 22,
    itemHeight: 4,
    textStyle: { color: colors.ink, fontSize: 12 },
  };
  if (fits) return { legend: { ...common, itemGap: between }, height: 22 };
  return { legend: { ...common, orient: 'vertical', left: 60, itemGap: 10 }, height: 6 + 24 * names.length };
}

/** A line; its number determines its color and whether it is dashed. */
export const line = (name: string, points: readonly (readonly [number, number | null])[], i: number, more: Drawing = {}): Drawing => ({
  type: 'line',
  name,
  data: points,
  silent: true,
  symbol: 'circle',
  symbolSize: 5,
  color: seriesColor(i),
  itemStyle: { color: seriesColor(i) },
  lineStyle: { color: seriesColor(i), width: 2, type: (['solid', 'dashed', 'dotted'] as const)[i % 3] },
  ...more,
});
