// The public names of `io`, nothing else.
export { type ExportOnnxOptions, exportOnnx } from './onnx';
export { type ExportTfjsOptions, exportTfjs } from './tfjs';
