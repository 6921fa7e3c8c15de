// Makes the calls of some episodes, which depend only on the seed, and stops at the first one that violates a rule. It has its own process, because
// crashes count too. fuzz.mjs starts it and reads the file `at`, which says what call is being made.
import { openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { kernelCall } from './kernels.mjs';
import { functionCalls } from './programs.mjs';
import { Random } from './random.mjs';
import { mustSucceed, surfaceCall, surfaceOf } from './surface.mjs';
import { World } from './world.mjs';

const { seed, first, end, at, trace } = JSON.parse(process.argv[2]);
const require = createRequire(import.meta.url);
const lib = require('simdnn');
const publicKernels = require('simdnn/kernels');
const rawKernels = require('../../native/load.js').load().kernels;
const surface = surfaceOf(lib);

const file = openSync(at, 'w');
const position = new Uint32Array(2); // episode, call
const returned = new Map(surface.map(({ name }) => [name, 0]));
let calls = 0;
let good = 0;

function describe(value) {
  try {
    return inspect(value, { showProxy: true, depth: 3, maxArrayLength: 20, breakLength: Infinity, getters: false });
  } catch {
    return 'a value that cannot be shown';
  }
}

function fail(episode, { name, args }, why) {
  console.log(`${why}\n  in ${name}(${args.map(describe).join(', ')})\n  episode ${episode} of seed ${seed}`);
  process.exit(1);
}

// A rule for every call: it throws only errors with a message.
function checkError(episode, made, error) {
  if (!(error instanceof Error)) fail(episode, made, `threw ${describe(error)}, which is no Error`);
  if (typeof error.message !== 'string' || error.message === '') fail(episode, made, 'threw an error without a message');
  if (error.cause instanceof Error) fail(episode, made, `${error.message}: ${error.cause.stack}`);
}

async function make(episode, made) {
  position[1]++;
  writeSync(file, new Uint8Array(position.buffer), 0, 8, 0);
  if (trace) console.log(`${made.name}(${made.args.map(describe).join(', ')})`);
  calls++;
  let result;
  try {
    result = made.call();
    if (result instanceof Promise) result = await result;
    good++;
    returned.set(made.name, (returned.get(made.name) ?? 0) + 1);
  } catch (error) {
    checkError(episode, made, error);
    return undefined;
  }
  const violation = made.verify();
  if (violation !== null) fail(episode, made, violation);
  return result;
}

const callsPerEpisode = 50;

for (let episode = first; episode < end; episode++) {
  position[0] = episode;
  position[1] = 0;
  const r = new Random(seed, episode);
  lib.manualSeed(r.below(2 ** 31));
  lib.setNumThreads(1 + r.below(3));
  const world = new World(r, lib);
  const kind = r.below(20);
  if (kind < 11) {
    for (let i = 0; i < callsPerEpisode; i++) await make(episode, kernelCall(r, rawKernels, publicKernels));
  } else if (kind < 18) {
    for (let i = 0; i < callsPerEpisode; i++) world.keep(await make(episode, surfaceCall(world, surface)));
  } else {
    for (const made of functionCalls(world)) await make(episode, made);
  }
}

console.log(JSON.stringify({ calls, good, never: mustSucceed(surface).filter((name) => returned.get(name) === 0) }));
