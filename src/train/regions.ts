// Regions of memory of which a session has copies.
import { overlap, type TensorData } from '../memory';

/** The regions that overlap written memory, with null in place of the others. */
export const overlappingRegions = (
  regions: readonly Float32Array[],
  written: readonly { readonly array: TensorData }[],
): (Float32Array | null)[] => {
  const buffers = new Map<ArrayBufferLike, TensorData[]>();
  for (const { array } of written) {
    const known = buffers.get(array.buffer);
    if (known === undefined) buffers.set(array.buffer, [array]);
    else known.push(array);
  }
  return regions.map((region) => (buffers.get(region.buffer)?.some((array) => overlap(array, region)) ? region : null));
};
