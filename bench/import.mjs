// npm run bench:import: the time of `import 'simdnn'` and `require('simdnn')` in a new process, without the start of Node itself.
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const rounds = 25;
const forms = {
  import: ['--input-type=module', '--eval', "const t = performance.now(); await import('simdnn'); console.log(performance.now() - t)"],
  require: ['--eval', "const t = performance.now(); require('simdnn'); console.log(performance.now() - t)"],
};

for (const [form, args] of Object.entries(forms)) {
  const times = Array.from({ length: rounds }, () => Number(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' })));
  times.sort((a, b) => a - b);
  const milliseconds = (value) => `${value.toFixed(1)} ms`;
  console.log(`${form}: ${milliseconds(times[0])} at best, median ${milliseconds(times[rounds >> 1])} of ${rounds}`);
}
