// Pieces of the memory of which a session has copies.
import { overlap, type TensorData } from '../memory';

/** The pieces that contain written memory, with null in place of the others. */
export const holding = (pieces: readonly Float32Array[], written: readonly { readonly array: TensorData }[]): (Float32Array | null)[] => {
  const buffers = new Map<ArrayBufferLike, TensorData[]>();
  for (const { array } of written) {
    const known = buffers.get(array.buffer);
    if (known === undefined) buffers.set(array.buffer, [array]);
    else known.push(array);
  }
  return pieces.map((piece) => (buffers.get(piece.buffer)?.some((array) => overlap(array, piece)) ? piece : null));
};
