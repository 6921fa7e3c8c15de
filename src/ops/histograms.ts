// Histograms: the number of elements between neighbouring edges.
import { checkBoolean, checkInteger, checkNumber, describe, rangeError, typeError, withDefaults } from '../errors';
import { recorder } from '../recorder';
import { sameShape, shapeText } from '../shape';
import { checkTensor, Tensor } from '../tensor';
import { linspace } from './sequences';

/** The options of `Tensor.histogram`. */
export interface HistogramOptions {
  /** The first and the last edge, where `bins` is a number; null (default): the smallest and the largest element. */
  range?: readonly [min: number, max: number] | null;
  /** The weight of each element, float32 of the shape of x; null (default): 1. */
  weight?: Tensor | null;
  /** Whether the counts are divided by their sum and by the widths of their bins, so that the area of the histogram is 1 (false). */
  density?: boolean;
}

declare module '../tensor' {
  interface Tensor {
    /**
     * The number of elements in each of `bins` (100) bins of equal width from `min` to `max`, float32 `[bins]`. If `min` and `max` are equal, as the defaults
     * (0) are, the bins reach from the smallest to the largest element. As `torch.histc`.
     *
     * A bin includes its lower edge, the last bin also its upper edge. Elements outside and NaN do not count. x is float32. Its values are read, so this cannot
     * be recorded. A RangeError for a max below min, and for elements that are not finite if they determine the edges.
     *
     * @example
     * tensor([1, 2, 1]).histc({ bins: 4, min: 0, max: 3 }).toArray(); // [0, 2, 1, 0]
     */
    histc(options?: { bins?: number; min?: number; max?: number }): Tensor;
    /**
     * The number of elements in each bin, float32 `[bins]`, and the edges of the bins, `[bins + 1]`. The edges are equally spaced between `min` and `max`, or
     * given as the tensor `bins`. As `torch.histogram`.
     *
     * A bin includes its lower edge, the last bin also its upper edge. Elements outside and NaN do not count. x is float32. Its values are read, so this cannot
     * be recorded. A RangeError for edges that do not ascend and, without `range`, for elements that are not finite.
     *
     * @example
     * const { hist, binEdges } = tensor([1, 2, 1]).histogram(4, { range: [0, 4] });
     * hist.toArray(); // [0, 2, 1, 0]
     * binEdges.toArray(); // [0, 1, 2, 3, 4]
     */
    histogram(bins: number | Tensor, options?: HistogramOptions): { hist: Tensor; binEdges: Tensor };
  }
}

const mostBins = 2 ** 28;

// The smallest and the largest element; if they are equal, or there are none, `around` less and more.
function ends(where: string, x: Float32Array, around: number): [number, number] {
  let [min, max] = x.length === 0 ? [0, 0] : [Infinity, -Infinity];
  for (const value of x) {
    if (!Number.isFinite(value)) throw rangeError(where, `expected finite elements where there is no range, got ${value}`);
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min === max ? [min - around, max + around] : [min, max];
}

// The sums of the weights between neighbouring edges, in double.
function counted(x: Float32Array, edges: Float32Array, weight: Float32Array | null): Float64Array {
  const bins = Math.max(0, edges.length - 1);
  const sums = new Float64Array(bins);
  for (let i = 0; bins > 0 && i < x.length; i++) {
    const value = x[i]!;
    if (!(value >= edges[0]! && value <= edges[bins]!)) continue;
    let bin = 0; // the last bin whose lower edge is not above the value
    for (let end = bins; end - bin > 1; ) {
      const middle = (bin + end) >> 1;
      if (edges[middle]! <= value) bin = middle;
      else end = middle;
    }
    sums[bin]! += weight === null ? 1 : weight[i]!;
  }
  return sums;
}

function checkRange(where: string, min: number, max: number): void {
  for (const [name, value] of Object.entries({ min, max })) checkNumber(where, name, value, -Number.MAX_VALUE, Number.MAX_VALUE);
  if (max < min) throw rangeError(where, `expected max to be min, ${min}, or more, got ${max}`);
}

Tensor.prototype.histc = function (this: Tensor, options) {
  const where = 'Tensor.histc';
  const { bins, min, max } = withDefaults(where, options, { bins: 100, min: 0, max: 0 });
  recorder?.reading(where);
  checkTensor(where, 'x', this, 'float32');
  checkInteger(where, 'bins', bins, 1, mostBins);
  checkRange(where, min, max);
  const given = min === max && this.numel === 0 ? ([min - 1, max + 1] as const) : ([min, max] as const);
  const [from, to] = given[0] === given[1] ? ends(where, this.floats, 1) : given;
  const edges = linspace(from, to, bins + 1).floats;
  return new Tensor(Float32Array.from(counted(this.floats, edges, null)), [bins]);
};

// The edges: a copy of those given, or equally spaced ones.
function edgesOf(where: string, x: Tensor, bins: unknown, range: unknown): Float32Array {
  if (bins instanceof Tensor) {
    checkTensor(where, 'bins', bins, 'float32');
    if (range !== null) throw rangeError(where, 'range is for a number of bins, and bins is a tensor');
    if (bins.shape.length !== 1 || bins.numel === 0) throw rangeError(where, `expected bins [1 or more], got ${shapeText(bins.shape)}`);
    const edges = bins.floats.slice();
    edges.forEach((edge, i) => {
      if (!(edge >= edges[Math.max(0, i - 1)]!)) throw rangeError(where, `expected bins in ascending order, got ${edge} at ${i}`);
    });
    return edges;
  }
  if (range !== null && !(Array.isArray(range) && range.length === 2)) {
    throw typeError(where, `expected range to be [min, max] or null, got ${describe(range)}`);
  }
  const count = checkInteger(where, 'bins', bins, 1, mostBins);
  const [min, max] = range === null ? ends(where, x.floats, 0.5) : (range as [number, number]);
  checkRange(where, min, max);
  return linspace(...(min === max ? ([min - 0.5, max + 0.5] as const) : ([min, max] as const)), count + 1).floats;
}

Tensor.prototype.histogram = function (this: Tensor, bins, options) {
  const where = 'Tensor.histogram';
  const { range, weight, density } = withDefaults<Required<HistogramOptions>>(where, options, {
    range: null,
    weight: null,
    density: false,
  });
  checkBoolean(where, 'density', density);
  recorder?.reading(where);
  checkTensor(where, 'x', this, 'float32');
  if (weight !== null && !sameShape(checkTensor(where, 'weight', weight, 'float32').shape, this.shape)) {
    throw rangeError(where, `expected weight ${shapeText(this.shape)}, got ${shapeText(weight.shape)}`);
  }
  const edges = edgesOf(where, this, bins, range);
  const sums = counted(this.floats, edges, weight?.floats ?? null);
  const total = sums.reduce((a, b) => a + b, 0);
  const hist = density ? sums.map((sum, i) => sum / (total * (edges[i + 1]! - edges[i]!))) : sums;
  return { hist: new Tensor(Float32Array.from(hist), [sums.length]), binEdges: new Tensor(edges, [edges.length]) };
};
