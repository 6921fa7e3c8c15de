// A finished run as text for a terminal and as Markdown.
import { columns, duration, giga, markdownTable, percent, ratio } from './format.mjs';
import { summary } from './statistics.mjs';

/** The measured cells of a trial, fastest first, with the ratio to the fastest of ours (to the fastest of all where ours is not there). */
export function ranking({ cells, limits, drivers, trials }, name) {
  const trial = trials.find((entry) => entry.name === name);
  const rows = cells
    .filter((cell) => cell.trial === name && cell.status === 'measured')
    .map((cell) => ({ ...drivers.find((driver) => driver.name === cell.driver), ...summary(cell.seconds) }))
    .sort((a, b) => a.median - b.median);
  const base = rows.find((row) => row.ours) ?? rows[0];
  return rows.map((row) => ({ ...row, ratio: row.median / base.median, share: share(trial.work, row.median, limits) }));
}

/** Least work over time over what the machine can do; null where there is nothing to divide by. */
function share(work, seconds, limits) {
  if (!work || !limits) return null;
  return (work.flops ? work.flops / limits.muladd : work.bytes / limits.stream) / seconds;
}

export function machineLines({ machine, threads, limits, command }) {
  return [
    `${machine.cpu}, ${machine.cpus} CPUs, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}; load ${machine.load} at the start, ${machine.when}`,
    limits
      ? `limits on ${plural(threads, 'thread')}: multiply-adds ${giga(limits.muladd, 'GFLOP/s')}, memory read ${giga(limits.read, 'GB/s')}, in-place stream ${giga(limits.stream, 'GB/s')}`
      : 'limits: not measured (no C++ compiler found)',
    `command: ${command}`,
  ];
}

export function textReport(run) {
  const lines = machineLines(run);
  for (const { name, description, work } of run.trials) {
    const rows = ranking(run, name);
    lines.push('', `${name}: ${description}, ${plural(run.threads, 'thread')}`);
    if (rows.length === 0) {
      lines.push('  no result');
      continue;
    }
    const base = rows.some((row) => row.ours) ? 'to simdnn' : 'to fastest';
    const head = ['driver', 'median', 'fastest block', 'slowest block', base, work?.bytes ? 'of stream' : 'of peak'];
    const table = columns([
      head,
      ...rows.map((row) => [row.label, ...times(row), ratio(row.ratio), row.share === null ? '' : percent(row.share)]),
    ]);
    lines.push(...table.map((line) => `  ${line}`));
  }
  const notes = remarks(run);
  return [...lines, ...(notes.length ? ['', ...notes] : []), ''].join('\n');
}

const times = ({ median, low, high }) => [median, low, high].map(duration);

const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;

/** Why cells have no time, one line a driver and reason. */
export function remarks({ cells, drivers, trials }) {
  const groups = new Map();
  for (const { driver, trial, status, reason } of cells) {
    if (status === 'measured' || reason === '') continue;
    const { label } = drivers.find((entry) => entry.name === driver);
    const line = `${label}: ${status === 'unavailable' ? '' : `${status}: `}${reason}`;
    groups.set(line, [...(groups.get(line) ?? []), trial]);
  }
  return [...groups].map(([line, names]) => (names.length === trials.length && names.length > 1 ? line : `${line} (${names.join(', ')})`));
}

/** A row a driver, a column a trial: the median and, behind it, the ratio to ours. */
export function markdownReport(run) {
  const rankings = run.trials.map(({ name }) => ranking(run, name));
  const rows = run.drivers
    .map(({ name, label }) => {
      const entries = rankings.map((ranked) => ranked.find((row) => row.name === name));
      return [label, ...entries.map((row) => (row ? `${duration(row.median)} (${ratio(row.ratio)})` : '–'))];
    })
    .filter((row) => row.some((entry, i) => i > 0 && entry !== '–'));
  const notes = [...machineLines(run), ...remarks(run)].map((line) => `- ${line}`);
  return [...markdownTable([['', ...run.trials.map(({ name }) => name)], ...rows]), '', ...notes, ''].join('\n');
}
