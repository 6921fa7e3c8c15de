// Compares two runs: what became faster or slower, and whether the difference is more than noise.
import { columns, duration, percent, ratio } from './format.mjs';
import { summary } from './statistics.mjs';

/**
 * The cells that both runs measured: the ratio of the medians (below 1: B is faster), the range of the blocks' ratios, and the verdict
 * `faster` or `slower` if no block of one run is as fast as any block of the other. With five blocks each, this happens by chance in less than
 * one of a hundred cells.
 */
export function compare(a, b) {
  return b.cells.flatMap(({ trial, driver, seconds }) => {
    const before = a.cells.find((cell) => cell.trial === trial && cell.driver === driver)?.seconds;
    if (!before?.length || !seconds?.length) return [];
    const [from, to] = [summary(before), summary(seconds)];
    const verdict = to.high < from.low ? 'faster' : to.low > from.high ? 'slower' : '';
    return [{ trial, driver, from, to, ratio: to.median / from.median, low: to.low / from.high, high: to.high / from.low, verdict }];
  });
}

export function compareReport(a, b) {
  if (a.threads !== b.threads) throw new Error(`the runs used ${a.threads} and ${b.threads} threads: they cannot be compared`);
  const head = ['trial', 'driver', 'A', 'B', 'B / A', 'from block to block', ''];
  const rows = compare(a, b).map((row) => [
    row.trial,
    row.driver,
    duration(row.from.median),
    duration(row.to.median),
    ratio(row.ratio),
    `${ratio(row.low)} to ${ratio(row.high)}`,
    row.verdict,
  ]);
  return [
    `A: ${a.machine.cpu}, ${a.machine.when}`,
    `B: ${b.machine.cpu}, ${b.machine.when}`,
    ...machineChange(a, b),
    '',
    ...(rows.length ? columns([head, ...rows]) : ['no cell was measured in both']),
    '',
  ].join('\n');
}

/** If the machine itself became faster or slower, only ratios within a run are comparable. */
function machineChange({ limits: a, machine: from }, { limits: b, machine: to }) {
  if (from.cpu !== to.cpu) return ['Different machines: compare the ratios within each run, not these times.'];
  if (!a || !b) return [];
  const changes = Object.keys(a).map((name) => `${name} ${signed(b[name] / a[name] - 1)}`);
  return [`the machine's limits, B against A: ${changes.join(', ')}`];
}

const signed = (share) => `${share < 0 ? '-' : '+'}${percent(Math.abs(share))}`;
