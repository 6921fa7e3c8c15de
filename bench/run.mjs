// npm run bench: options.mjs lists the options, report.mjs prints the results.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { allowedCpus } from './cell.mjs';
import { chart } from './chart.mjs';
import { compareReport } from './compare.mjs';
import { limits } from './limits.mjs';
import { build, machine } from './machine.mjs';
import { FULL, measureTrial, QUICK } from './measure.mjs';
import { help, readOptions, UsageError } from './options.mjs';
import { withNeeds } from './peers.mjs';
import { preparation } from './prepared.mjs';
import { markdownReport, textReport } from './report.mjs';
import { describe, work } from './trials.mjs';

const QUICK_MS = 110_000; // of two minutes; the rest is for ending processes and writing files

const say = (line) => process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}${line}\n`);

/** Shows the current work in one line of a terminal; shows nothing in a log. */
const progress = (line) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${line}`);

/** The command that repeats the measurement, without this machine's paths. */
function commandLine({ given, quick, csv, threads, blocks, python }) {
  const words = [
    ...(quick ? ['--quick'] : []),
    ...(given.trials ? ['--trials', given.trials] : []),
    ...(given.drivers ? ['--drivers', given.drivers] : []),
    ...(csv ? ['--csv', 'FILE'] : []),
    ...(threads !== 1 ? ['--threads', threads] : []),
    ...(blocks !== 5 ? ['--blocks', blocks] : []),
    ...(python ? ['--python', 'PYTHON'] : []),
  ];
  return ['npm run bench', ...(words.length ? ['--', ...words] : [])].join(' ');
}

async function measure(options) {
  const started = Date.now();
  const deadline = options.quick ? started + QUICK_MS : Number.POSITIVE_INFINITY;
  const cpus = allowedCpus()?.slice(0, options.threads) ?? null;
  const drivers = withNeeds(options.drivers, {
    python: options.python,
    named: options.given.drivers !== undefined,
    note: say,
    installMs: options.quick ? QUICK_MS / 2 : 300_000,
  });
  const run = {
    format: 1,
    command: commandLine(options),
    machine: machine(),
    build: build(),
    threads: options.threads,
    limits: null,
    drivers: drivers.map(({ name, label, ours = false }) => ({ name, label, ours })),
    trials: options.trials.map((trial) => ({ name: trial.name, description: describe(trial), epochs: trial.epochs, work: work(trial) })),
    cells: [],
  };
  const bounds = limits(options.threads, cpus);
  const data = preparation(options);
  try {
    for (const [i, trial] of options.trials.entries()) {
      say(`${trial.name}: ${describe(trial)}`);
      bounds.measure(); // before each trial, because the machine's clock frequency drifts
      const budgetMs = (deadline - Date.now()) / (options.trials.length - i);
      const settings = { pace: options.quick ? QUICK : FULL, blocks: options.blocks, threads: options.threads, python: options.python };
      run.cells.push(...(await measureTrial(await data.prepare(trial), drivers, { ...settings, cpus, budgetMs, note: progress })));
    }
  } finally {
    bounds.remove();
    data.remove();
  }
  say(`measured in ${Math.round((Date.now() - started) / 1000)} s`);
  return { ...run, limits: bounds.best };
}

async function main(argv) {
  const options = readOptions(argv);
  if (options.help) return help;
  if (options.compare) return compareReport(...options.compare.map((file) => JSON.parse(readFileSync(file, 'utf8'))));
  const run = await measure(options);
  if (options.json) mkdirSync(dirname(options.json), { recursive: true });
  if (options.json) writeFileSync(options.json, `${JSON.stringify(run, null, 1)}\n`);
  if (options.svg) writeFileSync(options.svg, chart(run));
  return options.markdown ? markdownReport(run) : textReport(run);
}

try {
  process.stdout.write(await main(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\nnpm run bench -- --help tells what it takes.\n`);
  process.exitCode = 2;
}
