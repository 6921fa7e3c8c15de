// Enlargement of images by whole factors: an output pixel is the nearest input pixel, and the gradient of a pixel is the sum of those of its copies.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as calls from '../calls.generated';
import { layoutOf, numelOf, stridesOf } from '../shape';
import { giveBack, pooled } from './pool';
import { define } from './registry';
import { type Backend, floatsOf, runFallback } from './storage';

type Attributes = Record<string, unknown>;

// The input place that each of `to` output places is nearest to, by the rule of the cpu backend.
function nearestPlaces(from: number, to: number, { alignCorners, halfPixelCenters }: Attributes): number[] {
  const betweenCorners = alignCorners === true && to > 1;
  const ratio = betweenCorners ? (from - 1) / (to - 1) : from / to;
  const [round, shift] = [alignCorners === true ? Math.round : Math.floor, halfPixelCenters === true ? 0.5 : 0];
  return Array.from({ length: to }, (_, i) => Math.max(0, Math.min(from - 1, round(ratio * (i + shift)))));
}

// The factor if each of the `from` places is the nearest one of as many output places in turn; otherwise null.
function factorOf(from: number, to: number, attributes: Attributes): number | null {
  const factor = to / from;
  if (!Number.isInteger(factor) || factor === 0) return null;
  return nearestPlaces(from, to, attributes).every((place, i) => place === Math.floor(i / factor)) ? factor : null;
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

// The gradient for other sizes, in JavaScript. That of the cpu backend is right for the first image of a batch only, and not for `halfPixelCenters`.
function gradientByPlaces(backend: Backend, images: TensorInfo, dy: TensorInfo, attributes: Attributes): TensorInfo {
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const [rows, columns] = [nearestPlaces(height, dy.shape[1]!, attributes), nearestPlaces(width, dy.shape[2]!, attributes)];
  const gradient = backend.storageOf(dy.dataId).values as Float32Array;
  const sums = new Float64Array(numelOf(images.shape));
  let at = 0;
  for (let b = 0; b < batch; b++)
    for (const row of rows)
      for (const column of columns) {
        const to = ((b * height + row) * width + column) * channels;
        for (let c = 0; c < channels; c++) sums[to + c]! += gradient[at++]!;
      }
  return backend.info(Float32Array.from(sums), images.shape, 'float32');
}

const gradientName = 'ResizeNearestNeighborGrad';

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
  define(gradientName, (backend, { images, dy }, attributes) => {
    const gradient = floatsOf(backend, dy!);
    const copies = copiesOf(images!.shape, dy!.shape.slice(1, 3), attributes);
    if (gradient === null || numelOf(images!.shape) === 0) return null;
    if (copies === null) return runFallback(gradientName, () => gradientByPlaces(backend, images!, dy!, attributes));
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
