// What the demo prints besides progress: digits, tables.
import { styleText } from 'node:util';

// A pseudo-terminal may report 0 columns; then no line can be redrawn.
export const isTerminal = process.stdout.isTTY === true && process.stdout.columns > 0;

export const bold = (text: string): string => (isTerminal ? styleText('bold', text) : text);

const shades = ' .:-=+*#%@';

/** Pictures of `size` x `size` values from 0 to 16, side by side, each above its caption. */
export function drawPictures(pictures: ArrayLike<number>[], captions: string[], size = 8): string {
  const shade = (value: number) => shades[Math.round((value / 16) * (shades.length - 1))]!.repeat(2);
  const lines = Array.from({ length: size }, (_, row) =>
    pictures.map((pixels) => Array.from({ length: size }, (_, column) => shade(pixels[row * size + column]!)).join('')).join('  '),
  );
  return [...lines, captions.map((caption) => caption.padEnd(2 * size)).join('  ')].map((line) => `  ${line.trimEnd()}`).join('\n');
}

/** A confusion matrix: how often each class (row) was predicted as each class (column). */
export function drawConfusion(target: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): string {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < target.length; i++) counts[target[i]!]![predicted[i]!]!++;
  const cells = (row: (number | string)[]) => row.map((cell) => String(cell === 0 ? '.' : cell).padStart(4)).join('');
  const names = Array.from({ length: classes }, (_, c) => String(c));
  return [`      ${cells(names)}`, ...counts.map((row, c) => `    ${c} ${cells(row)}`)].join('\n');
}

/** Seconds and their shares, largest first. */
export function drawTimes(seconds: ReadonlyMap<string, number>, total: number): string {
  const rows = [...seconds].sort((a, b) => b[1] - a[1]);
  return rows
    .map(([part, time]) => `  ${part.padEnd(22)}${time.toFixed(3).padStart(7)} s ${((100 * time) / total).toFixed(1).padStart(5)} %`)
    .join('\n');
}
