// Calls everything that the package exports with good and bad arguments, and checks that the worst result is an Error: no
// crash, no report of a sanitizer, no call of more than ten seconds, no byte written beside an output.
// Usage: node test/fuzz/fuzz.mjs [--calls N] [--seed S] [--episode E]
// The same seed makes the same calls. --episode repeats the calls of one episode, and prints each before it is made.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: { calls: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' }, episode: { type: 'string' } },
});
const wanted = Number(options.calls);
const seed = Number(options.seed);
const folder = fileURLToPath(new URL('../../build/fuzz', import.meta.url));
const at = join(folder, `at-${process.pid}`);
const patience = 10_000; // the longest time of a call; the first call also loads the library
const episodesAProcess = 20_000; // the number of episodes of a process, so that the memory of modules that are kept forever stays bounded
const callsAnEpisode = 46; // on average

const whereItIs = () => {
  try {
    const bytes = readFileSync(at);
    return bytes.length === 8 ? [bytes.readUInt32LE(0), bytes.readUInt32LE(4)] : null;
  } catch {
    return null;
  }
};

// Runs episodes [first, end) in a process; resolves to its summary, or to { failure }.
function run(first, end, trace) {
  rmSync(at, { force: true });
  const request = JSON.stringify({ seed, first, end, at, trace });
  const child = spawn(process.execPath, [fileURLToPath(new URL('run.mjs', import.meta.url)), request], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-40_000)));
  let before = '';
  let stuck = false;
  const watch = setInterval(() => {
    const now = String(whereItIs());
    if (now === before && now !== 'null') {
      stuck = true;
      child.kill('SIGKILL');
    }
    before = now;
  }, patience);
  return new Promise((resolve) => {
    child.on('close', (status, signal) => {
      clearInterval(watch);
      if (status === 0) return resolve(trace ? { output } : JSON.parse(resultIn(output)));
      const how = stuck ? `a call took more than ${patience / 1000} s` : `the process ended with ${signal ?? `status ${status}`}`;
      resolve({ failure: how, output, where: whereItIs() });
    });
  });
}

// A warning of Node's may follow it.
const resultIn = (output) => output.split('\n').findLast((line) => line.startsWith('{'));

async function main() {
  mkdirSync(folder, { recursive: true });
  if (options.episode !== undefined) {
    const episode = Number(options.episode);
    const { failure, output } = await run(episode, episode + 1, true);
    console.log(output);
    return failure === undefined;
  }
  const start = performance.now();
  const total = { calls: 0, good: 0 };
  let never = null;
  for (let first = 0; total.calls < wanted; ) {
    const count = Math.max(1, Math.min(episodesAProcess, Math.ceil((wanted - total.calls) / callsAnEpisode)));
    const result = await run(first, first + count, false);
    if (result.failure !== undefined) {
      const [episode, call] = result.where ?? [first, 0];
      console.log(
        `${result.output}\n${result.failure}, at call ${call} of episode ${episode}, seed ${seed}; the last calls of that episode:`,
      );
      console.log((await run(episode, episode + 1, true)).output?.split('\n').slice(-12).join('\n'));
      console.log(`again: node test/fuzz/fuzz.mjs --seed ${seed} --episode ${episode}`);
      return false;
    }
    total.calls += result.calls;
    total.good += result.good;
    never = never === null ? result.never : never.filter((name) => result.never.includes(name));
    first += count;
    if (wanted > 500_000) console.log(`${total.calls} calls, ${((performance.now() - start) / 1000).toFixed(0)} s`);
  }
  const seconds = (performance.now() - start) / 1000;
  console.log(`${total.calls} calls (${total.good} returned, the others threw an Error) in ${seconds.toFixed(0)} s, seed ${seed}`);
  if (total.calls >= 100_000 && never.length > 0) {
    console.log(`never called with success, so the fuzzer must learn their arguments (test/fuzz/surface.mjs): ${never.join(', ')}`);
    return false;
  }
  return true;
}

const passed = await main();
rmSync(at, { force: true });
console.log(passed ? '1 passed, 0 failed' : '0 passed, 1 failed');
process.exitCode = passed ? 0 : 1;
