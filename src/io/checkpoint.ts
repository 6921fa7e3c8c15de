// The state of a whole run in one file, from which it continues with the same bits.
import { checkInteger, describe, rangeError, typeError, withDefaults } from '../errors';
import { target } from '../native';
import { getRngState, setRngState } from '../random';
import { Reader, Writer } from './codec';
import { refuseRecording } from './container';
import { readDocument, writeDocument } from './document';
import { type CheckpointPart, type CheckpointParts, type Given, loadParts, noParts, partNames, partsOf } from './parts';
import { pathOf } from './paths';

/** The arguments of `saveCheckpoint`. */
export interface SaveCheckpointOptions extends CheckpointParts {
  /** The number of epochs that are done (0). */
  epoch?: number;
  /** Any other data to save: numbers, texts, lists, plain objects, tensors. */
  extra?: unknown;
}

/** The result of `loadCheckpoint`. */
export interface LoadedCheckpoint {
  /** The number of epochs that were done. */
  epoch: number;
  /** The `extra` that was saved, or undefined. */
  extra: unknown;
}

function checkGiven(where: string, options: unknown): void {
  if (options === null || typeof options !== 'object')
    throw typeError(where, `expected the parts of a checkpoint, got ${describe(options)}`, `${where}(path, { model, optimizer })`);
}

/** Writes a checkpoint; `more` are further fields of its document. */
export async function writeCheckpoint(
  where: string,
  path: string,
  options: SaveCheckpointOptions,
  more: Record<string, unknown>,
): Promise<void> {
  refuseRecording(where);
  checkGiven(where, options);
  const { epoch, extra, ...given } = withDefaults<Given<SaveCheckpointOptions>>(where, options as never, {
    ...noParts,
    epoch: 0,
    extra: undefined,
  });
  const parts = partsOf(where, given);
  if (parts.length === 0) throw typeError(where, `expected something to be saved: ${partNames.join(', ')}`);
  const writer = new Writer(where);
  const states = parts.map(({ name, state }) => [name, writer.json(state(), name)] as const);
  await writeDocument(path, 'checkpoint', writer, {
    epoch: checkInteger(where, 'epoch', epoch),
    random: [...getRngState()],
    ...more,
    parts: states,
    extra: writer.json(extra, 'extra'),
  });
}

/**
 * Writes the state of a run as one file: model, optimizer, scheduler, the loader's position, scalers, metrics, and the state of the random numbers.
 *
 * Everything is saved as it is at the call, in a callback of `train.fit` too. The file is a safetensors file with a checksum; the names of the state dict are
 * prefixed by `model.`. It is written to a temporary file, synced and renamed, so that after a crash the newest complete file is there. Of metrics all fields
 * are saved that are not private by `#`, or the result of `stateDict` if they have it; functions are omitted.
 *
 * A TypeError for a part of the wrong type, if there is no part, and for a value that cannot be saved, with its path; rejects with the system's error if the
 * file cannot be written.
 *
 * @example
 * const model = new nn.Linear(2, 1);
 * const optimizer = new optim.Adam(model.parameters());
 * await io.saveCheckpoint("build/run.safetensors", { model, optimizer, epoch: 3, extra: { best: 0.25 } });
 * const { epoch, extra } = await io.loadCheckpoint("build/run.safetensors", { model, optimizer });
 * [epoch, extra]; // [3, { best: 0.25 }]
 */
export async function saveCheckpoint(path: string | URL, options: SaveCheckpointOptions): Promise<void> {
  const where = 'io.saveCheckpoint';
  await writeCheckpoint(where, pathOf(where, path), options, {});
}

// The state of the random numbers, checked.
function randomOf(fail: (message: string) => never, saved: unknown): Int32Array {
  if (!Array.isArray(saved) || !saved.every((n) => Number.isInteger(n))) return fail('it has no state of the random numbers');
  const state = Int32Array.from(saved as number[]);
  const before = getRngState();
  try {
    setRngState(state);
  } catch {
    return fail('it has no state of the random numbers');
  } finally {
    setRngState(before);
  }
  return state;
}

function warnOfTarget(where: string, path: string, from: unknown): void {
  if (from === target) return;
  process.emitWarning(
    `[${where}] ${path} was written on ${from}, here runs ${target}: the run goes on with other bits than it would have there. SIMDNN_TARGET chooses.`,
    { code: 'SIMDNN_OTHER_TARGET' },
  );
}

/** Reads a checkpoint and checks it. Calling the function that it returns checks it against the parts as they are then, and loads it into them at once. */
export async function openCheckpoint(path: string | URL, options: CheckpointParts): Promise<() => LoadedCheckpoint> {
  const where = 'io.loadCheckpoint';
  const file = pathOf(where, path);
  checkGiven(where, options);
  const parts = partsOf(where, withDefaults<Given<CheckpointParts>>(where, options as never, noParts));
  const { document, tensors, fail } = await readDocument(where, file, 'checkpoint');
  return () => {
    refuseRecording(where);
    const reader = new Reader(tensors, fail);
    const states = document['parts'];
    if (!Array.isArray(states) || !states.every((pair: unknown) => Array.isArray(pair) && pair.length === 2))
      return fail('it has no parts');
    const known = new Map(states as [string, unknown][]);
    const saved = parts.map((part): [CheckpointPart, unknown] => {
      if (!known.has(part.name)) throw rangeError(where, `${file} has no ${part.name}`, `it has ${[...known.keys()].join(', ')}`);
      return [part, reader.value(known.get(part.name))];
    });
    const { epoch } = document;
    if (!Number.isSafeInteger(epoch) || (epoch as number) < 0) return fail('it has no number of epochs');
    const extra = reader.value(document['extra']);
    const random = randomOf(fail, document['random']);
    loadParts(where, saved);
    setRngState(random);
    warnOfTarget(where, file, document.target);
    return { epoch: epoch as number, extra };
  };
}

/**
 * Loads a checkpoint into the given parts and sets the state of the random numbers: a resumed run has the same bits as one that was not interrupted.
 *
 * Other parts in the file are ignored. Everything is checked first, so an error leaves all parts unchanged. It warns if the file was written on another
 * instruction set, whose sums are rounded in another order.
 *
 * A RangeError for a file that is incomplete or not a checkpoint, for a part that it does not have, and for a state that does not fit; a SimdnnError
 * `"SIMDNN_IN_USE"` for a model that a fit is training.
 *
 * @example
 * const model = new nn.Linear(2, 1);
 * await io.saveCheckpoint("build/model.safetensors", { model, epoch: 1 });
 * const other = new nn.Linear(2, 1);
 * await io.loadCheckpoint("build/model.safetensors", { model: other });
 * other.weight.toArray()[0][0] === model.weight.toArray()[0][0]; // true
 */
export async function loadCheckpoint(path: string | URL, options: CheckpointParts): Promise<LoadedCheckpoint> {
  return (await openCheckpoint(path, options))();
}
