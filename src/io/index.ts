// The public names of `io`, nothing else.
export { type ExportOnnxOptions, exportOnnx } from './onnx';
