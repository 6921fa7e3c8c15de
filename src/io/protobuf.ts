// Protocol buffer messages of onnx.proto and event.proto: each field by its number, written by @bufbuild/protobuf.
let wire: typeof import('@bufbuild/protobuf/wire');

/** Loads the library when it is first needed, so that programs that export nothing do not load it. */
export function loadProtobuf(): void {
  wire ??= require('@bufbuild/protobuf/wire');
}

/** Writes the fields of one message; `loadProtobuf` must have been called. */
export class Message {
  constructor(private readonly writer = new wire.BinaryWriter()) {}

  text(field: number, value: string): this {
    this.writer.tag(field, wire.WireType.LengthDelimited).string(value);
    return this;
  }
  bytes(field: number, value: Uint8Array): this {
    this.writer.tag(field, wire.WireType.LengthDelimited).bytes(value);
    return this;
  }
  integer(field: number, value: number): this {
    this.writer.tag(field, wire.WireType.Varint).int64(value);
    return this;
  }
  float(field: number, value: number): this {
    this.writer.tag(field, wire.WireType.Bit32).float(value);
    return this;
  }
  double(field: number, value: number): this {
    this.writer.tag(field, wire.WireType.Bit64).double(value);
    return this;
  }
  /** A message within this one. */
  message(field: number, write: (inner: Message) => void): this {
    this.writer.tag(field, wire.WireType.LengthDelimited).fork();
    write(this);
    this.writer.join();
    return this;
  }
  finish(): Uint8Array {
    return this.writer.finish();
  }
}
