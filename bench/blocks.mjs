// Helpers of the comparisons of single steps: times of blocks, a program in Python, rows of a table.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The fastest and the median of blocks of some 4 ms within 0.7 s, in microseconds a call. */
export function measured(step, ...args) {
  for (let i = 0; i < 5; i++) step(...args);
  let begin = performance.now();
  step(...args);
  const n = Math.max(1, Math.round(4 / (performance.now() - begin)));
  const blocks = [];
  const end = performance.now() + 700;
  while (performance.now() < end || blocks.length < 5) {
    begin = performance.now();
    for (let i = 0; i < n; i++) step(...args);
    blocks.push(((performance.now() - begin) / n) * 1000);
  }
  blocks.sort((a, b) => a - b);
  return { fastest: blocks[0], median: blocks[blocks.length >> 1] };
}

/** A Python program that reads lines and answers each with a line of JSON. */
export function peerOf(python, program) {
  const process = spawn(python, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(process.stdout)[Symbol.asyncIterator]();
  const ask = async (...words) => {
    process.stdin.write(`${words.join(' ')}\n`);
    return JSON.parse((await lines.next()).value);
  };
  return { ask, end: () => process.stdin.end() };
}

/** Prints a row of a table. */
export const row = (...cells) =>
  console.log(cells.map((cell, i) => (i === 0 ? String(cell).padEnd(36) : String(cell).padStart(11))).join(' '));
/** A time as text. */
export const shown = (x) => x.toFixed(x < 100 ? 1 : 0);
