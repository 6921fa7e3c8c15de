// The response times of the examples' service for the class of one row, at rest and while it trains, measured by wrk (https://github.com/wg/wrk) with
// 16 connections. Usage: npm run bench:service [-- SECONDS]
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const seconds = Number(process.argv[2] ?? 10);
if (spawnSync('wrk', ['--version']).error !== undefined) throw new Error('wrk is not installed: https://github.com/wg/wrk');

const service = spawn(process.execPath, [join(here, '../build/examples/service.js')], {
  env: { ...process.env, PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [line] = await once(service.stdout, 'data');
const url = /http:\S+/.exec(String(line))[0];

async function call(method, path, body) {
  const response = await fetch(url + path, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return response.json();
}

function load(what) {
  return new Promise((resolve, reject) => {
    const args = ['-t1', '-c16', `-d${seconds}s`, '--latency', '-s', join(here, 'service.lua'), `${url}/predictions`];
    const wrk = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    wrk.stdout.on('data', (text) => {
      output += text;
    });
    wrk.on('close', () => {
      const found = (pattern) => pattern.exec(output)?.[1] ?? 'unknown';
      if (/Non-2xx/.test(output)) reject(new Error(output));
      console.log(
        `${what}: p50 ${found(/50%\s+(\S+)/)}, p99 ${found(/99%\s+(\S+)/)}, ${found(/Requests\/sec:\s+(\S+)/)} requests a second`,
      );
      resolve();
    });
  });
}

try {
  // 2,392 rows in five classes, the size of the lecture's data.
  const rows = Array.from({ length: 2392 }, (_, i) => ({
    features: Array.from({ length: 13 }, (_, k) => Math.sin(i * 13 + k * k)),
    label: i % 5,
  }));
  await call('POST', '/rows', rows);
  await call('POST', '/fits', { epochs: 5 });
  while ((await call('GET', '/fits/1')).state === 'running') await pause(50);
  await load('at rest');
  await call('POST', '/fits', { epochs: 1_000_000 });
  await load('while it trains');
  if ((await call('GET', '/fits/2')).state !== 'running') throw new Error('the fit ended before the requests did');
  await call('DELETE', '/fits/2');
} finally {
  service.kill();
}
