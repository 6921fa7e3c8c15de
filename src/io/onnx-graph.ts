// A graph of ONNX operators under construction, and its bytes (onnx.proto of onnx 1.15, whose field numbers do not change).
import { isFloat32Array, isInt32Array } from '../brands';
import type { DType, TensorData } from '../memory';
import { Message } from './protobuf';

/** The numbers of TensorProto.DataType. */
export const onnxTypes = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;
export type OnnxType = keyof typeof onnxTypes;

/** An integer, integers, a float32, or text. */
export type Attribute = number | readonly number[] | { float: number } | { text: string };
export type Attributes = Readonly<Record<string, Attribute>>;

/** The size of a dimension, or its name. */
export type Dimension = number | string;

interface Initializer {
  name: string;
  type: OnnxType;
  dims: readonly number[];
  bytes: Uint8Array;
}

interface Port {
  name: string;
  type: DType;
  dims: readonly Dimension[];
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

function writeAttribute(message: Message, name: string, value: Attribute): void {
  message.text(1, name);
  if (typeof value === 'number') message.integer(3, value).integer(20, 2);
  else if ('float' in value) message.float(2, value.float).integer(20, 1);
  else if ('text' in value) message.text(4, value.text).integer(20, 3);
  else {
    for (const n of value) message.integer(8, n);
    message.integer(20, 7);
  }
}

function writePort(message: Message, { name, type, dims }: Port): void {
  message.text(1, name).message(2, (typeProto) =>
    typeProto.message(1, (tensor) =>
      tensor.integer(1, onnxTypes[type]).message(2, (shape) => {
        for (const dim of dims) shape.message(1, (d) => void (typeof dim === 'number' ? d.integer(1, dim) : d.text(2, dim)));
      }),
    ),
  );
}

interface Node {
  operator: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Attributes;
}

export class Graph {
  private readonly nodes: Node[] = [];
  private readonly initializers: Initializer[] = [];
  private readonly ports: { inputs: Port[]; outputs: Port[] } = { inputs: [], outputs: [] };
  private readonly names = new Set<string>();
  private readonly constants = new Map<string, string>();

  constructor(readonly opset: number) {}

  /** A name derived from this one that is not used yet. */
  fresh(like: string): string {
    let name = like;
    for (let i = 1; this.names.has(name); i++) name = `${like}_${i}`;
    this.names.add(name);
    return name;
  }

  input(name: string, type: DType, dims: readonly Dimension[]): void {
    this.ports.inputs.push({ name, type, dims });
  }
  output(name: string, type: DType, dims: readonly Dimension[]): void {
    this.ports.outputs.push({ name, type, dims });
  }

  /** Adds an operator and returns its results, under new names; an input `''` is omitted. */
  nodeOf(operator: string, inputs: readonly string[], count: number, attributes: Attributes = {}): string[] {
    const outputs = Array.from({ length: count }, () => this.fresh(operator));
    this.nodes.push({ operator, inputs, outputs, attributes });
    return outputs;
  }
  node(operator: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.nodeOf(operator, inputs, 1, attributes)[0]!;
  }
  /** Gives a value another name, which is given. */
  alias(value: string, name: string): void {
    this.nodes.push({ operator: 'Identity', inputs: [value], outputs: [name], attributes: {} });
  }

  initializer(like: string, values: TensorData, dims: readonly number[]): string {
    const name = this.fresh(like);
    this.initializers.push({ name, type: isInt32Array(values) ? 'int32' : 'float32', dims, bytes: bytesOf(values) });
    return name;
  }

  private constant(type: OnnxType, values: Float32Array | Int32Array | BigInt64Array, dims: readonly number[]): string {
    const key = `${type} ${dims} ${isFloat32Array(values) ? Array.from(values, (x) => (Object.is(x, -0) ? '-0' : x)) : values}`;
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const name = this.fresh('constant');
    this.initializers.push({ name, type, dims, bytes: bytesOf(values) });
    this.constants.set(key, name);
    return name;
  }
  float(value: number): string {
    return this.constant('float32', Float32Array.of(value), []);
  }
  floats(values: Float32Array, dims: readonly number[]): string {
    return this.constant('float32', values, dims);
  }
  int(value: number): string {
    return this.constant('int32', Int32Array.of(value), []);
  }
  /** An int64 tensor, the type of axes, shapes and indices. */
  longs(values: readonly number[]): string {
    return this.constant('int64', BigInt64Array.from(values, BigInt), [values.length]);
  }
  long(value: number): string {
    return this.constant('int64', BigInt64Array.of(BigInt(value)), []);
  }
  cast(value: string, type: OnnxType): string {
    return this.node('Cast', [value], { to: onnxTypes[type] });
  }

  /** A reduction over these axes, which stay with size 1. Opset 18 has moved the axes from an attribute to an input. */
  reduce(operator: string, value: string, axes: readonly number[]): string {
    return operator === 'ReduceSum' || this.opset >= 18
      ? this.node(operator, [value, this.longs(axes)], { keepdims: 1 })
      : this.node(operator, [value], { axes, keepdims: 1 });
  }

  /** The model as a file. */
  finish(): Uint8Array {
    const model = new Message();
    model.integer(1, this.opset >= 20 ? 9 : 8).text(2, 'simdnn');
    model.message(7, (graph) => this.write(graph));
    model.message(8, (opset) => opset.text(1, '').integer(2, this.opset));
    return model.finish();
  }

  private write(graph: Message): void {
    this.nodes.forEach(({ operator, inputs, outputs, attributes }, i) => {
      graph.message(1, (node) => {
        for (const name of inputs) node.text(1, name);
        for (const name of outputs) node.text(2, name);
        node.text(3, `${operator}_${i}`).text(4, operator);
        for (const [name, value] of Object.entries(attributes)) node.message(5, (inner) => writeAttribute(inner, name, value));
      });
    });
    graph.text(2, 'simdnn');
    for (const { name, type, dims, bytes } of this.initializers) {
      graph.message(5, (tensor) => {
        for (const dim of dims) tensor.integer(1, dim);
        tensor.integer(2, onnxTypes[type]).text(8, name).bytes(9, bytes);
      });
    }
    for (const port of this.ports.inputs) graph.message(11, (value) => writePort(value, port));
    for (const port of this.ports.outputs) graph.message(12, (value) => writePort(value, port));
  }
}
