// What TensorBoard shows of a fit, read back without the code that wrote it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { data, io, manualSeed, metrics, nn, optim, randn, train } from '../../src';
import { crc32c } from '../../src/io/crc32c';
import { thrownBy } from '../helpers';
import { rejection } from '../rejection';
import { folder } from './files';

const at = folder();

// Bit by bit, from the definition.
function slowCrc32c(bytes: Uint8Array): number {
  let sum = 0xffffffffn;
  for (const byte of bytes) {
    sum ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) sum = sum & 1n ? (sum >> 1n) ^ 0x82f63b78n : sum >> 1n;
  }
  return Number(sum ^ 0xffffffffn);
}

const unmasked = (masked: number): number => {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
};

type Fields = { field: number; value: number | Buffer }[];

// The fields of a message by their wire types: varint 0, 64 bits 1, bytes 2, 32 bits 5.
function fieldsOf(bytes: Buffer): Fields {
  const fields: Fields = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const field = Math.floor(key / 8);
    const kind = key % 8;
    const length = kind === 1 ? 8 : kind === 5 ? 4 : kind === 2 ? varint() : 0;
    const value = bytes.subarray(at, at + length);
    at += length;
    if (kind === 0) fields.push({ field, value: varint() });
    else if (kind === 1) fields.push({ field, value: value.readDoubleLE() });
    else if (kind === 5) fields.push({ field, value: value.readFloatLE() });
    else if (kind === 2) fields.push({ field, value });
    else throw new Error(`wire type ${kind}`);
  }
  expect(at).toBe(bytes.length);
  return fields;
}

interface Event {
  wallTime: number;
  step: number;
  version: string | null;
  status: number | null;
  scalars: [string, number][];
}

function eventOf(bytes: Buffer): Event {
  const event: Event = { wallTime: Number.NaN, step: 0, version: null, status: null, scalars: [] };
  for (const { field, value } of fieldsOf(bytes)) {
    if (field === 1) event.wallTime = value as number;
    else if (field === 2) event.step = value as number;
    else if (field === 3) event.version = String(value);
    else if (field === 7) event.status = fieldsOf(value as Buffer)[0]!.value as number;
    else if (field === 5) {
      for (const one of fieldsOf(value as Buffer)) {
        const [tag, scalar] = fieldsOf(one.value as Buffer);
        expect([one.field, tag!.field, scalar!.field]).toEqual([1, 1, 2]);
        event.scalars.push([String(tag!.value), scalar!.value as number]);
      }
    } else throw new Error(`field ${field}`);
  }
  return event;
}

function eventsOf(path: string): Event[] {
  const bytes = readFileSync(path);
  const events: Event[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(unmasked(bytes.readUInt32LE(at + 8))).toBe(slowCrc32c(bytes.subarray(at, at + 8)));
    const body = bytes.subarray(at + 12, at + 12 + length);
    expect(unmasked(bytes.readUInt32LE(at + 12 + length))).toBe(slowCrc32c(body));
    events.push(eventOf(body));
    at += 16 + length;
  }
  return events;
}

const filesIn = (path: string): string[] =>
  readdirSync(path)
    .sort()
    .map((name) => join(path, name));

it('the checksum is the one of the standard', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa); // RFC 3720
  expect(crc32c(new Uint8Array(0))).toBe(0);
});

const fit = (path: string, more: Partial<train.FitOptions> = {}) => {
  manualSeed(3);
  const x = randn([24, 3]);
  const model = new nn.Linear(3, 1);
  const optimizer = new optim.SGD([{ params: [model.weight] }, { params: [model.bias!], lr: 0.5 }], { lr: 0.0625 });
  const loader = new data.DataLoader(new data.TensorDataset(x, x.sum(1, { keepdim: true })), { batchSize: 8 });
  const options = { criterion: new nn.MSELoss(), optimizer, loader, epochs: 4, progress: false, callbacks: [io.tensorBoard(path)] };
  return train.fit(model, { ...options, ...more });
};

describe('io.tensorBoard', () => {
  it('writes each epoch of a fit', async () => {
    const path = at('a/b');
    const before = Date.now() / 1000;
    const x = randn([8, 3]);
    const validation = new data.DataLoader(new data.TensorDataset(x, x.sum(1, { keepdim: true })), { batchSize: 8 });
    const result = await fit(path, {
      validation,
      metrics: { mae: new metrics.MeanAbsoluteError() },
      trainMetrics: { mae: new metrics.MeanAbsoluteError() },
    });
    expect(filesIn(path)).toHaveLength(1);
    expect(filesIn(path)[0]).toMatch(/[\\/]events\.out\.tfevents\.\d{10}\.[^\\/]+$/);
    const [first, ...rest] = eventsOf(filesIn(path)[0]!);
    expect([first!.version, first!.step, first!.scalars]).toEqual(['brain.Event:2', 0, []]);
    expect(rest.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    for (const { wallTime } of rest) expect(wallTime >= before && wallTime <= Date.now() / 1000).toBe(true);
    const of = (tag: string): number[] => rest.map(({ scalars }) => new Map(scalars).get(tag)!);
    expect(of('loss/train')).toEqual(result.loss.map(Math.fround));
    expect(of('loss/validation')).toEqual(result.validationLoss!.map(Math.fround));
    expect(of('metrics/mae')).toEqual(result.metrics['mae']!.map(Math.fround));
    expect(of('trainMetrics/mae')).toEqual(result.trainMetrics['mae']!.map(Math.fround));
    expect([of('lr/0'), of('lr/1')]).toEqual([
      [0.0625, 0.0625, 0.0625, 0.0625],
      [0.5, 0.5, 0.5, 0.5],
    ]);
    expect(rest[0]!.scalars.map(([tag]) => tag)).toEqual([
      'loss/train',
      'loss/validation',
      'metrics/mae',
      'trainMetrics/mae',
      'lr/0',
      'lr/1',
      'epochSeconds',
    ]);
  });

  it('of a fit that goes on says which steps count no more', async () => {
    const path = at('resumed');
    await fit(path);
    await fit(path, { initialEpoch: 2, epochs: 5 });
    const [before, after] = filesIn(path).map(eventsOf);
    expect(before!.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4]);
    expect(after!.map(({ step, status, version }) => [step, status, version])).toEqual([
      [0, null, 'brain.Event:2'],
      [3, 1, null],
      [3, null, null],
      [4, null, null],
      [5, null, null],
    ]);
  });

  it('writes what is no number, any name, and large steps', async () => {
    const path = at('odd');
    const board = io.tensorBoard(path, { epochsBefore: 2 ** 40 });
    await board.onEpoch({ epoch: 1, loss: Number.NaN, validationLoss: -Infinity, metrics: { 'naïve "x"\0🙂': 1e300 }, lr: 0.1 });
    const last = eventsOf(filesIn(path)[0]!).at(-1)!;
    expect(last.step).toBe(2 ** 40 + 1);
    expect(last.scalars).toEqual([
      ['loss/train', Number.NaN],
      ['loss/validation', -Infinity],
      ['metrics/naïve "x"\0🙂', Infinity],
      ['lr', Math.fround(0.1)],
    ]);
  });

  it('has a file of its own for each callback', async () => {
    const path = at('several');
    const boards = [io.tensorBoard(path), io.tensorBoard(path), io.tensorBoard(path)];
    await Promise.all(boards.map(({ onEpoch }, i) => onEpoch({ epoch: 1, loss: i })));
    const losses = filesIn(path).map((file) => eventsOf(file)[1]!.scalars[0]![1]);
    expect(losses.sort()).toEqual([0, 1, 2]);
  });

  it('names its files in the order in which they are written', async () => {
    const path = at('ordered');
    for (let i = 0; i < 12; i++) await io.tensorBoard(path).onEpoch({ epoch: 1, loss: i });
    const losses = filesIn(path).map((file) => eventsOf(file)[1]!.scalars[0]![1]);
    expect(losses).toEqual(Array.from({ length: 12 }, (_, i) => i));
  });

  it('refuses what it cannot write', async () => {
    expect(thrownBy(() => io.tensorBoard(3 as never)).message).toMatch(/^\[io\.tensorBoard\] expected a path or a file: URL, got 3/);
    expect(thrownBy(() => io.tensorBoard('x', { every: 1 } as never)).message).toMatch(/unknown option "every"/);
    expect(thrownBy(() => io.tensorBoard('x', { epochsBefore: -1 })).message).toMatch(/expected epochsBefore/);
    const board = io.tensorBoard(at('refused'));
    expect((await rejection(board.onEpoch(null as never))).message).toMatch(/expected the report of an epoch, got null/);
    expect((await rejection(board.onEpoch({ epoch: 1, loss: '1' as never }))).message).toMatch(
      /expected loss\/train to be a number, got "1"/,
    );
    expect(existsSync(at('refused'))).toBe(false);
    writeFileSync(at('file'), '');
    expect((await rejection(io.tensorBoard(at('file')).onEpoch({ epoch: 1, loss: 1 }))).code).toMatch(/EEXIST|ENOTDIR/);
  });
});

// TensorBoard's own reader, where a Python has it.
const reader = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1]).Reload()
print(json.dumps({tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()['scalars']}))`;
const python = [process.env['SIMDNN_PYTHON'], join(homedir(), '.cache/simdnn-peers/bin/python'), 'python3'].find(
  (one) => one !== undefined && spawnSync(one, ['-c', 'import tensorboard']).status === 0,
);

it.skipIf(python === undefined)('TensorBoard reads it (skipped where no Python has tensorboard)', async () => {
  const path = at('read');
  const before = await fit(path, { metrics: { mae: new metrics.MeanAbsoluteError() } });
  const after = await fit(path, { initialEpoch: 2, epochs: 5, metrics: { mae: new metrics.MeanAbsoluteError() } });
  await io.tensorBoard(path).onEpoch({ epoch: 6, loss: -Infinity, metrics: { 'naïve "x" 🙂': 1e300 } });
  const { stdout, stderr } = spawnSync(python!, ['-c', reader, path], { encoding: 'utf8' });
  expect(stdout, stderr).not.toBe('');
  const read = JSON.parse(stdout.replace(/-?\b(?:NaN|Infinity)\b/g, '"$&"')) as Record<string, [number, number | string][]>;
  // What the second run did anew counts, with its values.
  const all = (first: readonly number[], second: readonly number[]) =>
    [...first.slice(0, 2), ...second].map((value, i) => [i + 1, Math.fround(value)]);
  expect(read['loss/train']).toEqual([...all(before.loss, after.loss), [6, '-Infinity']]);
  expect(read['metrics/mae']).toEqual(all(before.metrics['mae']!, after.metrics['mae']!));
  expect(read['lr/1']).toEqual([1, 2, 3, 4, 5].map((step) => [step, 0.5]));
  expect(read['metrics/naïve "x" 🙂']).toEqual([[6, 'Infinity']]);
  expect(Object.keys(read).sort()).toEqual(['epochSeconds', 'loss/train', 'lr/0', 'lr/1', 'metrics/mae', 'metrics/naïve "x" 🙂']);
});
