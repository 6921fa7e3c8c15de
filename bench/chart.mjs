// A run as an SVG chart with a group of bars for each trial. The length of a bar is the logarithm of its time relative to the fastest of the group.
import { duration, ratio } from './format.mjs';
import { machineLines, ranking } from './report.mjs';

const WIDTH = 860;
const LETTER = 6; // more than the mean width of a letter at the page's font size
const RIGHT = 200;
const ROW = 18;
const GROUP = 34;

// As an image of a page it follows the colour scheme that the reader's system prefers.
const STYLE = `<style>
  .page { fill: #ffffff } text { fill: #212529 } .note { fill: #495057 } .ours { fill: #0b7285 } .others { fill: #adb5bd }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } text { fill: #e6edf3 } .note { fill: #9ea7b3 } .ours { fill: #3bc9db } .others { fill: #495057 }
  }
</style>`;

export function chart(run) {
  const groups = run.trials.map((trial) => ({ ...trial, rows: ranking(run, trial.name) })).filter(({ rows }) => rows.length > 0);
  const slowest = Math.max(10, ...groups.map(({ rows }) => rows.at(-1).median / rows[0].median));
  const left = 20 + LETTER * Math.max(0, ...groups.flatMap(({ rows }) => rows.map(({ label }) => label.length)));
  const parts = [];
  let y = 24;
  const title = `Time with ${run.threads} thread${run.threads === 1 ? '' : 's'}, logarithmic; shorter is faster`;
  parts.push(text(12, y, title, 'font-weight="bold" font-size="14"'));
  for (const { name, description, epochs, rows } of groups) {
    y += GROUP;
    parts.push(text(12, y - 6, `${name}: ${description}`, 'font-weight="bold"'));
    for (const row of rows) {
      // The bar of the fastest begins a tenth of a decade before the axis, so that it is visible.
      const length = ((0.1 + Math.log10(row.median / rows[0].median)) / (0.1 + Math.log10(slowest))) * (WIDTH - left - RIGHT);
      parts.push(text(left - 8, y + 13, row.label, 'text-anchor="end"'));
      parts.push(
        `<rect x="${left}" y="${y + 3}" width="${length.toFixed(1)}" height="${ROW - 5}" class="${row.ours ? 'ours' : 'others'}"/>`,
      );
      const part = row.epochs === epochs ? '' : `, first ${row.epochs} epochs`;
      parts.push(text(left + length + 6, y + 13, `${duration(row.median)}, ${ratio(row.ratio)}${part}`));
      y += ROW;
    }
  }
  for (const line of machineLines(run)) {
    y += ROW;
    parts.push(text(12, y + 6, line, 'font-size="9" class="note"'));
  }
  const height = y + 24;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="11">`,
    `<title>${title}</title>`,
    STYLE,
    `<rect width="${WIDTH}" height="${height}" class="page"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function text(x, y, words, attributes = '') {
  const escaped = words.replace(/[&<>]/g, (character) => ENTITIES[character]);
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`;
}
