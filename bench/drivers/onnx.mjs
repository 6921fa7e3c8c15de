// Writes a network as an ONNX model: the few messages of onnx.proto that this needs, in the wire format of protocol buffers.

const varint = (n) => {
  const bytes = [];
  for (; n > 127; n = Math.floor(n / 128)) bytes.push((n % 128) | 128);
  return Buffer.from([...bytes, n]);
};
/** A numeric field. */
const number = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);
/** A field with bytes, a text or another message. */
const bytes = (field, value) => {
  const content = Buffer.from(value);
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
};
const message = (...fields) => Buffer.concat(fields.flat());

const FLOAT = 1; // TensorProto.DataType
const INT = 2; // AttributeProto.AttributeType

const tensor = (name, dims, values) =>
  message(
    dims.map((dim) => number(1, dim)),
    number(2, FLOAT),
    bytes(8, name),
    bytes(9, Buffer.from(values.buffer, values.byteOffset, values.byteLength)),
  );
const node = (op, inputs, output, attributes = {}) =>
  message(
    inputs.map((input) => bytes(1, input)),
    bytes(2, output),
    bytes(4, op),
    Object.entries(attributes).map(([name, value]) => bytes(5, message(bytes(1, name), number(3, value), number(20, INT)))),
  );
const valueInfo = (name, dims) => {
  const shape = message(dims.map((dim) => bytes(1, number(1, dim))));
  return message(bytes(1, name), bytes(2, bytes(1, message(number(1, FLOAT), bytes(2, shape)))));
};

/** The model of a network of data.mjs: x [batch, in] to y [batch, out], with a ReLU between layers. */
export function onnxModel(layers, batch) {
  const nodes = [];
  const values = [];
  let h = 'x';
  layers.forEach(({ in: inputs, out: outputs, weight, bias }, i) => {
    const last = i === layers.length - 1;
    values.push(tensor(`weight${i}`, [outputs, inputs], weight), tensor(`bias${i}`, [outputs], bias));
    const result = last ? 'y' : `layer${i}`;
    nodes.push(node('Gemm', [h, `weight${i}`, `bias${i}`], result, { transB: 1 }));
    h = result;
    if (last) return;
    nodes.push(node('Relu', [h], `relu${i}`));
    h = `relu${i}`;
  });
  const graph = message(
    nodes.map((one) => bytes(1, one)),
    bytes(2, 'network'),
    values.map((one) => bytes(5, one)),
    bytes(11, valueInfo('x', [batch, layers[0].in])),
    bytes(12, valueInfo('y', [batch, layers.at(-1).out])),
  );
  const irVersion = 8;
  const opset = message(bytes(1, ''), number(2, 17));
  return message(number(1, irVersion), bytes(7, graph), bytes(8, opset));
}
