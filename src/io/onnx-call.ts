// A recorded kernel call as a translation sees it: its sizes, its attributes, and its operands by name.
import type { Argument } from '../recording';
import { isValue } from '../recording';
import type { Graph } from './onnx-graph';
import type { GraphMemory, Place } from './onnx-memory';
import { fixed, isFixed, isSame, minus, one, plus, product, type Size, times } from './onnx-size';

/** A layout: its sizes, and the strides and offsets of both operands. */
export interface Walk {
  sizes: Size[];
  first: { strides: Size[]; offset: Size };
  second: { strides: Size[]; offset: Size };
}

const zero = fixed(0);

export class Call {
  readonly graph: Graph;

  constructor(
    readonly memory: GraphMemory,
    private readonly args: readonly Readonly<Record<string, Argument>>[],
  ) {
    this.graph = memory.graph;
  }

  private three(name: string): [Argument, Argument, Argument] {
    return this.args.map((args) => args[name]!) as [Argument, Argument, Argument];
  }

  has(name: string): boolean {
    return this.args[0]![name] !== null && this.args[0]![name] !== undefined;
  }
  size(name: string): Size {
    return this.three(name) as unknown as Size;
  }
  number(name: string): number {
    const size = this.size(name);
    if (!isFixed(size)) this.memory.refuse(`its ${name} follows from the batch size`, 'dynamicBatch: false');
    return size[0];
  }
  flag(name: string): boolean {
    return this.args[0]![name] === true;
  }
  place(name: string): Place {
    const values = this.three(name).filter(isValue);
    if (values.length < 3) return this.memory.refuse(`it has no ${name}`);
    return {
      value: values[0]!,
      begin: values.map(({ begin }) => begin) as unknown as Size,
      length: values.map(({ array }) => array.length) as unknown as Size,
    };
  }
  read(name: string, shape?: readonly Size[]): string {
    const place = this.place(name);
    return this.memory.read(place, shape ?? [place.length]);
  }
  /** As `read`, for the first elements of a longer operand. */
  write(name: string, value: string, shape?: readonly Size[]): void {
    const place = this.place(name);
    this.memory.write(place, value, shape ?? [place.length]);
  }

  walk(): Walk {
    const layouts = this.three('layout') as unknown as [Int32Array, Int32Array, Int32Array];
    const rank = layouts[0][0]!;
    if (layouts.some((layout) => layout[0] !== rank))
      this.memory.refuse('its dimensions follow from the batch size', 'dynamicBatch: false');
    const at = (i: number): Size => layouts.map((layout) => layout[i]!) as unknown as Size;
    const list = (from: number): Size[] => Array.from({ length: rank }, (_, d) => at(from + d));
    return {
      sizes: list(1),
      first: { strides: list(1 + rank), offset: at(1 + 2 * rank) },
      second: { strides: list(2 + 2 * rank), offset: at(2 + 3 * rank) },
    };
  }

  /** The elements of an operand that a strided layout reads; a size is 1 where the layout repeats the operand. */
  walked(name: string, sizes: readonly Size[], { strides, offset }: Walk['first']): string {
    const { length } = this.place(name);
    const flat = this.read(name);
    const value = this.memory.strided(flat, length, sizes, strides, offset);
    if (value !== null) return value;
    return this.memory.shaped(this.picked(flat, length, sizes, strides, offset), sizes);
  }

  // Gathered one by one by their places; if the first dimension is the batch, those of each row.
  private picked(flat: string, length: Size, sizes: readonly Size[], strides: readonly Size[], offset: Size): string {
    const { memory, graph } = this;
    const byRow = sizes.length > 0 && !isFixed(sizes[0]!) && isSame(length, times(sizes[0]!, strides[0]!));
    const inner = byRow ? sizes.slice(1) : sizes;
    const steps = byRow ? strides.slice(1) : strides;
    if (!inner.every(isFixed) || !steps.every(isFixed) || !isFixed(offset) || (byRow && !isFixed(strides[0]!))) {
      return memory.refuse('which elements it takes follows from the batch size', 'dynamicBatch: false');
    }
    const places = placesOf(
      inner.map(([n]) => n),
      steps.map(([n]) => n),
      offset[0],
    );
    const index = graph.longs(places);
    const source = byRow ? memory.reshape(flat, [sizes[0]!, strides[0]!]) : flat;
    const taken = graph.node('Gather', [source, index], { axis: byRow ? 1 : 0 });
    return memory.reshape(memory.shaped(taken, byRow ? [sizes[0]!, fixed(places.length)] : [fixed(places.length)]), sizes);
  }

  /** Writes values with a layout's shape to the elements of that layout. */
  put(name: string, value: string, sizes: readonly Size[], { strides, offset }: Walk['first']): void {
    const { memory, graph } = this;
    const place = this.place(name);
    const count = product(sizes);
    const contiguous = sizes.every((_, d) => isSame(strides[d]!, product(sizes.slice(d + 1))));
    if (contiguous) {
      memory.write({ value: place.value, begin: plus(place.begin, offset), length: count }, value, sizes);
      return;
    }
    const width = strides[0]!;
    if (sizes.length === 1 && isSame(times(sizes[0]!, width), place.length)) {
      this.put(name, memory.reshape(memory.shaped(value, sizes), [...sizes, one]), [...sizes, one], { strides: [width, one], offset }); // a column of a matrix
      return;
    }
    if (sizes.length === 2 && isSame(strides[1]!, one) && isSame(times(sizes[0]!, width), place.length)) {
      const before = memory.read(place, [sizes[0]!, width]);
      const end = plus(offset, sizes[1]!);
      const parts = [value];
      if (!isSame(offset, zero)) parts.unshift(memory.slice(before, zero, offset, 1));
      if (!isSame(end, width)) parts.push(memory.slice(before, end, minus(width, end), 1));
      memory.write(place, graph.node('Concat', parts, { axis: 1 }), [sizes[0]!, width]);
      return;
    }
    if (!sizes.every(isFixed) || !strides.every(isFixed) || !isFixed(offset)) {
      memory.refuse('where it writes follows from the batch size', 'dynamicBatch: false');
    }
    const places = placesOf(
      sizes.map(([n]) => n),
      strides.map(([n]) => n),
      offset[0],
    );
    const flat = memory.reshape(memory.shaped(value, sizes), [count]);
    memory.write(place, graph.node('ScatterElements', [this.read(name), graph.longs(places), flat], { axis: 0 }), [place.length]);
  }
}

function placesOf(sizes: readonly number[], strides: readonly number[], offset: number): number[] {
  let places = [offset];
  sizes.forEach((size, d) => {
    places = places.flatMap((at) => Array.from({ length: size }, (_, i) => at + i * strides[d]!));
  });
  return places;
}
