// A figure as SVG text. echarts draws it without a browser.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { checkInteger, checkOneOf, describe, SimdnnError, typeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { colors, darkFigures, figureClass, pairs } from './palette';
import { cleanText, drawable, escaped } from './text';

/** The colors of a figure: light, dark, or (`"auto"`) as the reader's system prefers. */
export type Scheme = 'auto' | 'light' | 'dark';

/** The options that all figures have. */
export interface FigureOptions {
  /** The title; the default depends on the figure. */
  title?: string;
  /** Its width in pixels, 240 to 4096 (720). */
  width?: number;
  /** Its height in pixels, 160 to 8192; the default depends on the content. */
  height?: number;
  /** Its colors ("auto"). */
  scheme?: Scheme;
}

/** The options of a figure, with defaults. */
export interface Frame {
  title: string;
  width: number;
  /** null: the height that the content needs. */
  height: number | null;
  scheme: Scheme;
}

type Given<T> = { [name in keyof Required<T>]: Required<T>[name] | undefined };

/** Checks the options of a figure: those of all figures, and `own` with their defaults. */
export function figureOptions<T extends FigureOptions>(
  where: string,
  options: T | undefined,
  title: string,
  own: Given<Omit<T, keyof FigureOptions>>,
): Frame & Given<Omit<T, keyof FigureOptions>> {
  recorder?.reading(where);
  const o = withDefaults<Given<FigureOptions>>(where, options as never, {
    title,
    width: 720,
    height: undefined,
    scheme: 'auto',
    ...own,
  });
  if (typeof o.title !== 'string') throw typeError(where, `expected title to be a text, got ${describe(o.title)}`);
  checkInteger(where, 'width', o.width, 240, 4096);
  if (o.height !== undefined) checkInteger(where, 'height', o.height, 160, 8192);
  checkOneOf(where, 'scheme', o.scheme, ['auto', 'light', 'dark']);
  return { ...o, height: o.height ?? null } as never;
}

/** The options for echarts, without the types of a package that may not be installed. */
export type Drawing = Record<string, unknown>;

let loaded: typeof import('echarts') | null = null;

// `require` loads the one file in which echarts ships everything, in a fifth of the time that `import` takes for its hundreds of files.
function library(where: string): typeof import('echarts') {
  try {
    loaded ??= createRequire(__filename)('echarts') as typeof import('echarts');
    return loaded;
  } catch (error) {
    throw new SimdnnError(
      'SIMDNN_PACKAGE',
      `[${where}] the package echarts cannot be loaded: ${(error as Error).message.split('\n')[0]}\n  hint: npm install echarts`,
    );
  }
}

// What echarts adds for a page with its own script: classes, their styles, marks by which that script finds series, and invisible areas.
const unneeded =
  / (?:class|ecmeta_[a-z_]+|pointer-events|baseProfile)="[^"]*"|<style ?>[\s\S]*?<\/style>|<path [^>]*fill-opacity="0"[^>]*><\/path>|\n(?=\n)/g;

const inDark = new Map<string, string>(pairs.map(([light, dark]) => [light, dark]));

// Only attributes have an unescaped quote behind their name; in text it is escaped.
function finished(svg: string, frame: Frame, size: { width: number; height: number }): string {
  const body = svg
    .slice(svg.indexOf('>') + 1, svg.lastIndexOf('</svg>'))
    .replace(unneeded, '')
    .trim();
  const own = createHash('sha256')
    .update(body.replaceAll(/zr\d+-/g, 'zr-'))
    .digest('hex')
    .slice(0, 8);
  const named = body.replace(/(id="|clip-path="url\(#)zr\d+-/g, `$1s${own}-`);
  const painted =
    frame.scheme === 'dark'
      ? named.replace(/\b(fill|stroke)="(#[0-9a-f]{6})"/g, (_, paint, color) => `${paint}="${inDark.get(color) ?? color}"`)
      : named;
  const label = escaped(cleanText(frame.title));
  const { width, height } = size;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="${figureClass}" role="img" aria-label="${label}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    ...(frame.scheme === 'auto' ? [`<style>${darkFigures}</style>`] : []),
    painted,
    '</svg>\n',
  ].join('\n');
}

/** Draws echarts options as a figure with its title above and a remark below the title. */
export function draw(where: string, frame: Frame, height: number, remark: string, drawing: Drawing): string {
  const size = { width: frame.width, height: frame.height ?? height };
  const chart = library(where).init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: colors.surface,
      textStyle: { color: colors.ink, fontFamily: 'system-ui, sans-serif' },
      title: {
        text: drawable(frame.title),
        subtext: drawable(remark),
        left: 12,
        top: 8,
        itemGap: 4,
        textStyle: { color: colors.ink, fontSize: 15, fontWeight: 600, width: size.width - 24, overflow: 'truncate' },
        subtextStyle: { color: colors.muted, fontSize: 12, width: size.width - 24, overflow: 'truncate' },
      },
      ...drawing,
    });
    return finished(chart.renderToSVGString(), frame, size);
  } finally {
    chart.dispose();
  }
}
