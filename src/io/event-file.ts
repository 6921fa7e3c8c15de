// Files of events as TensorBoard reads them: TFRecord around messages of event.proto.
import { mkdir, open } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { maskedCrc32c } from './crc32c';
import { loadProtobuf, Message } from './protobuf';

/** Numbers by their tags. */
export type Scalars = readonly (readonly [string, number])[];

function recordOf(data: Uint8Array): Buffer {
  const record = Buffer.alloc(12 + data.length + 4);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc32c(data), 12 + data.length);
  return record;
}

const now = (): number => Date.now() / 1000;

// The fields of event.proto: wall_time 1, step 2, file_version 3, summary 5, session_log 7; those never change.
const event = (step: number): Message => {
  const message = new Message().double(1, now());
  return step === 0 ? message : message.integer(2, step);
};

const versionRecord = (): Buffer => recordOf(event(0).text(3, 'brain.Event:2').finish());

// SessionLog.START: what an earlier run has written of this step and later ones counts no more.
const restartRecord = (step: number): Buffer =>
  recordOf(
    event(step)
      .message(7, (log) => log.integer(1, 1))
      .finish(),
  );

const scalarsRecord = (step: number, scalars: Scalars): Buffer =>
  recordOf(
    event(step)
      .message(5, (summary) => {
        for (const [tag, value] of scalars) summary.message(1, (inner) => inner.text(1, tag).float(2, Math.fround(value)));
      })
      .finish(),
  );

let files = 0;

/** Appends numbers to a file of its own in `folder`, which is made with the first. */
export class EventFile {
  private path: string | null = null;
  private readonly number = files++; // of the callbacks of one process

  constructor(private readonly folder: string) {}

  /** Writes the numbers of a step. A run that goes on from a step says so first, with `isRestart`. */
  async write(step: number, scalars: Scalars, isRestart: boolean): Promise<void> {
    await loadProtobuf();
    const records = [scalarsRecord(step, scalars)];
    if (this.path === null) records.unshift(...(isRestart ? [versionRecord(), restartRecord(step)] : [versionRecord()]));
    await mkdir(this.folder, { recursive: true });
    // TensorBoard takes the files of a folder in the order of their names: a run that goes on comes behind the one before, within a second too.
    const name = `events.out.tfevents.${now().toFixed(3)}.${hostname()}.${process.pid}.${String(this.number).padStart(8, '0')}`;
    const isFirst = this.path === null;
    const path = this.path ?? join(this.folder, name);
    const file = await open(path, isFirst ? 'ax' : 'a');
    try {
      // In one piece: a reader that comes meanwhile finds whole records, or the last one cut off, which it waits for.
      await file.appendFile(Buffer.concat(records));
    } finally {
      await file.close();
    }
    this.path = path;
  }
}
