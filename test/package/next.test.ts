// Next's default build (turbopack): a route that trains, in the folder that `output: 'standalone'` makes, and what a build says that was not told of the package.
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../temporary';
import { binaries, consumer, type Outcome, run, tarball, userEnvironment } from './install';

const route = `
import { data, nn, optim, randn, train, zeros } from 'simdnn';
export const dynamic = 'force-dynamic';
export async function GET() {
  const model = new nn.Linear(4, 2);
  const loader = new data.DataLoader(new data.TensorDataset(randn([8, 4]), zeros([8, 2])), { batchSize: 4 });
  const options = { criterion: new nn.MSELoss(), optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), loader };
  const { loss } = await train.fit(model, { ...options, epochs: 2, progress: false });
  return Response.json({ epochs: loss.length });
}
`;

const folder = consumer();
const env: NodeJS.ProcessEnv = { ...userEnvironment(process.env['PATH']!), NEXT_TELEMETRY_DISABLED: '1' };

beforeAll(() => {
  mkdirSync(join(folder, 'app/train'), { recursive: true });
  writeFileSync(join(folder, 'app/layout.js'), 'export default ({ children }) => <html><body>{children}</body></html>;\n');
  writeFileSync(join(folder, 'app/train/route.js'), route);
  const packages = ['next@^16', 'react@^19', 'react-dom@^19'];
  const { status, output } = run(folder, 'npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', tarball, ...packages], env);
  if (status !== 0) throw new Error(output);
});

const build = (config: string): Outcome => {
  writeFileSync(join(folder, 'next.config.mjs'), `export default ${config};\n`);
  rmSync(join(folder, '.next'), { recursive: true, force: true });
  return run(folder, join(folder, 'node_modules/.bin/next'), ['build'], env);
};

let server: ChildProcess | undefined;
afterEach(() => void server?.kill());

async function freePort(): Promise<number> {
  const holder = createServer();
  await new Promise<void>((listening) => void holder.listen(0, '127.0.0.1', listening));
  const { port } = holder.address() as AddressInfo;
  await new Promise((closed) => void holder.close(closed));
  return port;
}

/** What the server in a folder answers, once it does. */
async function answerOf(place: string, path: string): Promise<unknown> {
  const port = await freePort();
  let output = '';
  server = spawn(process.execPath, ['server.js'], { cwd: place, env: { ...env, PORT: String(port), HOSTNAME: '127.0.0.1' } });
  for (const stream of [server.stdout!, server.stderr!]) {
    stream.on('data', (text) => {
      output += text;
    });
  }
  for (let tries = 0; tries < 300; tries++) {
    try {
      return await (await fetch(`http://127.0.0.1:${port}${path}`)).json();
    } catch {
      if (server.exitCode !== null) break;
      await new Promise((resolve) => void setTimeout(resolve, 100));
    }
  }
  throw new Error(`the server did not answer: ${output}`);
}

it("takes the binaries along with output: 'standalone', where the package is external", async () => {
  const { status, output } = build("{ output: 'standalone', serverExternalPackages: ['simdnn'] }");
  expect([status, status === 0 ? '' : output]).toEqual([0, '']);
  const elsewhere = join(temporaryFolder(), 'server'); // where no other node_modules can be found
  cpSync(join(folder, '.next/standalone'), elsewhere, { recursive: true });
  const copied = readdirSync(join(elsewhere, 'node_modules/simdnn/prebuilds'), { recursive: true, encoding: 'utf8' });
  expect(
    copied
      .filter((file) => file.endsWith('.node'))
      .map((file) => `prebuilds/${file}`)
      .sort(),
  ).toEqual(binaries.map(({ file }) => file).sort());
  expect(await answerOf(elsewhere, '/train')).toEqual({ epochs: 2 });
});

it('says what to do where the package is not', () => {
  const { status, output } = build('{}');
  expect([status, output]).toEqual([1, expect.stringContaining('cure: simdnn was put into a bundle, where its binary is not')]);
});
