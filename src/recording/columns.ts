// Small layers keep the batch along the lanes: they hand on their results, and their gradients, as columns of the batch.
import { padded } from '../kernels.generated';
import {
  type Argument,
  argumentsFor,
  Base,
  isTemporary,
  isValue,
  meets,
  same,
  type TracedCall,
  usesIn,
  type Value,
  valuesOf,
  whole,
} from './calls';

// By `kernels_bench 1 columns backward_columns` on AVX-512 and AVX2 columns take 1 to 0.5 of the time within these bounds, gradients 1.06 to 0.69;
// with fewer rows the vectors are half empty, with more the weights need not be repacked often.
const leastRows = 16;
const mostRows = 64;
const mostWeights = 4096;
// Without gradients nobody reads the rows of hidden layers, and a chain of narrow ones, which in rows leave lanes empty, wins longer: the lecture's
// network takes 0.58 of the time at 96 rows, 0.64 at 256 and 0.67 at 512 (AVX2, a Zen 3; with SSE4 0.75 to 0.82), 13-30-5 takes 0.61. One such
// layer alone is transposed twice: 0.6 to 1.09. Layers 64 wide take 0.99 at 96 rows and 1.10 at 256, 100 wide up to 1.6.
const mostRowsNarrow = 512;
const mostWidthNarrow = 32;

interface Sizes {
  rows: number;
  in: number;
  out: number;
}

const sizesOf = ({ args }: TracedCall): Sizes => args as unknown as Sizes;

/** What a layer, or the gradient of one, hands on: y, or dx. */
const resultOf = ({ kernel, args }: TracedCall): Argument => (kernel === 'linearForward' ? args.y! : args.dx!);

/** The columns of that. */
const widthOf = (call: TracedCall): number => (call.kernel === 'linearForward' ? sizesOf(call).out : sizesOf(call).in);

// Of one column the sums are in another order, which the columns' kernels only follow.
function isSmall(call: TracedCall): boolean {
  const { rows, in: in_, out } = sizesOf(call);
  return in_ > 1 && out > 1 && rows >= leastRows && rows <= mostRows && in_ * out <= mostWeights;
}

function isNarrow(call: TracedCall): boolean {
  const { rows, in: in_, out } = sizesOf(call);
  const fits = (width: number): boolean => width > 1 && width <= mostWidthNarrow;
  return fits(in_) && fits(out) && out % 16 !== 0 && rows >= leastRows && rows <= mostRowsNarrow;
}

/** Which layers of these calls may hand on columns. */
function smallForwardIn(calls: readonly TracedCall[]): (call: TracedCall) => boolean {
  const infers = calls.every(({ kernel }) => kernel !== 'linearBackward');
  return (call) => call.kernel === 'linearForward' && (isSmall(call) || (infers && isNarrow(call)));
}

// Whose dx is written, not added to, and in rows would leave lanes empty.
const isSmallBackward = (call: TracedCall): boolean =>
  call.kernel === 'linearBackward' && isSmall(call) && widthOf(call) % 16 !== 0 && !call.args.accumulateDx;

const derives = ({ args }: TracedCall): boolean => args.dx !== null && args.activation !== 'none';

/** From a small layer to the one that hands on to it. */
interface Chains {
  /** For a layer: the one whose result is its x. */
  x: Map<TracedCall, TracedCall>;
  /** For the gradient of a layer: the one whose dx is its dy. */
  dy: Map<TracedCall, TracedCall>;
  /** For the gradient of a layer: the layer, not the gradient, whose result is its x. */
  values: Map<TracedCall, TracedCall>;
}

// An array is handed on in the shape in which it was made, as long as only small layers read it.
function chainsOf(calls: readonly TracedCall[], isSmallForward: (call: TracedCall) => boolean): Chains {
  const chains: Chains = { x: new Map(), dy: new Map(), values: new Map() };
  let makers: { made: Value; maker: TracedCall }[] = [];
  for (const call of calls) {
    const forward = isSmallForward(call);
    const small = forward || isSmallBackward(call);
    if (!small && makers.length === 0) continue;
    const arrays = valuesOf(call);
    // Not a layer whose weight is its x, or a part of it: it would read the rows as well.
    const alone = (value: Argument | undefined): value is Value =>
      isValue(value) && arrays.every((other) => other === value || !meets(other, value));
    const reads = small ? [call.args.x, forward ? null : call.args.dy].filter(alone) : [];
    if (small) {
      const { in: in_, out } = sizesOf(call);
      const join = (chain: Map<TracedCall, TracedCall>, read: Argument | undefined, kernel: TracedCall['kernel'], width: number): void => {
        const found = reads.includes(read as Value) ? makers.find(({ made }) => same(made, read)) : undefined;
        if (found?.maker.kernel === kernel && widthOf(found.maker) === width) chain.set(call, found.maker); // and so of as many rows
      };
      join(forward ? chains.x : chains.values, call.args.x, 'linearForward', in_);
      if (!forward) join(chains.dy, call.args.dy, 'linearBackward', out);
    }
    const isReadAsRows = ({ made }: { made: Value }): boolean => arrays.some((value) => meets(value, made) && !reads.includes(value));
    if (makers.some(isReadAsRows)) makers = makers.filter((maker) => !isReadAsRows(maker));
    const made = small ? resultOf(call) : null;
    if (isValue(made)) makers.push({ made, maker: call });
  }
  return chains;
}

/** Lets small layers hand on columns, and nothing else where nobody reads the rows. */
export function withColumns(calls: readonly TracedCall[]): TracedCall[] {
  const isSmallForward = smallForwardIn(calls);
  if (!calls.some((call) => isSmallForward(call) || isSmallBackward(call))) return [...calls];
  const chains = chainsOf(calls, isSmallForward);
  const columns = new Map<TracedCall | undefined, Value>();
  const columnsOf = (call: TracedCall | undefined): Value | null => columns.get(call) ?? null;
  const handOn = (maker: TracedCall): void => {
    if (columns.has(maker)) return;
    columns.set(maker, whole(new Base(new Float32Array(padded(widthOf(maker)) * padded(sizesOf(maker).rows)), 'temporary')));
  };
  for (const maker of chains.x.values()) handOn(maker);
  // A derivative reads values as columns where they are handed on as such anyway.
  const xColumnsOf = (call: TracedCall): Value | null => columnsOf(chains.values.get(call));
  const fits = (call: TracedCall): boolean => !derives(call) || xColumnsOf(call) !== null;
  for (const [call, maker] of chains.dy) {
    if (fits(call) && fits(maker)) handOn(maker);
    else chains.dy.delete(call);
  }
  const givers = new Set(chains.dy.values());

  const uses = usesIn(calls);
  const taken = [...chains.x.values(), ...chains.dy.values()].map(resultOf);
  const isUnread = (rows: Value): boolean => isTemporary(rows) && uses(rows) === 1 + taken.filter((other) => same(other, rows)).length;
  // Rows that nobody reads are not written, and for the reader their columns stand in.
  const written = (rows: Argument, byColumns: Value | null): Argument =>
    isValue(rows) && byColumns !== null && isUnread(rows) ? null : rows;
  const read = (rows: Argument, byColumns: Value | null): Argument =>
    isValue(rows) && byColumns !== null && isUnread(rows) ? byColumns : rows;

  return calls.map((call): TracedCall => {
    const { args, from } = call;
    const [yColumns, xColumns] = [columnsOf(call), columnsOf(chains.x.get(call))];
    if (isSmallForward(call) && (isSmall(call) || yColumns !== null || xColumns !== null)) {
      const columns = { y: written(args.y!, yColumns), yColumns, x: read(args.x!, xColumns), xColumns };
      return { kernel: 'linearForwardColumns', args: argumentsFor('linearForwardColumns', args, columns), from };
    }
    if (chains.dy.has(call) || givers.has(call)) {
      const [dxColumns, dyColumns] = [columnsOf(call), columnsOf(chains.dy.get(call))];
      const xColumns = derives(call) ? xColumnsOf(call) : null;
      const columns = { dx: written(args.dx!, dxColumns), dxColumns, dy: read(args.dy!, dyColumns), dyColumns, xColumns };
      return { kernel: 'linearBackwardColumns', args: argumentsFor('linearBackwardColumns', args, columns), from };
    }
    return call;
  });
}
