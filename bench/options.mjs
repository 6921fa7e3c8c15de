// The command line.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { drivers, quick } from './drivers.mjs';
import { quickTrials, quickTrialsWithPython, trials } from './trials.mjs';

export class UsageError extends Error {}

export const help = `npm run bench -- [options]

Times training steps and single operations, ours beside other libraries', and this machine's own limits.
One process a cell; the blocks of all drivers of a trial take turns; a time is shown only when the result is right.

  --trials A,B       of: ${trials.map((trial) => trial.name).join(' ')}
                     lecture and inference stand for all that begin with these words
  --csv FILE         the students of lecture from this file (columns: examples/student-data.ts) instead of drawn ones
  --drivers A,B      of: ${drivers.map((driver) => driver.name).join(' ')}
  --threads N        threads of each library, and CPUs it is bound to (1)
  --python PATH      a Python that has PyTorch, JAX or TensorFlow; those it has are measured too
  --blocks N         timed blocks of each cell, at least 5 (5)
  --quick            ends within two minutes: short blocks, no long steps, with --python three trials
  --json FILE        writes all figures
  --svg FILE         writes a chart
  --markdown         prints the table as Markdown
  --compare A B      compares two files of --json instead of measuring
  --help             this text
`;

const OPTIONS = {
  trials: { type: 'string' },
  csv: { type: 'string' },
  drivers: { type: 'string' },
  threads: { type: 'string', default: '1' },
  python: { type: 'string' },
  blocks: { type: 'string', default: '5' },
  quick: { type: 'boolean', default: false },
  json: { type: 'string' },
  svg: { type: 'string' },
  markdown: { type: 'boolean', default: false },
  compare: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

/** The options in the command line; `given` is the command line as typed. Throws UsageError. */
export function readOptions(argv) {
  const { values, positionals } = parse(argv);
  if (values.compare ? positionals.length !== 2 : positionals.length > 0) {
    throw new UsageError(values.compare ? '--compare takes two files' : `unexpected argument "${positionals[0]}"`);
  }
  return {
    ...values,
    given: values,
    compare: values.compare ? positionals : null,
    trials: choose(
      trials,
      values.trials ?? (values.quick ? (values.python ? quickTrialsWithPython : quickTrials).join() : null),
      '--trials',
    ),
    drivers: choose(drivers, values.drivers, '--drivers').map((driver) => (values.quick ? quick(driver) : driver)),
    threads: integer(values.threads, '--threads', 1, availableParallelism()),
    blocks: integer(values.blocks, '--blocks', 5, 1000),
  };
}

function parse(argv) {
  try {
    return parseArgs({ args: argv, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error.message);
  }
}

/** The entries, or groups of entries, with the given names, in the order of the names; all of them without names. */
function choose(entries, names, option) {
  if (names == null) return entries;
  return names.split(',').flatMap((name) => {
    const found = entries.filter((entry) => entry.name === name.trim() || entry.group === name.trim());
    if (found.length === 0) throw new UsageError(`${option}: no "${name}"; there are ${entries.map((entry) => entry.name).join(', ')}`);
    return found;
  });
}

function integer(text, option, low, high) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < low || value > high)
    throw new UsageError(`${option} is a number from ${low} to ${high}, got "${text}"`);
  return value;
}
