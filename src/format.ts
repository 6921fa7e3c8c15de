// Tensors as text, in PyTorch's layout: columns aligned, more than 1000 elements shortened to three at each edge.
import type { DType, TensorData } from './memory';
import { numelOf, shapeText } from './shape';

const threshold = 1000;
const edge = 3;
const precision = 4;

type Formatter = (value: number) => string;

function special(value: number): string {
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

function scientific(value: number): string {
  const [mantissa, exponent] = value.toExponential(precision).split('e') as [string, string];
  const sign = exponent.startsWith('-') ? '-' : '+';
  return `${mantissa}e${sign}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`;
}

// One format for all shown elements: integers with a point, fixed with four digits, or scientific when the range is wide.
function formatterFor(shown: number[], dtype: DType): Formatter {
  let plain: Formatter;
  if (dtype === 'int32') {
    plain = String;
  } else {
    const finite = shown.filter(Number.isFinite);
    const sizes = finite.filter((v) => v !== 0).map(Math.abs);
    const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
    const wide = sizes.length > 0 && (high / low > 1000 || high > 1e8);
    if (finite.every(Number.isInteger)) plain = sizes.length > 0 && high > 1e8 ? scientific : (v) => `${v}.`;
    else plain = wide || low < 1e-4 ? scientific : (v) => v.toFixed(precision);
  }
  const text: Formatter = (v) => (Number.isFinite(v) ? (Object.is(v, -0) ? `-${plain(0)}` : plain(v)) : special(v));
  const width = Math.max(0, ...shown.map((v) => text(v).length));
  return (v) => text(v).padStart(width);
}

export function formatTensor(
  values: TensorData,
  shape: readonly number[],
  dtype: DType,
  madeBy: string | null,
  requiresGrad: boolean,
): string {
  const shorten = numelOf(shape) > threshold;
  const indices = (size: number): number[] => {
    const all = Array.from({ length: size }, (_, i) => i);
    return shorten && size > 2 * edge ? [...all.slice(0, edge), -1, ...all.slice(size - edge)] : all;
  };
  const shown: number[] = [];
  const visit = (dim: number, offset: number, stride: number, leaf: (value: number) => void): void => {
    if (dim === shape.length) {
      leaf(values[offset]!);
      return;
    }
    const inner = stride / shape[dim]!;
    for (const i of indices(shape[dim]!)) if (i >= 0) visit(dim + 1, offset + i * inner, inner, leaf);
  };
  if (values.length > 0) visit(0, 0, values.length, (v) => shown.push(v));
  const format = formatterFor(shown, dtype);

  const lines = (dim: number, offset: number, stride: number, indent: number): string => {
    if (dim === shape.length) return format(values[offset]!);
    const size = shape[dim]!;
    if (size === 0) return '[]';
    const inner = stride / size;
    const parts = indices(size).map((i) => (i < 0 ? '...' : lines(dim + 1, offset + i * inner, inner, indent + 1)));
    const depth = shape.length - dim;
    if (depth > 1) return `[${parts.join(`,${'\n'.repeat(depth - 1)}${' '.repeat(indent + 1)}`)}]`;
    const perLine = Math.max(1, Math.floor((80 - indent) / (Math.max(...parts.map((p) => p.length)) + 2)));
    const rows: string[] = [];
    for (let i = 0; i < parts.length; i += perLine) rows.push(parts.slice(i, i + perLine).join(', '));
    return `[${rows.join(`,\n${' '.repeat(indent + 1)}`)}]`;
  };

  const body = values.length === 0 ? '[]' : lines(0, 0, values.length, 'tensor('.length);
  const notes: string[] = [];
  if (values.length === 0 && shape.length !== 1) notes.push(`size=${shapeText(shape)}`);
  if (dtype === 'int32') notes.push('dtype=int32');
  if (madeBy !== null) notes.push(`gradFn=<${madeBy}>`);
  else if (requiresGrad) notes.push('requiresGrad=true');
  return `tensor(${[body, ...notes].join(', ')})`;
}
