// Tensors by name in the safetensors format, which PyTorch programs use too.
import { describe, rangeError, typeError, withDefaults } from '../errors';
import { Tensor } from '../tensor';
import { checkText, packed, refuseRecording, storedOf } from './container';
import { pathOf } from './paths';
import { reading, tensorOf } from './read';
import { writeWhole } from './write';

/** The options of `saveSafetensors`. */
export interface SaveSafetensorsOptions {
  /** Texts by name, saved with the tensors; none by default. */
  metadata?: Readonly<Record<string, string>>;
}

/** The options of `loadSafetensors`. */
export interface LoadSafetensorsOptions {
  /** The names of the tensors to read, and nothing else of the file; all by default. */
  names?: readonly string[];
}

/** The content of a file. */
export interface Safetensors {
  /** The tensors by name, in the order of the file or of `names`. */
  tensors: Record<string, Tensor>;
  /** The texts that were saved with them. */
  metadata: Record<string, string>;
}

function metadataOf(where: string, metadata: unknown): Map<string, string> {
  if (metadata === undefined) return new Map();
  if (metadata === null || typeof metadata !== 'object' || Array.isArray(metadata)) {
    throw typeError(where, `expected metadata to be an object of texts, got ${describe(metadata)}`);
  }
  return new Map(
    Object.entries(metadata).map(([name, text]) => [
      checkText(where, 'a name of the metadata', name),
      checkText(where, `metadata ${describe(name)}`, text),
    ]),
  );
}

/**
 * Writes tensors by name as a safetensors file, which PyTorch reads: `safetensors.torch.save_file`.
 *
 * `dict` is a state dict or any other object of tensors. float32 is written as F32, int32 as I32, or as I64 if the name ends in `num_batches_tracked`, as in PyTorch.
 * The values are those at the call. The file is written to a temporary file, synced and renamed: a reader, also after a crash, finds the old file or the
 * complete new one.
 *
 * A TypeError for a value that is not a tensor and for metadata that is not text, a RangeError for the name `__metadata__`; rejects with the system's error if
 * the file cannot be written.
 *
 * @example
 * const model = new nn.Linear(2, 1);
 * await io.saveSafetensors("build/linear.safetensors", model.stateDict(), { metadata: { epochs: "5" } });
 * const { tensors, metadata } = await io.loadSafetensors("build/linear.safetensors");
 * tensors.weight.shape; // [1, 2]
 * metadata; // { epochs: "5" }
 */
export async function saveSafetensors(
  path: string | URL,
  dict: Readonly<Record<string, Tensor>>,
  options?: SaveSafetensorsOptions,
): Promise<void> {
  const where = 'io.saveSafetensors';
  refuseRecording(where);
  const file = pathOf(where, path);
  const { metadata } = withDefaults<{ metadata: SaveSafetensorsOptions['metadata'] | undefined }>(where, options, { metadata: undefined });
  if (dict === null || typeof dict !== 'object' || Array.isArray(dict)) {
    throw typeError(where, `expected an object of tensors by name, got ${describe(dict)}`, 'model.stateDict() makes one');
  }
  const texts = metadataOf(where, metadata);
  const stored = Object.entries(dict).map(([name, tensor]) => {
    if (checkText(where, 'a name', name) === '__metadata__') throw rangeError(where, 'a tensor cannot be called "__metadata__"');
    if (name.endsWith('_extra_state') && !(tensor instanceof Tensor)) {
      throw typeError(
        where,
        `${describe(name)} is what a module keeps beside tensors, and such a file holds tensors alone`,
        'saveCheckpoint keeps it too, or put it into metadata as text',
      );
    }
    return storedOf(where, name, tensor);
  });
  await writeWhole(file, packed(where, stored, texts));
}

/**
 * Reads tensors by name from a safetensors file of any program: `safetensors.torch.load_file`.
 *
 * F32, F16 and BF16 become float32 exactly, F64 is rounded to it. I32, I16, I8, U16, U8 and BOOL (0 and 1) become int32, and so do I64, U64 and U32 if
 * all values fit. With `names` only these tensors are read, in their order. The header is checked before anything else is read or allocated.
 *
 * A RangeError for a file that is incomplete or not a safetensors file, for a missing name, and, with the tensor's name, for another element type or an integer
 * beyond int32; the system's error if the file cannot be read.
 *
 * @example
 * await io.saveSafetensors("build/two.safetensors", { a: ones([2]), b: zeros([1000]) });
 * const { tensors } = await io.loadSafetensors("build/two.safetensors", { names: ["a"] });
 * Object.keys(tensors); // ["a"]
 */
export async function loadSafetensors(path: string | URL, options?: LoadSafetensorsOptions): Promise<Safetensors> {
  const where = 'io.loadSafetensors';
  const file = pathOf(where, path);
  const { names } = withDefaults<{ names: readonly string[] | undefined }>(where, options, { names: undefined });
  if (names !== undefined && !(Array.isArray(names) && names.every((name) => typeof name === 'string'))) {
    throw typeError(where, `expected names to be a list of names, got ${describe(names)}`);
  }
  return reading(where, file, async (from) => {
    const missing = names?.filter((name) => !from.entries.has(name)) ?? [];
    if (missing.length > 0) {
      const has = [...from.entries.keys()].slice(0, 20).map((name) => JSON.stringify(name));
      throw rangeError(
        where,
        `${file} has no tensor ${missing.map(describe).join(', ')}`,
        `it has ${has.join(', ')}${from.entries.size > 20 ? ', ...' : ''}`,
      );
    }
    const tensors: [string, Tensor][] = [];
    for (const name of new Set(names ?? from.entries.keys())) tensors.push([name, await tensorOf(from, from.entries.get(name)!)]);
    return { tensors: Object.fromEntries(tensors), metadata: Object.fromEntries(from.metadata) };
  });
}
