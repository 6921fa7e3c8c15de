// Formats figures for readers: three digits and a unit.

const digits = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

export function duration(seconds) {
  if (seconds < 1e-3) return `${digits(seconds * 1e6)} us`;
  return seconds < 1 ? `${digits(seconds * 1e3)} ms` : `${digits(seconds)} s`;
}

export const ratio = (value) => `${digits(value)}x`;

export const percent = (share) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

export const giga = (value, unit) => `${digits(value / 1e9)} ${unit}`;

/** Formats rows in columns as wide as their widest entries, the first aligned left, the others right. */
export function columns(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((entry, column) => (column ? entry.padStart(widths[column]) : entry.padEnd(widths[0])))
      .join('   ')
      .trimEnd(),
  );
}

export function markdownTable([head, ...body]) {
  const line = (row) => `| ${row.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column ? '---:' : '---'))), ...body.map(line)];
}
