// Random small programs, compiled and eager: both must give the same bits, whatever memory their arguments share.
// Programs that train are in test/compile-programs.ts.

// Each computes a value [rows, columns] from two earlier ones.
const operations = [
  (_, x, y) => x.add(y),
  (_, x, y) => x.mul(y),
  (_, x, y) => x.sub(y.mean()),
  (_, x, y) => x.sub(y.max(1, { keepdim: true }).values),
  (p, x) => x.mul(p.number),
  (p, x) => x.add(p.captured.sum(0)),
  (p, x) => x.matmul(p.square),
  (_, x) => x.tanh(),
  (_, x) => x.relu(),
  (_, x) => x.softmax(1),
  (_, x) => x.detach(),
  (_, x) => x.reshape([-1]).reshape(x.shape),
  (_, x) => x.t().t(),
  (p, x) => p.lib.cat([x.narrow(0, 1, x.shape[0] - 1), x.narrow(0, 0, 1)]),
  (p, x) => p.lib.nn.functional.dropout(x, 0.5, true),
  (_, x, y) => x.gather(1, y.gt(0)),
];

const results = [
  (_, last) => last,
  (_, last, args) => ({ last, first: args[0] }),
  (_, last, args) => [last.sum(), args.at(-1).narrow(0, 0, 1)],
  (p, last) => [last.narrow(0, 1, 1), last.reshape([-1]), p.captured],
];

function randomProgram(w) {
  const { r, lib } = w;
  const columns = 2 + r.below(4);
  const arity = 1 + r.below(3);
  return {
    lib,
    arity,
    columns,
    number: r.below(5) - 2,
    captured: lib.randn([8, columns]),
    square: lib.randn([columns, columns]),
    steps: r.times(1 + r.below(8), (i) => ({ operation: r.pick(operations), x: r.below(arity + i), y: r.below(arity + i) })),
    result: r.pick(results),
  };
}

function evaluate(program, args) {
  const values = [...args];
  for (const { operation, x, y } of program.steps) values.push(operation(program, values[x], values[y]));
  return program.result(program, values.at(-1), args);
}

// Arguments with their own memory, that of another argument, or that of a captured tensor.
function argumentsFor(w, program) {
  const { r, lib } = w;
  const rows = 2 + r.below(3);
  const shared = lib.randn([8, program.columns]);
  const fresh = () => lib.randn([rows, program.columns]);
  const view = (t) => t.narrow(0, r.below(8 - rows + 1), rows);
  const args = [];
  for (let i = 0; i < program.arity; i++) {
    args.push(r.pick([fresh, fresh, () => view(shared), () => view(program.captured), () => (i > 0 ? args[0] : fresh())])());
  }
  return args;
}

const tensorsOf = (result, { Tensor }) => (result instanceof Tensor ? [result] : Object.values(result));
const bitsOf = (tensors) =>
  tensors.map(({ shape, data }) => `${shape}:${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')}`).join(' ');

/** Calls a compiled random function and the function itself in turn; returns the calls. */
export function functionCalls(w) {
  const { r, lib } = w;
  const program = randomProgram(w);
  const plain = (...args) => evaluate(program, args);
  const compiled = lib.compile(plain);
  return r.times(6, () => {
    const args = argumentsFor(w, program);
    if (r.chance(0.2)) program.captured.data[r.below(8)] = r.real();
    const seed = r.below(1000);
    let [expected, actual] = ['', ''];
    const bits = (f) => {
      lib.manualSeed(seed);
      return bitsOf(tensorsOf(f(...args), lib));
    };
    return {
      name: 'compile',
      args: [program.steps.map((s) => `${s.operation} ${s.x} ${s.y}`).join('; '), String(program.result), ...args],
      call: () => {
        expected = bits(plain);
        actual = bits(compiled);
      },
      verify: () => (actual === expected ? null : `the compiled function gives other bits:\n${actual}\ninstead of\n${expected}`),
    };
  });
}
