// The service as it is started: a process of its own, driven over loopback.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(__dirname, '../..');
const built = join(root, 'build/service-test'); // not build/examples: another test's compiler may be writing there

interface Prediction {
  fit: number;
  classes: number[];
  probabilities: number[][];
}

interface Service {
  process: ChildProcess;
  url: string;
  // biome-ignore lint/suspicious/noExplicitAny: what comes back is what the tests are about
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }>;
}

async function start(): Promise<Service> {
  const child = spawn(process.execPath, [join(built, 'service.js')], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout!, 'data');
  const url = /^listening on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(String(line))![1]!;
  return {
    process: child,
    url,
    async call(method, path, body) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const response = await fetch(url + path, { method, ...(text !== undefined && { body: text }) });
      return { status: response.status, body: await response.json() };
    },
  };
}

beforeAll(() => {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', join(root, 'examples'), '--outDir', built]);
});

/** Class 1 lies within the unit circle, class 0 outside it, with a gap between. */
const points = Array.from({ length: 600 }, (_, i) => {
  const [angle, radius] = [i * 2.4, i % 2 ? 0.9 * Math.sqrt((i % 40) / 40) : 1.2 + (i % 30) / 30];
  return { features: [radius * Math.cos(angle), radius * Math.sin(angle)], label: i % 2 };
});
const features = points.map((point) => point.features);
const right = (classes: number[]): number => classes.filter((label, i) => label === points[i]!.label).length / points.length;

describe('the service', () => {
  let service: Service;
  beforeAll(async () => {
    service = await start();
  });
  afterAll(() => service.process.kill('SIGKILL'));

  it('has nothing to fit or predict with at first', async () => {
    expect(await service.call('POST', '/fits')).toEqual({ status: 400, body: { error: 'there are no rows yet: POST /rows' } });
    expect(await service.call('POST', '/predictions', [[1, 2]])).toEqual({
      status: 409,
      body: { error: 'nothing has been trained yet: POST /fits' },
    });
    expect(await service.call('GET', '/fits/1')).toEqual({ status: 404, body: { error: 'there is no fit 1' } });
    expect(await service.call('DELETE', '/fits/1')).toMatchObject({ status: 404 });
  });

  it('takes rows', async () => {
    expect(await service.call('POST', '/rows', points.slice(0, 10))).toEqual({ status: 200, body: { rows: 10 } });
    expect(await service.call('POST', '/rows', points.slice(10))).toEqual({ status: 200, body: { rows: 600 } });
  });

  it.each([
    ['/rows', '[{', /^expected JSON: /],
    ['/rows', {}, /^expected a list of rows, and at least one$/],
    ['/rows', [], /^expected a list of rows, and at least one$/],
    ['/rows', [points[0], [1, 2]], /^row 1: expected \{ "features": \[...\], "label": ... \}$/],
    ['/rows', [points[0], { features: [1], label: 0 }], /^row 1: features: expected 2 numbers, got 1$/],
    ['/rows', [{ features: ['1', 2], label: 0 }], /^row 0: features: expected finite numbers$/],
    ['/rows', '[{"features":[1e39,2],"label":0}]', /^row 0: features: expected finite numbers$/],
    ['/rows', [{ features: [], label: 0 }], /^row 0: features: expected a list of 1 to 4096 numbers$/],
    ['/rows', [{ features: [1, 2], label: 0.5 }], /^row 0: expected label to be an integer from 0 to 999$/],
    ['/rows', [{ features: [1, 2], label: -1 }], /^row 0: expected label to be an integer/],
    ['/rows', [{ features: [1, 2] }], /^row 0: expected label to be an integer/],
    ['/fits', { epochs: 0 }, /^expected epochs to be an integer from 1 to 1000000$/],
    ['/fits', { epoch: 3 }, /^unknown option "epoch" \(known: epochs\)$/],
    ['/fits', [1], /^expected \{ "epochs": ... \}$/],
    ['/predictions', [[1, 2, 3]], /^row 0: expected 2 numbers, got 3$/],
    ['/predictions', [[1, null]], /^row 0: expected finite numbers$/],
    ['/predictions', 'null', /^expected a list of rows/],
  ])('refuses POST %s %j', async (path, body, message) => {
    const { status, body: answer } = await service.call('POST', path, body);
    expect(answer.error).toMatch(message);
    expect(status).toBe(400);
  });

  it('refuses other paths and methods, and bodies that are too large', async () => {
    for (const path of ['/', '/fits/x', '//', '/rows/']) expect(await service.call('GET', path)).toMatchObject({ status: 404 });
    expect(await service.call('PUT', '/fits/1')).toMatchObject({ status: 404 });
    const large = await service.call('POST', '/rows', `[${' '.repeat(17e6)}`).catch((error: Error) => error);
    // A client that is still sending when the answer comes may see the connection end instead.
    if (!(large instanceof Error)) expect(large.status).toBe(413);
    expect((await service.call('POST', '/rows', [points[0]])).status).toBe(200);
  });

  it('trains', async () => {
    const started = await service.call('POST', '/fits', { epochs: 60 });
    expect(started).toMatchObject({ status: 202, body: { id: 1, state: 'running', epochs: 60 } });
    let fit = started.body;
    while (fit.state === 'running') {
      await setTimeout(10);
      fit = (await service.call('GET', '/fits/1')).body;
    }
    expect(fit).toMatchObject({ id: 1, state: 'done', epoch: 60, epochs: 60 });
    expect(fit.loss < 0.2 && fit.accuracy > 0.95).toBe(true);
    const { status, body } = await service.call('POST', '/predictions', features);
    expect([status, body.fit]).toEqual([200, 1]);
    expect(right(body.classes)).toBeGreaterThan(0.95);
    for (const [i, [no, yes]] of body.probabilities.entries()) {
      expect(Math.abs(no + yes - 1) < 1e-5 && yes > no === (body.classes[i] === 1)).toBe(true);
    }
  });

  it('predicts while it trains, refuses a second fit meanwhile, and cancels', async () => {
    await service.call('POST', '/fits', { epochs: 1_000_000 });
    expect(await service.call('POST', '/fits')).toEqual({
      status: 409,
      body: { error: 'fit 2 is running: wait for it, or DELETE it' },
    });
    const answers: Prediction[] = [];
    for (let share = 0; share < 0.95; await setTimeout(20)) {
      const { body } = await service.call('POST', '/predictions', features);
      answers.push(body);
      share = right(body.classes);
    }
    expect(answers.every(({ fit }) => fit === 2)).toBe(true);
    const { body: running } = await service.call('GET', '/fits/2');
    expect(running).toMatchObject({ state: 'running', epochs: 1_000_000 });
    while (running.epoch === 0) Object.assign(running, (await service.call('GET', '/fits/2')).body); // it may have learned before its first epochs are reported
    const after = await service.call('POST', '/predictions', features);
    expect(after.body.probabilities).not.toEqual(answers[0]!.probabilities); // it went on learning

    const { status, body: cancelled } = await service.call('DELETE', '/fits/2');
    expect([status, cancelled.state]).toEqual([200, 'cancelled']);
    expect(cancelled.epoch).toBeGreaterThanOrEqual(running.epoch);
    expect((await service.call('DELETE', '/fits/2')).body).toEqual(cancelled);
    const still = await service.call('POST', '/predictions', features);
    expect(right(still.body.classes)).toBeGreaterThan(0.95);
    expect((await service.call('POST', '/predictions', features)).body).toEqual(still.body);
    expect(await service.call('POST', '/fits', { epochs: 1 })).toMatchObject({ status: 202, body: { id: 3 } });
  });
});

it.each(['SIGTERM', 'SIGINT'] as const)('ends on %s in the middle of a fit, once the requests under way are answered', async (signal) => {
  const service = await start();
  await service.call('POST', '/rows', points);
  await service.call('POST', '/fits', { epochs: 1_000_000 });
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
  const body = JSON.stringify(features);
  const head = [
    'POST /predictions HTTP/1.1',
    'host: localhost',
    'connection: close',
    'expect: 100-continue',
    `content-length: ${body.length}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 100)}`);
  const [interim] = await once(socket, 'data'); // the request has arrived in part
  expect(String(interim)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  const ended = once(service.process, 'exit');
  service.process.kill(signal);
  while (await fetch(service.url).catch(() => null)) await setTimeout(10); // the signal has arrived
  let answer = '';
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text;
  });
  socket.write(body.slice(100));
  await once(socket, 'end');
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(answer).toContain('"classes":[');
  expect(await ended).toEqual([0, null]);
  await expect(fetch(service.url)).rejects.toThrow();
});
