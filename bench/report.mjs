// A finished run as text for a terminal, and as Markdown.
import { columns, duration, giga, markdownTable, percent, ratio } from './format.mjs';
import { median, steadiness, summary } from './statistics.mjs';
import { WINDOW } from './training.mjs';

/** The measured cells of a trial, fastest first, with the ratio to our fastest, or to the fastest of all if ours was not measured. */
export function ranking({ cells, limits, drivers, trials }, name) {
  const trial = trials.find((entry) => entry.name === name);
  const rows = cells
    .filter((cell) => cell.trial === name && cell.status === 'measured')
    .map((cell) => ({ ...drivers.find((driver) => driver.name === cell.driver), ...summary(cell.seconds), ...stages(cell) }))
    .sort((a, b) => a.median - b.median);
  const base = rows.find((row) => row.ours) ?? rows[0];
  return rows.map((row) => ({ ...row, ratio: row.median / base.median, share: share(trial.work, row.median, limits) }));
}

/** For a training: the seconds of a step in the first, a middle and the last window, and the ratio of its slowest window to its fastest. */
function stages({ windows, epochs, losses }) {
  if (!windows) return {};
  const times = windows.map(median);
  const shown = times.length > 2 ? [times[0], times[times.length >> 1], times.at(-1)] : times;
  return { epochs, stages: shown, steady: steadiness(times), loss: losses.at(-1) };
}

/** The epochs of these stages. */
function stageNames({ epochs }) {
  const count = Math.ceil(epochs / WINDOW);
  return [...new Set([0, count >> 1, count - 1])].map((at) => `epochs ${at * WINDOW + 1} to ${Math.min(epochs, (at + 1) * WINDOW)}`);
}

/** The least possible work divided by the time, as a part of the machine's limit; null if there is no limit. */
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
  for (const trial of run.trials) {
    const { name, description, work } = trial;
    const rows = ranking(run, name);
    lines.push('', `${name}: ${description}, ${plural(run.threads, 'thread')}`);
    if (rows.length === 0) {
      lines.push('  no result');
      continue;
    }
    const base = rows.some((row) => row.ours) ? 'to simdnn' : 'to fastest';
    if (trial.epochs) {
      lines.push(...trainingTable(trial, rows, base).map((line) => `  ${line}`));
      continue;
    }
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

/** A row with fewer epochs than the trial has is marked. */
function trainingTable(trial, rows, base) {
  const names = stageNames(trial);
  const head = ['driver', ...names, base, 'slowest / fastest', 'last loss'];
  const body = rows.map((row) => {
    const times = names.map((_, i) => (row.stages[i] ? duration(row.stages[i]) : ''));
    const whole = row.epochs === trial.epochs;
    return [label(row, trial), ...times, ratio(row.ratio), whole ? ratio(row.steady) : '', row.loss.toPrecision(4)];
  });
  return columns([head, ...body]);
}

const label = (row, trial) => (row.epochs === trial.epochs ? row.label : `${row.label} (first ${row.epochs} epochs)`);

const times = ({ median, low, high }) => [median, low, high].map(duration);

const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;

/** The reasons of cells without a time, one line for each driver and reason. */
export function remarks({ cells, drivers, trials }) {
  const groups = new Map();
  for (const { driver, trial, status, reason } of cells) {
    if (status === 'measured' || reason === '') continue;
    const { label } = drivers.find((entry) => entry.name === driver);
    const line = `${label}: ${status === 'unavailable' ? '' : `${status}: `}${reason}`;
    groups.set(line, [...(groups.get(line) ?? []), trial]);
  }
  const reasons = [...groups].map(([line, names]) =>
    names.length === trials.length && names.length > 1 ? line : `${line} (${names.join(', ')})`,
  );
  return [...reasons, ...trials.flatMap((trial) => lossLine(cells, trial))];
}

/** The largest difference between the drivers' losses after the last epoch of a training. */
function lossLine(cells, { name, epochs }) {
  const losses = cells
    .filter((cell) => cell.trial === name && cell.status === 'measured' && cell.epochs === epochs)
    .map((cell) => cell.losses?.at(-1))
    .sort((a, b) => a - b);
  if (!epochs || losses.length < 2) return [];
  return `${name}: mean loss of epoch ${epochs} from ${losses[0].toPrecision(4)} to ${losses.at(-1).toPrecision(4)} in ${losses.length} drivers`;
}

/** The median and the ratio to ours; for a training the times of its stages, and the number of epochs if not all were done. */
function entry(row, trial) {
  if (!row) return '–';
  const times = row.stages ? row.stages.map(duration).join(' / ') : duration(row.median);
  const part = row.epochs === trial.epochs ? '' : `, first ${row.epochs} epochs`;
  return `${times} (${ratio(row.ratio)}${part})`;
}

/** A table with a row for each driver and a column for each trial. */
export function markdownRows(run) {
  const rankings = run.trials.map(({ name }) => ranking(run, name));
  const entries = ({ name }) =>
    rankings.map((ranked, i) =>
      entry(
        ranked.find((row) => row.name === name),
        run.trials[i],
      ),
    );
  const rows = run.drivers.map((driver) => [driver.label, ...entries(driver)]);
  const measured = rows.filter(([, ...times]) => times.some((time) => time !== '–'));
  return markdownTable([['', ...run.trials.map(({ name }) => name)], ...measured]);
}

export function markdownReport(run) {
  const notes = [...machineLines(run), ...remarks(run)].map((line) => `- ${line}`);
  return [...markdownRows(run), '', ...notes, ''].join('\n');
}
