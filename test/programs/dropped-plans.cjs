// Makes compiled functions, or plans alone, and drops them; prints how the resident memory grew meanwhile, in bytes.
// Usage: node dropped-plans.cjs COUNT dispose|forget|plans
const { setImmediate } = require('node:timers/promises');
const { compile, randn } = require('simdnn');

const n = 1_000_000;
const [count, how] = [Number(process.argv[2]), process.argv[3]];
const x = randn([n]);

function compiledFunction() {
  const f = compile((a) => a.exp().mul(a).sum()); // an arena of 8 MB, and as much while it is recorded
  f(x);
  f(x);
  if (how === 'dispose') f.dispose();
}

// Nothing but the plan's own 4 MB: the collector sees a few small objects, and what it was told of them.
const addon = require('../../native/load.js').load();
const [from, between, to] = [0, 0, 0].map(() => new Float32Array(n));
function plan() {
  const calls = [
    ['expForward', between, from, n, 0, 0],
    ['expForward', to, between, n, 0, 0],
  ];
  addon.replay(addon.createPlan(calls, [between], [from, to], []), new Float64Array(0), from, to);
}

async function main() {
  const make = how === 'plans' ? plan : compiledFunction;
  for (let i = 0; i < 20; i++) make();
  const before = process.memoryUsage.rss();
  for (let i = 0; i < count; i++) {
    make();
    await setImmediate(); // the event loop frees what the collector found dead
  }
  console.log(process.memoryUsage.rss() - before);
}

main();
