// Tensors as text, in PyTorch's layout: columns aligned, more than 1000 elements shortened to three at each edge.
import type { DType, TensorData } from './memory';
import { numelOf, shapeText } from './shape';

const threshold = 1000;
const edge = 3;
const precision = 4;
const lineWidth = 80;

interface Formatter {
  text(value: number): string;
  /** The width of a column, for which NaN and infinities do not count. */
  width: number;
}

const special = (value: number): string => (Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf');

// Rounds as C does: an exact half goes to the even digit. toFixed and toExponential round it away from zero.
function evenHalf(rounded: string, exact: string): string {
  const half = /^(\d+\.\d{3}[02468])50*(e.*)?$/.exec(exact);
  return half ? half[1] + (half[2] ?? '') : rounded;
}

const fixed = (value: number): string => evenHalf(value.toFixed(precision), value.toFixed(100));

function scientific(value: number): string {
  const [mantissa, exponent] = evenHalf(value.toExponential(precision), value.toExponential(100)).split('e') as [string, string];
  return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

const whole = (value: number): string => `${value}.`;

// How magnitudes are written: as integers with a point, with four digits behind the point, or with powers of ten where fixed digits would hide some.
function notation(sizes: readonly number[]): (size: number) => string {
  const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
  const wide = sizes.length > 0 && (high / low > 1000 || high > 1e8);
  if (sizes.every(Number.isInteger)) return wide ? scientific : whole;
  return wide || low < 1e-4 ? scientific : fixed;
}

function formatterFor(shown: readonly number[], dtype: DType): Formatter {
  if (dtype === 'int32') {
    const width = Math.max(1, ...shown.map((v) => String(v).length));
    return { width, text: (v) => String(v).padStart(width) };
  }
  const counting = shown.filter((v) => Number.isFinite(v) && v !== 0);
  const write = notation(counting.map(Math.abs));
  const signed = (v: number): string => (v < 0 || Object.is(v, -0) ? `-${write(-v)}` : write(v));
  const width = Math.max(1, ...counting.map((v) => signed(v).length));
  return { width, text: (v) => (Number.isFinite(v) ? signed(v) : special(v)).padStart(width) };
}

// The indices of one dimension that are shown; null stands for those left out.
function shownIndices(size: number, shorten: boolean): (number | null)[] {
  const all = Array.from({ length: size }, (_, i) => i);
  return shorten && size > 2 * edge ? [...all.slice(0, edge), null, ...all.slice(size - edge)] : all;
}

function shownElements(values: TensorData, shape: readonly number[], shorten: boolean): number[] {
  let offsets = [0];
  let inner = values.length;
  for (const size of shape) {
    inner /= size;
    const indices = shownIndices(size, shorten).filter((i) => i !== null);
    const stride = inner;
    offsets = offsets.flatMap((offset) => indices.map((i) => offset + i * stride));
  }
  return offsets.map((offset) => values[offset]!);
}

// Notes follow the numbers, on a new line where the last one has no room.
function withNotes(start: string, notes: readonly string[], indent: number): string {
  let text = start;
  let column = start.length - start.lastIndexOf('\n') + 1;
  for (const note of notes) {
    if (column + note.length + 2 > lineWidth) {
      text += `,\n${' '.repeat(indent)}${note}`;
      column = indent + note.length;
    } else {
      text += `, ${note}`;
      column += note.length + 2;
    }
  }
  return `${text})`;
}

export function formatTensor(
  values: TensorData,
  shape: readonly number[],
  dtype: DType,
  madeBy: string | null,
  requiresGrad: boolean,
): string {
  const prefix = 'tensor(';
  const shorten = numelOf(shape) > threshold;
  const format = formatterFor(values.length > 0 ? shownElements(values, shape, shorten) : [], dtype);

  const lines = (dim: number, offset: number, stride: number, indent: number): string => {
    if (dim === shape.length) return format.text(values[offset]!);
    const size = shape[dim]!;
    const inner = stride / size;
    const indices = shownIndices(size, shorten);
    const below = shape.length - dim - 1;
    if (below > 0) {
      const parts = indices.map((i) => (i === null ? '...' : lines(dim + 1, offset + i * inner, inner, indent + 1)));
      return `[${parts.join(`,${'\n'.repeat(below)}${' '.repeat(indent + 1)}`)}]`;
    }
    const parts = indices.map((i) => (i === null ? ' ...' : format.text(values[offset + i]!)));
    const perLine = Math.max(1, Math.floor((lineWidth - indent) / (format.width + 2)));
    const rows = Array.from({ length: Math.ceil(parts.length / perLine) }, (_, r) =>
      parts.slice(r * perLine, (r + 1) * perLine).join(', '),
    );
    return `[${rows.join(`,\n${' '.repeat(indent + 1)}`)}]`;
  };

  const body = values.length === 0 ? '[]' : lines(0, 0, values.length, prefix.length);
  const notes: string[] = [];
  if (values.length === 0 && shape.length !== 1) notes.push(`size=(${shape.join(', ')})`);
  if (dtype === 'int32') notes.push('dtype=int32');
  if (madeBy !== null) notes.push(`gradFn=<${madeBy}>`);
  else if (requiresGrad) notes.push('requiresGrad=true');
  return withNotes(prefix + body, notes, prefix.length);
}

/** The text that replaces the numbers of a tensor whose memory was transferred. */
export const formatLost = (shape: readonly number[]): string =>
  `tensor(detached: its buffer was transferred elsewhere, size=${shapeText(shape)})`;
