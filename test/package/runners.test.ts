// Real test runners, from npm, that run each test file in a context of node:vm, whose built-in classes are not those of Node's own realm.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { consumer, run, tarball, userEnvironment } from './install';

const program = `
test('is in a realm of its own', () => {
  expect(structuredClone(new Float32Array(1)) instanceof Float32Array).toBe(false);
});

test('takes arrays of another realm', () => {
  const given = structuredClone(new Float32Array([1, 2]));
  expect(tensor(given).toArray()).toEqual([1, 2]);
  expect(Tensor.fromTypedArray(given).mul(2).toArray()).toEqual([2, 4]);
});

test('throws errors of the own realm', () => {
  const wrong = () => tensor([1, 2]).indexSelect(0, tensor([7], { dtype: 'int32' })); // the addon finds this one
  for (const [call, type] of [[() => tensor([1, 2]).reshape([3]), RangeError], [() => tensor('a'), TypeError], [wrong, RangeError]]) {
    let thrown;
    try { call(); } catch (error) { thrown = error; }
    expect(thrown instanceof type).toBe(true);
  }
});

test('reads CSV, and shows the progress of a fit on a terminal', async () => {
  const { x, y } = await data.readCsv(Buffer.from('a,b\\n1,2\\n3,4\\n'), { target: 'b', targetDtype: 'float32' });
  const model = new nn.Linear(1, 1);
  const loader = new data.DataLoader(new data.TensorDataset(x, y.reshape([2, 1])));
  process.stderr.isTTY = true;
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const { epochs } = await train.fit(model, { criterion: new nn.MSELoss(), optimizer, loader, epochs: 2 });
  expect(epochs).toBe(2);
});
`;

const names = '{ data, nn, optim, Tensor, tensor, train }';
const files: Record<string, string> = {
  'jest.test.js': `const ${names} = require('simdnn');\n${program}`,
  'vitest.test.mjs': `import { expect, test } from 'vitest';\nimport ${names} from 'simdnn';\n${program}`,
};

const folder = consumer();
const env = userEnvironment(process.env['PATH']!);

beforeAll(() => {
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const packages = ['jest@^30', 'vitest@^4'];
  const { status, output } = run(folder, 'npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', tarball, ...packages], env);
  if (status !== 0) throw new Error(output);
});

it.each([
  ['jest', ['jest', '--ci', 'jest.test.js']],
  ['vitest in threads with contexts', ['vitest', 'run', '--pool', 'vmThreads', 'vitest.test.mjs']],
  ['vitest in processes with contexts', ['vitest', 'run', '--pool', 'vmForks', 'vitest.test.mjs']],
])('%s', (_, [program, ...args]) => {
  const { status, output } = run(folder, join(folder, 'node_modules/.bin', program!), args, env);
  expect([status, output]).toEqual([0, expect.stringMatching(/4 passed|4 tests/)]);
});
