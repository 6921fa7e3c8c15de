// Enlargement of images by whole factors: an output pixel is the nearest input pixel, and the gradient of a pixel is the sum of those of its copies.
import * as calls from '../calls.generated';
import { layoutOf, numelOf, stridesOf } from '../shape';
import { giveBack, pooled } from './pool';
import { define } from './registry';
import { floatsOf } from './storage';

type Attributes = Record<string, unknown>;

// The factor if each of the `from` places is the nearest one of as many output places in turn, by the rule of the cpu backend; otherwise null.
function factorOf(from: number, to: number, { alignCorners, halfPixelCenters }: Attributes): number | null {
  const factor = to / from;
  if (!Number.isInteger(factor) || factor === 0 || (alignCorners === true && factor > 1)) return null;
  const shift = halfPixelCenters === true ? 0.5 : 0;
  for (let i = 0; i < to; i++) if (Math.floor((from / to) * (i + shift)) !== Math.floor(i / factor)) return null;
  return factor;
}

// The copies of the pixels, [batch, row, column, copies of a row, copies of a column, channel], with their strides in the large image; null where a factor is.
function copiesOf(small: readonly number[], [height, width]: readonly number[], attributes: Attributes) {
  const [batch, rows, columns, channels] = small as [number, number, number, number];
  const byRow = factorOf(rows, height!, attributes);
  const byColumn = factorOf(columns, width!, attributes);
  if (byRow === null || byColumn === null || numelOf(small) === 0) return null;
  const large = [batch, height!, width!, channels];
  const [image, row, column] = stridesOf(large) as [number, number, number];
  return {
    large,
    shape: [batch, rows, columns, byRow, byColumn, channels],
    strides: [image, byRow * row, byColumn * column, row, column, 1],
  };
}

/** Defines the kernels of enlargement to the nearest pixel. */
export function defineUpsampling(): void {
  define('ResizeNearestNeighbor', (backend, { images }, attributes) => {
    const x = floatsOf(backend, images!);
    const copies = copiesOf(images!.shape, attributes['size'] as number[], attributes);
    if (x === null || copies === null) return null;
    const { large, shape, strides } = copies;
    const [image, row, column] = stridesOf(images!.shape) as [number, number, number];
    const out = pooled(numelOf(large));
    calls.copyStrided({ out, x, layout: layoutOf('tfjs', shape, { strides }, { strides: [image, row, column, 0, 0, 1] }) });
    return backend.info(out, large, 'float32');
  });
  define('ResizeNearestNeighborGrad', (backend, { images, dy }, attributes) => {
    const gradient = floatsOf(backend, dy!);
    const copies = copiesOf(images!.shape, dy!.shape.slice(1, 3), attributes);
    if (gradient === null || copies === null || numelOf(copies.large) !== gradient.length) return null;
    const { shape, strides } = copies;
    const grouped = pooled(gradient.length);
    calls.copyStrided({ out: grouped, x: gradient, layout: layoutOf('tfjs', shape, { strides: stridesOf(shape) }, { strides }) });
    const out = pooled(numelOf(images!.shape));
    const [batch, rows, columns, byRow, byColumn, inner] = shape as [number, number, number, number, number, number];
    calls.sum({ out, x: grouped, outer: batch * rows * columns, n: byRow * byColumn, inner, scale: 1 });
    giveBack(grouped);
    return backend.info(out, images!.shape, 'float32');
  });
}
