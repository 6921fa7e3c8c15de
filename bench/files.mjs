// node bench/files.mjs [--python PATH]: writing and reading 100 MB of weights, including the sync to disk and the checksum if there is one, compared with
// safetensors in Python.
import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { python: { type: 'string' } } });
const { io, nn, randn } = createRequire(import.meta.url)('simdnn');
const folder = mkdtempSync(join(tmpdir(), 'simdnn-files-'));
const rounds = 9;

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
async function time(name, run) {
  const times = [];
  for (let i = 0; i < rounds; i++) {
    const begin = performance.now();
    await run();
    times.push(performance.now() - begin);
  }
  console.log(`${name.padEnd(48)} ${median(times).toFixed(0).padStart(5)} ms, ${times[0].toFixed(0)} to ${times.at(-1).toFixed(0)}`);
}

const python = `
import sys, time
from safetensors.torch import load_file, save_file
import torch
path, rounds = sys.argv[1], int(sys.argv[2])
tensors = {f"layer{i}.weight": torch.randn(1024, 1024) for i in range(25)}
def median(run):
    times = []
    for _ in range(rounds):
        begin = time.perf_counter(); run(); times.append((time.perf_counter() - begin) * 1000)
    times.sort()
    return f"{times[len(times) // 2]:5.0f} ms, {times[0]:.0f} to {times[-1]:.0f}"
print("safetensors.torch.save_file, no sync".ljust(48), median(lambda: save_file(tensors, path)))
print("safetensors.torch.load_file, all read".ljust(48), median(lambda: [t.clone() for t in load_file(path).values()]))
`;

try {
  const model = new nn.ModuleList(Array.from({ length: 25 }, () => new nn.Linear(1024, 1024, { bias: false })));
  const dict = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`layer${i}.weight`, randn([1024, 1024])]));
  const path = join(folder, 'weights.safetensors');
  const bytes = new Uint8Array(25 * 2 ** 22);
  const written = (name) => {
    const file = openSync(name, 'w');
    writeFileSync(file, bytes);
    fsyncSync(file);
    closeSync(file);
  };
  await time('a plain write of 100 MB with fsync', () => written(path));
  await time('the same beside, and renamed', () => {
    written(`${path}.new`);
    renameSync(`${path}.new`, path);
  });
  await time('io.saveSafetensors, synced', () => io.saveSafetensors(path, dict));
  await time('io.loadSafetensors', () => io.loadSafetensors(path));
  await time('io.loadSafetensors, one of 25', () => io.loadSafetensors(path, { names: ['layer7.weight'] }));
  await time('io.saveCheckpoint, synced, with checksum', () => io.saveCheckpoint(join(folder, 'run.safetensors'), { model }));
  await time('io.loadCheckpoint', () => io.loadCheckpoint(join(folder, 'run.safetensors'), { model }));
  if (options.python !== undefined)
    console.log(execFileSync(options.python, ['-c', python, path, String(rounds)], { encoding: 'utf8' }).trimEnd());
} finally {
  rmSync(folder, { recursive: true, force: true });
}
