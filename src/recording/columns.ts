// A pass over the calls: small layers exchange their results and gradients in column-major order, so that the samples of the batch lie along the SIMD lanes.
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

// Measured by `kernels_bench 1 columns backward_columns` on AVX-512 and AVX2: within these bounds the column kernels take 0.5 to 1 times as long as those for
// rows, their gradients 0.69 to 1.06 times. With fewer rows the vectors are half empty; with more, weights are packed so rarely that nothing is gained.
const leastRows = 16;
const mostRows = 64;
const mostWeights = 4096;
// Without gradients nothing reads the rows of hidden layers. Narrow layers leave lanes empty in row-major order, so a chain of them gains at larger batches
// too: the lecture's network takes 0.58 of the time at 96 rows, 0.64 at 256 and 0.67 at 512 (AVX2 on Zen 3; with SSE4 0.75 to 0.82), 13-30-5 takes 0.61.
// A single such layer has to be transposed twice and takes 0.6 to 1.09. Layers of width 64 take 0.99 at 96 rows and 1.10 at 256, of width 100 up to 1.6.
const mostRowsNarrow = 512;
const mostWidthNarrow = 32;

interface Sizes {
  rows: number;
  in: number;
  out: number;
}

const sizesOf = ({ args }: TracedCall): Sizes => args as unknown as Sizes;

/** The result that a call passes to the next one: y of a layer, dx of a layer's gradient. */
const resultOf = ({ kernel, args }: TracedCall): Argument => (kernel === 'linearForward' ? args.y! : args.dx!);

/** The number of features of that result. */
const widthOf = (call: TracedCall): number => (call.kernel === 'linearForward' ? sizesOf(call).out : sizesOf(call).in);

// A layer with a single input or output is left out: its kernel for rows adds in another order, so the bits would differ.
function isSmall(call: TracedCall): boolean {
  const { rows, in: in_, out } = sizesOf(call);
  return in_ > 1 && out > 1 && rows >= leastRows && rows <= mostRows && in_ * out <= mostWeights;
}

function isNarrow(call: TracedCall): boolean {
  const { rows, in: in_, out } = sizesOf(call);
  const fits = (width: number): boolean => width > 1 && width <= mostWidthNarrow;
  return fits(in_) && fits(out) && out % 16 !== 0 && rows >= leastRows && rows <= mostRowsNarrow;
}

/** Selects the layers whose result may be in column-major order. */
function smallForwardIn(calls: readonly TracedCall[]): (call: TracedCall) => boolean {
  const infers = calls.every(({ kernel }) => kernel !== 'linearBackward');
  return (call) => call.kernel === 'linearForward' && (isSmall(call) || (infers && isNarrow(call)));
}

// A gradient whose dx is overwritten rather than accumulated, and whose rows would not fill the vectors.
const isSmallBackward = (call: TracedCall): boolean =>
  call.kernel === 'linearBackward' && isSmall(call) && widthOf(call) % 16 !== 0 && !call.args.accumulateDx;

const derives = ({ args }: TracedCall): boolean => args.dx !== null && args.activation !== 'none';

/** Maps each small call to the small call whose result it reads. */
interface Chains {
  /** From a layer to the layer that computes its x. */
  x: Map<TracedCall, TracedCall>;
  /** From a layer's gradient to the gradient whose dx is its dy. */
  dy: Map<TracedCall, TracedCall>;
  /** From a layer's gradient to the forward call that computes its x. */
  values: Map<TracedCall, TracedCall>;
}

// Two calls are chained while only small layers read the array between them and read it in the shape in which it was made.
function chainsOf(calls: readonly TracedCall[], isSmallForward: (call: TracedCall) => boolean): Chains {
  const chains: Chains = { x: new Map(), dy: new Map(), values: new Map() };
  let makers: { made: Value; maker: TracedCall }[] = [];
  for (const call of calls) {
    const forward = isSmallForward(call);
    const small = forward || isSmallBackward(call);
    if (!small && makers.length === 0) continue;
    const arrays = valuesOf(call);
    // An array that a call uses twice, as x and as a part of its weight for instance, is left out: the second use would still need the rows.
    const alone = (value: Argument | undefined): value is Value =>
      isValue(value) && arrays.every((other) => other === value || !meets(other, value));
    const reads = small ? [call.args.x, forward ? null : call.args.dy].filter(alone) : [];
    if (small) {
      const { in: in_, out } = sizesOf(call);
      const join = (chain: Map<TracedCall, TracedCall>, read: Argument | undefined, kernel: TracedCall['kernel'], width: number): void => {
        const found = reads.includes(read as Value) ? makers.find(({ made }) => same(made, read)) : undefined;
        if (found?.maker.kernel === kernel && widthOf(found.maker) === width) chain.set(call, found.maker); // equal widths imply equal numbers of rows
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

/** Replaces chains of small layers by kernels that exchange columns. Where nothing else reads the rows of a result, they are not written at all. */
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
  // The derivative of an activation reads its values in column-major order only where they exist in that order already.
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
  // Rows that nothing else reads are not written; their reader is given the columns instead.
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
