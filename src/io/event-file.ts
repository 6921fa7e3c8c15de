// Event files as TensorBoard reads them: messages of event.proto in the TFRecord format.
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

// The field numbers of event.proto, which never change: wall_time 1, step 2, file_version 3, summary 5, session_log 7.
const event = (step: number): Message => {
  const message = new Message().double(1, now());
  return step === 0 ? message : message.integer(2, step);
};

const versionRecord = (): Buffer => recordOf(event(0).text(3, 'brain.Event:2').finish());

// SessionLog.START: what an earlier run has written about this step and later ones is not shown any more.
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

/** Appends numbers to a new file in `folder`; both are created with the first numbers. */
export class EventFile {
  private path: string | null = null;
  private readonly number = files++; // tells apart the files of this process

  constructor(private readonly folder: string) {}

  /** Writes the numbers of a step. A resumed run sets `isRestart` for its first step. */
  async write(step: number, scalars: Scalars, isRestart: boolean): Promise<void> {
    await loadProtobuf();
    const records = [scalarsRecord(step, scalars)];
    if (this.path === null) records.unshift(...(isRestart ? [versionRecord(), restartRecord(step)] : [versionRecord()]));
    await mkdir(this.folder, { recursive: true });
    // TensorBoard reads the files of a folder in the order of their names: a resumed run's file must come after the earlier one, even within the same second.
    const name = `events.out.tfevents.${now().toFixed(3)}.${hostname()}.${process.pid}.${String(this.number).padStart(8, '0')}`;
    const isFirst = this.path === null;
    const path = this.path ?? join(this.folder, name);
    const file = await open(path, isFirst ? 'ax' : 'a');
    try {
      // Written by one call, so that a concurrent reader finds complete records, or a last one that is cut off, for whose rest it waits.
      await file.appendFile(Buffer.concat(records));
    } finally {
      await file.close();
    }
    this.path = path;
  }
}
