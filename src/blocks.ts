// Allocates the memory of parameters. Parameters that are made one after the other are neighbours in a block, each on a 64-byte boundary with zeros up
// to the next. Their gradients lie in a second block at the same offsets. An optimizer can therefore step a whole network as if it were one
// parameter.
import { allocatePersistent } from './memory';

const alignment = 16; // elements: a cache line, and the widest vector
const blockLength = 65536; // 256 KiB; pages that no parameter uses cost no memory

const padded = (n: number): number => Math.ceil(n / alignment) * alignment;

/** A block of memory, with a map of its pieces by the offset, in elements, at which they begin. */
interface Block {
  readonly memory: Float32Array;
  readonly pieces: Map<number, number>;
  /** The gradients; null until the first is wanted. */
  twin: Block | null;
  next: number;
}

const blocks = new WeakMap<ArrayBufferLike, Block>();

function makeBlock(length: number): Block {
  const block: Block = { memory: allocatePersistent(length), pieces: new Map(), twin: null, next: 0 };
  blocks.set(block.memory.buffer, block);
  return block;
}

const positionOf = (block: Block, piece: Float32Array): number => (piece.byteOffset - block.memory.byteOffset) / 4;

const isPiece = (block: Block, array: Float32Array): boolean => block.pieces.get(positionOf(block, array)) === array.length;

let current: Block | null = null;

// Whether the buffer was transferred: to another thread, or by `ArrayBuffer.prototype.transfer`.
const isLost = ({ memory }: Block): boolean => memory.length === 0;

function blockWithRoom(length: number): Block {
  if (length > blockLength) return makeBlock(length);
  if (current === null || isLost(current) || current.next + length > blockLength) current = makeBlock(blockLength);
  return current;
}

/** Fresh zeroed memory for the `n` values of a parameter, right behind the last one's where there is room. */
export function allocateParameter(n: number): Float32Array {
  const length = padded(n);
  const block = blockWithRoom(length);
  const position = block.next;
  if (n > 0) block.pieces.set(position, n);
  block.next += length;
  return block.memory.subarray(position, position + n);
}

/**
 * The place of a parameter's gradient in the twin block; null when `values` are not the whole of a parameter's memory,
 * and when the place was given out before: two tensors on one memory must not share a gradient.
 */
export function claimGradient(values: Float32Array): Float32Array | null {
  const block = blocks.get(values.buffer);
  if (block === undefined || !isPiece(block, values)) return null;
  if (block.twin === null || isLost(block.twin)) block.twin = makeBlock(block.memory.length);
  const position = positionOf(block, values);
  if (block.twin.pieces.has(position)) return null;
  block.twin.pieces.set(position, values.length);
  return block.twin.memory.subarray(position, position + values.length);
}

/** Whether `b` lies right behind `a` in a block, with nothing of anyone's between them. */
export function follows(a: Float32Array, b: Float32Array): boolean {
  const block = blocks.get(a.buffer);
  if (block === undefined || a.buffer !== b.buffer) return false;
  return isPiece(block, a) && isPiece(block, b) && positionOf(block, b) === positionOf(block, a) + padded(a.length);
}
