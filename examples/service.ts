// A service that learns from the rows it receives and predicts meanwhile. Training has its own thread, so that requests are answered at once.
//   npm run service                  listens on 127.0.0.1, at PORT (8000; 0: any that is free)
//   POST /rows          [{ "features": [5.1, 3.5], "label": 0 }, ...]    adds rows
//   POST /fits          { "epochs": 50 }                                 trains a new model on all rows so far
//   GET /fits/1                                                          its progress
//   DELETE /fits/1                                                       cancels it; the model keeps its current weights
//   POST /predictions   [[5.1, 3.5], ...]                                classes, by the model in training or the last one
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Classifier } from './classifier';

const maxBodyBytes = 16e6;
const maxRows = 1_000_000;
const maxFeatures = 4096;
const maxClasses = 1000;
const maxEpochs = 1_000_000;

/** An answer with a status other than 200. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body: unknown;
}

const classifier = new Classifier();

function check(good: boolean, message: string): asserts good {
  if (!good) throw new Refusal(400, message);
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const isInteger = (value: unknown, low: number, high: number): value is number =>
  Number.isInteger(value) && low <= (value as number) && (value as number) <= high;

function checkList(what: string, value: unknown): unknown[] {
  check(Array.isArray(value) && value.length > 0, `expected a list of ${what}, and at least one`);
  return value;
}

/** Numbers that are finite as float32; their number must be `width` unless that is 0. */
function checkFeatures(where: string, value: unknown, width: number): number[] {
  check(Array.isArray(value) && isInteger(value.length, 1, maxFeatures), `${where}: expected a list of 1 to ${maxFeatures} numbers`);
  check(width === 0 || value.length === width, `${where}: expected ${width} numbers, got ${value.length}`);
  check(
    value.every((x) => typeof x === 'number' && Number.isFinite(Math.fround(x))),
    `${where}: expected finite numbers`,
  );
  return value as number[];
}

function addRows(body: unknown): Answer {
  const rows: number[][] = [];
  const labels: number[] = [];
  for (const [i, row] of checkList('rows', body).entries()) {
    check(isObject(row), `row ${i}: expected { "features": [...], "label": ... }`);
    rows.push(checkFeatures(`row ${i}: features`, row.features, classifier.width || (rows[0]?.length ?? 0)));
    check(isInteger(row.label, 0, maxClasses - 1), `row ${i}: expected label to be an integer from 0 to ${maxClasses - 1}`);
    labels.push(row.label);
  }
  if (classifier.count + rows.length > maxRows) throw new Refusal(413, `expected at most ${maxRows} rows in all`);
  classifier.add(rows, labels);
  return { body: { rows: classifier.count } };
}

function startFit(body: unknown): Answer {
  check(isObject(body), 'expected { "epochs": ... }');
  const { epochs = 50, ...others } = body;
  check(isInteger(epochs, 1, maxEpochs), `expected epochs to be an integer from 1 to ${maxEpochs}`);
  check(Object.keys(others).length === 0, `unknown option "${Object.keys(others)[0]}" (known: epochs)`);
  check(classifier.count > 0, 'there are no rows yet: POST /rows');
  if (classifier.running !== null) throw new Refusal(409, `fit ${classifier.running.id} is running: wait for it, or DELETE it`);
  const fit = classifier.start(epochs);
  return { status: 202, headers: { location: `/fits/${fit.id}` }, body: fit };
}

function fitOf(id: string) {
  const fit = classifier.fit(Number(id));
  if (fit === undefined) throw new Refusal(404, `there is no fit ${id}`);
  return fit;
}

async function cancelFit(id: string): Promise<Answer> {
  const fit = fitOf(id);
  if (fit === classifier.running) await classifier.cancel();
  return { body: fit };
}

async function predict(body: unknown): Promise<Answer> {
  const rows = checkList('rows', body).map((row, i) => checkFeatures(`row ${i}`, row, classifier.width));
  const predictions = await classifier.predict(rows);
  if (predictions === null) throw new Refusal(409, 'nothing has been trained yet: POST /fits');
  return { body: predictions };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Refusal(413, `expected at most ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  if (bytes === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch (error) {
    throw new Refusal(400, `expected JSON: ${(error as Error).message}`);
  }
}

async function answer(request: IncomingMessage): Promise<Answer> {
  const [, id] = /^\/fits\/(\d+)$/.exec(request.url!) ?? [];
  switch (`${request.method} ${id === undefined ? request.url : '/fits/:id'}`) {
    case 'POST /rows':
      return addRows(await bodyOf(request));
    case 'POST /fits':
      return startFit(await bodyOf(request));
    case 'GET /fits/:id':
      return { body: fitOf(id!) };
    case 'DELETE /fits/:id':
      return cancelFit(id!);
    case 'POST /predictions':
      return predict(await bodyOf(request));
    default:
      throw new Refusal(404, 'there are POST /rows, POST /fits, GET /fits/:id, DELETE /fits/:id and POST /predictions');
  }
}

const server = createServer(async (request, response) => {
  const { status, headers, body } = await answer(request).catch((error: Error): Answer => {
    if (!(error instanceof Refusal)) console.error(error);
    const known = error instanceof Refusal;
    return {
      status: known ? error.status : 500,
      headers: { connection: 'close' }, // the rest of a body is not read
      body: { error: known ? error.message : 'internal error' },
    };
  });
  response.writeHead(status ?? 200, { 'content-type': 'application/json', ...headers }).end(`${JSON.stringify(body)}\n`);
});

server.listen(Number(process.env.PORT ?? 8000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

// Current requests are answered, the fit ends after its current step, and then nothing keeps the process alive.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close();
    void classifier.cancel();
  });
}
