// The contents of a recording's memory as values of the graph: a replay writes to memory, while a graph only makes new values.
import { isInt32Array } from '../brands';
import type { DType, TensorData } from '../memory';
import type { Base, Value } from '../recording';
import { notExportable } from './onnx-error';
import type { Graph } from './onnx-graph';
import {
  all,
  type Batches,
  fixed,
  isAtMost,
  isFixed,
  isSame,
  linearIn,
  minus,
  one,
  over,
  plus,
  product,
  quotient,
  type Size,
  sameSizes,
  times,
} from './onnx-size';

/** An array of a recorded call in all three recordings. */
export interface Place {
  readonly value: Value;
  readonly begin: Size;
  readonly length: Size;
}

// The elements of memory from `from` on that a value of the graph has; null: nothing was written there.
interface Segment {
  begin: Size;
  length: Size;
  name: string | null;
  from: Size;
}

interface Shaped {
  shape: readonly Size[];
}

const typeOf = (memory: TensorData): DType => (isInt32Array(memory) ? 'int32' : 'float32');

export class GraphMemory {
  private readonly segments = new Map<Base, Segment[]>();
  private readonly shapes = new Map<string, Shaped>();
  private readonly reshaped = new Map<string, string>();
  private readonly lasting = new Map<string, string>();
  private readonly sizes = new Map<string, string>();
  /** The input whose first size is the batch. */
  batchInput: string | null = null;
  /** What is being exported, for errors. */
  doing = '';

  constructor(
    readonly graph: Graph,
    readonly where: string,
    private readonly batches: Batches,
    private readonly nameOf: (array: TensorData) => string,
    private readonly constantOf: (base: Base) => readonly TensorData[] | null,
  ) {}

  refuse(message: string, hint?: string): never {
    throw notExportable(this.where, `${this.doing}: ${message}`, hint);
  }

  /** A size as an int64 tensor of one element. */
  sizeOf(size: Size): string {
    if (isFixed(size)) return this.graph.longs([size[0]]);
    const key = String(size);
    const known = this.sizes.get(key);
    if (known !== undefined) return known;
    const linear = linearIn(this.batches, size);
    if (linear === null || this.batchInput === null)
      this.refuse('a size follows from the batch size in another way than as a multiple of it', 'dynamicBatch: false');
    const { graph } = this;
    const batch = graph.node('Gather', [graph.node('Shape', [this.batchInput]), graph.longs([0])], { axis: 0 });
    const multiple = linear.per === 1 ? batch : graph.node('Mul', [batch, graph.longs([linear.per])]);
    const made = linear.rest === 0 ? multiple : graph.node('Add', [multiple, graph.longs([linear.rest])]);
    this.sizes.set(key, made);
    return made;
  }

  /** A shape as an int64 tensor. */
  shapeOf(shape: readonly Size[]): string {
    if (shape.every(isFixed)) return this.graph.longs(shape.map(([n]) => n));
    return this.graph.node(
      'Concat',
      shape.map((size) => this.sizeOf(size)),
      { axis: 0 },
    );
  }

  /** Sets the shape of a value. */
  shaped(name: string, shape: readonly Size[]): string {
    this.shapes.set(name, { shape });
    return name;
  }

  /** A value in another shape with the same number of elements. */
  reshape(name: string, shape: readonly Size[]): string {
    const known = this.shapes.get(name);
    if (known !== undefined && sameSizes(known.shape, shape)) return name;
    const key = `${name} ${shape.join(';')}`;
    const before = this.reshaped.get(key);
    if (before !== undefined) return before;
    const open = shape.filter((size) => !isFixed(size)).length;
    const target =
      open === 1 && shape.every((size) => size[0] !== 0)
        ? this.graph.longs(shape.map((size) => (isFixed(size) ? size[0] : -1)))
        : this.shapeOf(shape);
    const made = this.shaped(
      this.graph.node('Reshape', [name, target], shape.some((size) => size[0] === 0) ? { allowzero: 1 } : {}),
      shape,
    );
    this.reshaped.set(key, made);
    return made;
  }

  /** Elements `begin` to `begin + length` of an axis. */
  slice(name: string, begin: Size, length: Size, axis: number): string {
    return this.graph.node('Slice', [name, this.sizeOf(begin), this.sizeOf(plus(begin, length)), this.graph.longs([axis])]);
  }

  /** `value` repeated over a shape. */
  filled(value: string, shape: readonly Size[]): string {
    return this.shaped(this.graph.node('Expand', [value, this.shapeOf(shape)]), shape);
  }

  private zero = (type: DType): string => (type === 'int32' ? this.graph.int(0) : this.graph.float(0));

  /** The value in an array, in a shape with the same number of elements. */
  read({ value, begin, length }: Place, shape: readonly Size[]): string {
    const { base } = value;
    if (!isSame(product(shape), length)) this.refuse(`an array of ${length[0]} elements is no [${shape.map(([n]) => n)}]`);
    if (!this.segments.has(base) && base.isPersistent) return this.readPersistent({ value, begin, length }, shape);
    const pieces = this.piecesOf(base, begin, length).map((piece) => {
      if (piece.name === null) return this.filled(this.zero(typeOf(base.memory)), [piece.length]);
      const whole = product(this.shapes.get(piece.name)!.shape);
      if (isSame(piece.length, whole)) return piece.name;
      return this.shaped(this.slice(this.reshape(piece.name, [whole]), piece.from, piece.length, 0), [piece.length]);
    });
    if (pieces.length === 0) return this.filled(this.zero(typeOf(base.memory)), shape);
    if (pieces.length === 1) return this.reshape(pieces[0]!, shape);
    const flat = pieces.map((name) => this.reshape(name, [product(this.shapes.get(name)!.shape)]));
    return this.reshape(this.shaped(this.graph.node('Concat', flat, { axis: 0 }), [length]), shape);
  }

  /** Sets the value in an array. */
  write({ value, begin, length }: Place, name: string, shape: readonly Size[]): void {
    const { base } = value;
    if (length.every((n) => n === 0)) return;
    if (base.isPersistent && base.role !== 'constant') {
      this.refuse(
        'it changes a tensor that outlasts the forward pass',
        'a model in evaluation mode should not; or hand the value on instead',
      );
    }
    this.shaped(name, shape);
    if (!this.segments.has(base) && base.role === 'constant') {
      const whole: Size = [base.memory.length, base.memory.length, base.memory.length];
      if (!isSame(begin, fixed(0)) || !isSame(length, whole)) {
        const before = this.readPersistent({ value, begin: fixed(0), length: whole }, [whole]);
        this.segments.set(base, [{ begin: fixed(0), length: whole, name: before, from: fixed(0) }]);
      }
    }
    const end = plus(begin, length);
    const kept = (this.segments.get(base) ?? []).flatMap((segment): Segment[] => {
      const segmentEnd = plus(segment.begin, segment.length);
      if (isAtMost(segmentEnd, begin) || isAtMost(end, segment.begin)) return [segment];
      const rest: Segment[] = [];
      if (isAtMost(segment.begin, begin)) rest.push({ ...segment, length: minus(begin, segment.begin) });
      if (isAtMost(end, segmentEnd)) {
        const skipped = minus(end, segment.begin);
        rest.push({ begin: end, length: minus(segmentEnd, end), name: segment.name, from: plus(segment.from, skipped) });
      }
      return rest.filter((part) => !isSame(part.length, fixed(0)));
    });
    kept.push({ begin, length, name, from: fixed(0) });
    this.segments.set(
      base,
      kept.sort((a, b) => a.begin[0] - b.begin[0]),
    );
  }

  private piecesOf(base: Base, begin: Size, length: Size): Segment[] {
    const end = plus(begin, length);
    const pieces: Segment[] = [];
    let at = begin;
    const gap = (until: Size): void => {
      if (!isSame(at, until)) pieces.push({ begin: at, length: minus(until, at), name: null, from: fixed(0) });
    };
    for (const segment of this.segments.get(base) ?? []) {
      const segmentEnd = plus(segment.begin, segment.length);
      if (isAtMost(segmentEnd, at) || isAtMost(end, segment.begin)) continue;
      const from = isAtMost(segment.begin, at) ? at : segment.begin;
      const to = isAtMost(segmentEnd, end) ? segmentEnd : end;
      gap(from);
      pieces.push({ begin: from, length: minus(to, from), name: segment.name, from: plus(segment.from, minus(from, segment.begin)) });
      at = to;
    }
    if (!isSame(length, fixed(0))) gap(end);
    return pieces;
  }

  private readPersistent({ value, begin, length }: Place, shape: readonly Size[]): string {
    const { base } = value;
    const constants = this.constantOf(base);
    if (constants !== null) return this.readConstant(constants, begin, length, shape);
    if (!isFixed(begin) || !isFixed(length) || !shape.every(isFixed))
      this.refuse('it reads as much of a parameter or tensor as the batch is large', 'dynamicBatch: false');
    const array = base.memory.subarray(begin[0], begin[0] + length[0]);
    const own = value.array.length === array.length ? value.array : array;
    return this.stored(own, shape, this.nameOf(own));
  }

  private stored(array: TensorData, shape: readonly Size[], name: string): string {
    const key = `${name} ${array.byteOffset} ${array.length} ${shape.join(';')}`;
    const known = this.lasting.get(key);
    if (known !== undefined) return known;
    const made = this.shaped(
      this.graph.initializer(
        name,
        array,
        shape.map(([n]) => n),
      ),
      shape,
    );
    this.lasting.set(key, made);
    return made;
  }

  // Numbers that JavaScript has computed: the same for each batch, or repeated for each row, or an ascending sequence.
  private readConstant(constants: readonly TensorData[], begin: Size, length: Size, shape: readonly Size[]): string {
    const parts = constants.map((array, i) => array.subarray(begin[i]!, begin[i]! + length[i]!));
    const [first, second, third] = parts as [TensorData, TensorData, TensorData];
    const agrees = (other: TensorData): boolean => other.length === first.length && first.every((x, i) => Object.is(x, other[i]));
    if (agrees(second) && agrees(third)) {
      if (shape.every(isFixed)) return this.stored(first, shape, `constant_${this.lasting.size}`);
      return this.reshape(this.stored(first, [length], `constant_${this.lasting.size}`), shape);
    }
    const per = length[0] / this.batches[0];
    if (!isFixed(length) && Number.isInteger(per) && isSame(length, this.batches.map((b) => b * per) as unknown as Size)) {
      if (parts.every((part) => part.every((x, i) => x === first[i % per]))) {
        const row = this.stored(first.slice(0, per), [fixed(per)], `constant_${this.lasting.size}`);
        return this.reshape(this.filled(row, [over(length, fixed(per)), fixed(per)]), shape);
      }
      const step = first[1]! - first[0]!;
      if (isInt32Array(first) && parts.every((part) => part.every((x, i) => x === first[0]! + i * step))) {
        const count = this.graph.node('Squeeze', [this.sizeOf(length), this.graph.longs([0])]);
        const range = this.graph.cast(this.graph.node('Range', [this.graph.long(0), count, this.graph.long(1)]), 'int32');
        const scaled = this.graph.node('Add', [this.graph.node('Mul', [range, this.graph.int(step)]), this.graph.int(first[0]!)]);
        return this.reshape(this.shaped(scaled, [length]), shape);
      }
    }
    return this.refuse('numbers in it follow from the batch size', 'dynamicBatch: false');
  }

  /**
   * The elements of a flat array at `offset + i0 strides[0] + ...`: sliced, reshaped and transposed, with size 1 where a stride is 0. Null if that cannot
   * produce them.
   */
  strided(flat: string, total: Size, sizes: readonly Size[], strides: readonly Size[], offset: Size): string | null {
    const moving = sizes.map((_, d) => d).filter((d) => !isSame(strides[d]!, fixed(0)));
    const order = moving.slice().sort((a, b) => strides[b]![0] - strides[a]![0]);
    const steps = order.map((d) => strides[d]!);
    const shape: Size[] = [];
    let outer = total;
    for (const step of [...steps, one]) {
      const count = over(outer, step);
      if (!all(Number.isInteger, count)) return null;
      shape.push(count);
      outer = step;
    }
    const begins: Size[] = [];
    let rest = offset;
    for (const step of [...steps, one]) {
      const at = quotient(rest, step);
      begins.push(at);
      rest = minus(rest, times(at, step));
    }
    const counts = [...order.map((d) => sizes[d]!), one];
    if (counts.some((count, i) => !isAtMost(plus(begins[i]!, count), shape[i]!))) return null;
    let value = this.reshape(flat, shape);
    counts.forEach((count, i) => {
      if (!isSame(count, shape[i]!)) value = this.slice(value, begins[i]!, count, i);
    });
    value = this.reshape(this.shaped(value, counts), counts.slice(0, -1));
    const perm = moving.map((d) => order.indexOf(d));
    const moved = moving.map((d) => sizes[d]!);
    if (perm.some((from, to) => from !== to)) value = this.shaped(this.graph.node('Transpose', [value], { perm }), moved);
    return this.reshape(
      value,
      sizes.map((size, d) => (moving.includes(d) ? size : one)),
    );
  }
}
