// The colors of figures and pages. Each has a dark counterpart; figures are drawn with the light colors, which also identify the roles.

const roles = {
  surface: ['#ffffff', '#0d1117'],
  ink: ['#1f2328', '#e6edf3'],
  muted: ['#59636e', '#9198a1'],
  grid: ['#d9dee3', '#30363d'],
  cellInk: ['#1f2329', '#e6edf4'],
  cellInverse: ['#fffffe', '#0d1118'],
} as const;

/** The colors of series, which also differ by line and mark. */
export const seriesColors = [
  ['#0969da', '#58a6ff'],
  ['#bc4c00', '#f0883e'],
  ['#1a7f37', '#3fb950'],
  ['#8250df', '#bc8cff'],
  ['#bf3989', '#f778ba'],
  ['#0a7d8c', '#39c5cf'],
  ['#9a6700', '#d29922'],
  ['#57606a', '#8b949e'],
] as const;

const steps = 10;

const mixed = (from: string, to: string, share: number): string =>
  `#${[1, 3, 5]
    .map((at) => {
      const [a, b] = [from, to].map((color) => Number.parseInt(color.slice(at, at + 2), 16));
      return Math.round(a! + (b! - a!) * share)
        .toString(16)
        .padStart(2, '0');
    })
    .join('')}`;

// Between the lighter and the darker half is a range on which neither text color would be readable.
const gap = 0.2;
const share = (step: number): number => (step * (1 - gap)) / (steps - 1) + (step < steps / 2 ? 0 : gap);

/** From low to high. */
const ramp = Array.from({ length: steps }, (_, step) => [
  mixed('#eef5fd', '#0a3069', share(step)),
  mixed('#161f2c', '#a5d6ff', share(step)),
]);

/** The colors by role, with which figures are drawn. */
export const colors: Record<keyof typeof roles, string> = Object.fromEntries(
  Object.entries(roles).map(([name, [light]]) => [name, light]),
) as never;

/** The color of series i. */
export const seriesColor = (i: number): string => seriesColors[i % seriesColors.length]![0];

/** The color of a cell for a share from 0 to 1, and that of the text on it. */
export function cellColors(of: number): { fill: string; ink: string } {
  const step = Math.min(steps - 1, Math.floor(of * steps));
  return { fill: ramp[step]![0]!, ink: step < steps / 2 ? colors.cellInk : colors.cellInverse };
}

/** Each light color with its dark counterpart. */
export const pairs: readonly (readonly [string, string])[] = [
  ...Object.values(roles),
  ...seriesColors,
  ...ramp.map(([light, dark]) => [light!, dark!] as const),
];

/** The class of every figure. */
export const figureClass = 'simdnn-figure';

/** CSS with which figures follow the reader's preference for light or dark. Programs without CSS show the light colors. */
export const darkFigures: string = `@media (prefers-color-scheme: dark){${pairs
  .flatMap(([light, dark]) => ['fill', 'stroke'].map((paint) => `.${figureClass} [${paint}="${light}"]{${paint}:${dark}}`))
  .join('')}}`;

/** The CSS variables of a page, such as `--ink`. */
export const pageColors = (dark: boolean): string =>
  Object.entries(roles)
    .map(([name, pair]) => `--${name}:${pair[Number(dark)]};`)
    .join('');
