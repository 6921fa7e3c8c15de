// Writes the tables of docs/performance.md and the README's chart from the runs that `npm run bench -- --json bench/results/NAME.json` has stored.
// Usage: node bench/performance.mjs [--check]. With --check nothing is written, and the exit code is 1 if a file would change.
//
// A page marks where figures belong: `<!-- table NAME: TRIAL, ... -->` to `<!-- end -->` becomes the table of these trials (without names, of all trials of the
// run), `<!-- chart NAME: TRIAL, ... -->` to `<!-- end -->` the chart, drawn to docs/NAME.svg. A mark whose run does not exist stays unchanged.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chart } from './chart.mjs';
import { markdownRows, ranking, remarks } from './report.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));

/** The run with only these trials. */
function only(run, names) {
  if (names.length === 0) return run;
  const missing = names.filter((name) => !run.trials.some((trial) => trial.name === name));
  if (missing.length > 0) throw new Error(`the run has no ${missing.join(', ')}`);
  return {
    ...run,
    trials: names.map((name) => run.trials.find((trial) => trial.name === name)),
    cells: run.cells.filter(({ trial }) => names.includes(trial)),
  };
}

/** Describes the machine, the libraries, the build and the command in one sentence. */
function origin({ machine, threads, command, build, drivers, cells }) {
  const versions = drivers.flatMap(({ name, label }) => {
    const version = cells.find((cell) => cell.driver === name && cell.status === 'measured')?.version;
    return version === undefined || version === machine.node ? [] : [`${libraryOf(label)} ${version}`];
  });
  const cpus = `${threads} of ${machine.cpus} CPUs of ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}`;
  return `${[cpus, ...new Set(versions)].join('; ')}. ${machine.when.slice(0, 10)}, build ${build}: \`${command}\`.`;
}

/** `text` with its marks filled in; `runOf(name)` returns a run or undefined, `draw(name, run)` stores a chart. */
export function filled(text, runOf, draw) {
  const place = /(<!-- (table|chart) ([\w-]+)(?:: ([^>]*?))? -->\n)[\s\S]*?(<!-- end -->)/g;
  return text.replace(place, (whole, begin, kind, name, trials, end) => {
    const all = runOf(name);
    if (all === undefined) return whole;
    const run = only(all, trials?.split(', ') ?? []);
    return `${begin}${kind === 'chart' ? chartLines(name, run, draw) : tableLines(run)}\n${end}`;
  });
}

function tableLines(run) {
  const notes = remarks(run).map((line) => `- ${line}`);
  return [...markdownRows(run), '', origin(run), ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

/** The run with only the fastest mode of each other library, and all modes of ours. */
function fastestModes(run) {
  const kept = run.trials.flatMap(({ name }) => {
    const seen = new Set();
    return ranking(run, name)
      .filter(({ label, ours }) => ours || (!seen.has(libraryOf(label)) && seen.add(libraryOf(label))))
      .map((driver) => `${name} ${driver.name}`);
  });
  return { ...run, cells: run.cells.filter(({ trial, driver }) => kept.includes(`${trial} ${driver}`)) };
}

const libraryOf = (label) => label.split(',')[0];

function chartLines(name, run, draw) {
  draw(name, fastestModes(run));
  const what = run.trials.map((trial) => trial.name).join(', ');
  const image = `![Time of a training step of ${what}, beside other libraries](docs/${name}.svg)`;
  return [image, '', `Each other library in its fastest mode. ${origin(run)}`].join('\n');
}

function main(check) {
  const runOf = (name) => {
    const file = join(root, `bench/results/${name}.json`);
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
    process.stdout.write(`bench/results/${name}.json is not there: its places stay as they are\n`);
  };
  const made = new Map();
  for (const page of ['docs/performance.md', 'README.md']) {
    made.set(
      page,
      filled(readFileSync(join(root, page), 'utf8'), runOf, (name, run) => made.set(`docs/${name}.svg`, chart(run))),
    );
  }
  for (const [name, text] of made) {
    const file = join(root, name);
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
    process.stdout.write(check ? `${name} is not what its runs say: node bench/performance.mjs\n` : `${name} written\n`);
    if (check) process.exitCode = 1;
    else writeFileSync(file, text);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.includes('--check'));
