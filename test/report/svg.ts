// Reads the SVG of a figure without the library that drew it.
import { expect } from 'vitest';
import { thrownBy } from '../helpers';

/** Expects a call to throw an error of this class whose message begins like this. */
export function expectRefused(call: () => unknown, kind: new (...args: never[]) => Error, begin: string): void {
  const error = thrownBy(call);
  expect([error.message.slice(0, begin.length), error.constructor]).toEqual([begin, kind]);
}

export interface Element {
  name: string;
  attributes: Record<string, string>;
  /** The text directly inside. */
  text: string;
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const decoded = (text: string): string =>
  text.replace(/&([^;\s]*);?/g, (whole, name: string) => {
    if (!whole.endsWith(';') || !(name in entities)) throw new Error(`${whole} is no entity`);
    return entities[name]!;
  });

/** The elements of an XML text in order; fails if it is not well-formed. */
export function elementsOf(xml: string): Element[] {
  const all: Element[] = [];
  const open: Element[] = [];
  let at = 0;
  const token = /<(\/?)([a-zA-Z]+)((?:\s+[a-zA-Z:_-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/y;
  while (at < xml.length) {
    token.lastIndex = at;
    const match = token.exec(xml);
    if (match === null) throw new Error(`not XML at ${at}: ${xml.slice(at, at + 60)}`);
    at = token.lastIndex;
    const [, closing, name, attributes, empty, text] = match;
    if (text !== undefined) {
      const unfit = /[\p{Cc}\p{Cs}\ufffe\uffff]/u.exec(text.replaceAll('\n', ''));
      if (unfit !== null) throw new Error(`XML has no ${JSON.stringify(unfit[0])}`);
      const inner = open.at(-1);
      if (inner !== undefined) inner.text += inner.name === 'style' ? text : decoded(text);
      else if (text.trim() !== '') throw new Error(`text outside: ${text}`);
    } else if (closing === '/') {
      expect(open.pop()?.name).toBe(name);
    } else {
      const pairs = [...attributes!.matchAll(/([a-zA-Z:_-]+)="([^"]*)"/g)].map(([, key, value]) => [key!, decoded(value!)]);
      expect(new Set(pairs.map(([key]) => key)).size).toBe(pairs.length);
      const element = { name: name!, attributes: Object.fromEntries(pairs), text: '' };
      all.push(element);
      if (empty !== '/') open.push(element);
    }
  }
  expect(open).toEqual([]);
  return all;
}

/** Attributes with invalid numbers. */
export const strayIn = (svg: string): string[] =>
  elementsOf(svg).flatMap(({ attributes }) =>
    Object.entries(attributes).flatMap(([key, value]) =>
      key !== 'aria-label' && /NaN|Infinity|undefined|null/.test(value) ? [`${key}="${value}"`] : [],
    ),
  );

/** The texts of a figure, in order. */
export const textsOf = (svg: string): string[] =>
  elementsOf(svg)
    .filter(({ name }) => name === 'text')
    .map(({ text }) => text);

const placeOf = (transform: string): [number, number] => {
  const [, x, y] = /translate\(([-\d.e]+)[ ,]([-\d.e]+)\)/.exec(transform)!;
  return [Number(x), Number(y)];
};

/** The numbers along an axis and their positions; those with `anchor` "end" belong to the vertical axis. */
export function ticksOf(svg: string, anchor: 'middle' | 'end'): { value: number; at: number }[] {
  return elementsOf(svg)
    .filter(({ name, attributes, text }) => name === 'text' && attributes['text-anchor'] === anchor && /^-?[\d.,]+(e-?\d+)?$/.test(text))
    .map(({ attributes, text }) => ({
      value: Number(text.replaceAll(',', '')),
      at: placeOf(attributes['transform']!)[Number(anchor === 'end')]!,
    }));
}

/** The pieces of the lines with a color, in pixels. */
export const piecesOf = (svg: string, stroke: string): [number, number][][] =>
  elementsOf(svg)
    .filter(
      ({ name, attributes }) =>
        name === 'path' && attributes['stroke'] === stroke && attributes['stroke-width'] === '2' && !attributes['transform'],
    )
    .flatMap(({ attributes }) => attributes['d']!.split('M').slice(1))
    .map((piece) => piece.split('L').map((point) => point.trim().split(' ').map(Number) as [number, number]));

/** The same in the units of the axes, which must be linear. */
export function linesOf(svg: string, stroke: string): [number, number][][] {
  const scale = (anchor: 'middle' | 'end'): ((pixel: number) => number) => {
    const ticks = ticksOf(svg, anchor);
    const [first, last] = [ticks[0]!, ticks.at(-1)!];
    return (pixel) => first.value + ((pixel - first.at) / (last.at - first.at)) * (last.value - first.value);
  };
  const [x, y] = [scale('middle'), scale('end')];
  return piecesOf(svg, stroke).map((piece) => piece.map(([px, py]) => [x(px), y(py)]));
}
