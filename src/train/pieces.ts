// The memory that a session copies, piece by piece.
import { overlap, type TensorData } from '../memory';

/** The pieces that hold some of what is written, null for the others. */
export const holding = (pieces: readonly Float32Array[], written: readonly { readonly array: TensorData }[]): (Float32Array | null)[] => {
  const buffers = new Map<ArrayBufferLike, TensorData[]>();
  for (const { array } of written) {
    const known = buffers.get(array.buffer);
    if (known === undefined) buffers.set(array.buffer, [array]);
    else known.push(array);
  }
  return pieces.map((piece) => (buffers.get(piece.buffer)?.some((array) => overlap(array, piece)) ? piece : null));
};
