// The public names of `io`, nothing else.
export { type LoadedCheckpoint, loadCheckpoint, type SaveCheckpointOptions, saveCheckpoint } from './checkpoint';
export {
  type BestOptions,
  type CheckpointCallback,
  type CheckpointEveryOptions,
  checkpointEvery,
  type EpochFigures,
} from './checkpoint-every';
export { type LoadedModel, type LoadModelOptions, loadModel, type SaveModelOptions, saveModel } from './model';
export { type ExportOnnxOptions, exportOnnx } from './onnx';
export type { CheckpointParts, Stateful } from './parts';
export {
  type LoadSafetensorsOptions,
  loadSafetensors,
  type Safetensors,
  type SaveSafetensorsOptions,
  saveSafetensors,
} from './safetensors';
export { type BoardFigures, type TensorBoardCallback, type TensorBoardOptions, tensorBoard } from './tensor-board';
export { type ExportTfjsOptions, exportTfjs } from './tfjs';
